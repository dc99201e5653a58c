import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Clients, createClients } from '../../../functions/shared/aws/clients.ts';
import { createInDoubt } from '../../../functions/shared/aws/in-doubt.ts';
import { lambdaMappings } from '../../../functions/shared/aws/event-source-mapping.ts';
import { sqsFailureQueue } from '../../../functions/shared/aws/failure-queue.ts';
import { SYSTEM_CLOCK } from '../../../functions/shared/retry.ts';

let server: Server;
let clients: Clients;
/** Requests that have arrived. Only the first one gets no answer. */
let requests: number;

beforeEach(async () => {
  requests = 0;
  server = createServer((_request, response) => {
    requests += 1;
    if (requests === 1) return;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ EventSourceMappings: [], QueueUrl: `${endpoint}/queue`, Attributes: {} }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
  for (const name of ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, 'any');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  clients = createClients(createInDoubt(SYSTEM_CLOCK, 0));
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Lets time pass by turns of the event loop. @returns the seconds that the work has taken */
async function secondsOf(work: Promise<unknown>): Promise<number> {
  const over = work.then(() => 'over' as const);
  for (let millis = 20; millis < 60_000; millis += 20) {
    await vi.advanceTimersByTimeAsync(20);
    const turn = new Promise<'not yet'>((resolve) => {
      setImmediate(() => resolve('not yet'));
    });
    if ((await Promise.race([over, turn])) === 'over') return millis / 1_000;
  }
  throw new Error('It is not over after a minute.');
}

describe('a client of AWS', () => {
  it.each<readonly [string, () => Promise<unknown>]>([
    ['Lambda', () => lambdaMappings(clients).list({ functionName: 'syncProducts' })],
    ['SQS', () => sqsFailureQueue(clients).count('sync-failures')],
  ])('sends a request again that %s has not answered for 10 seconds', async (_, ask) => {
    const seconds = await secondsOf(ask());
    expect(seconds).toBeGreaterThanOrEqual(10);
    expect(seconds).toBeLessThan(20);
    expect(requests).toBeGreaterThan(1);
  });

  it('never waits without a limit, whichever service it talks to', async () => {
    const { dynamo, tables, ledger, s3, sfn, sts, other } = clients;
    const others = [other(LambdaClient), other(SQSClient), other(SNSClient)];
    for (const { config } of [dynamo, tables, ledger, s3, sfn, sts, ...others]) {
      const { configProvider } = config.requestHandler as unknown as { configProvider: Promise<object> };
      expect(await configProvider).toMatchObject({
        connectionTimeout: 2_000,
        requestTimeout: expect.toSatisfy((millis: number) => millis >= 5_000 && millis <= 20_000) as number,
        throwOnRequestTimeout: true,
      });
    }
  });
});
