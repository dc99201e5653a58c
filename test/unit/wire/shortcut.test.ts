import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { isThrottle, isTransient } from '../../../functions/shared/retry.ts';
import { sendWire, takeShortcut } from '../../../functions/shared/wire/wire-client.ts';

let server: Server;
let client: DynamoDBClient;
afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
  /** Ends the connection after so many bytes. */
  readonly cutAfter?: number;
}

/** A DynamoDB that gives these answers in turn, the last one for ever, and remembers what it was asked. */
async function answering(...answers: readonly Answer[]) {
  const asked: { headers: IncomingHttpHeaders; body: string }[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push({ headers: request.headers, body });
      const text = answer?.body ?? '';
      response.writeHead(answer?.status ?? 500, {
        'content-length': Buffer.byteLength(text),
        ...answer?.headers,
      });
      if (answer?.cutAfter === undefined) return response.end(text);
      return response.write(text.slice(0, answer.cutAfter), () => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = takeShortcut(
    new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: 'token' },
      maxAttempts: 1,
    }),
  );
  return asked;
}

const fine: Answer = { status: 200, body: '{"Items":[]}' };
const scan = (body = '{"TableName":"t"}'): Promise<string> => sendWire(client, 'Scan', body);
const failure = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    return await work;
  } catch (error) {
    return error;
  }
};

describe("a client's requests past the SDK", () => {
  it('are what the SDK sends, from the second one on', async () => {
    const asked = await answering(fine);

    expect(await scan()).toBe(fine.body);
    expect(await scan()).toBe(fine.body);

    const [first, second] = asked;
    for (const name of [
      'host',
      'content-type',
      'x-amz-target',
      'x-amz-content-sha256',
      'x-amz-security-token',
    ])
      expect(second?.headers[name]).toBe(first?.headers[name]);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['authorization']).toContain('Credential=AKIA/');
    expect(first?.headers['amz-sdk-request']).toBeDefined();
    expect(second?.headers['amz-sdk-request']).toBeUndefined();
  });

  it('fail with the same names as through the SDK', async () => {
    const name = 'ProvisionedThroughputExceededException';
    const body = `{"__type":"com.amazonaws.dynamodb.v20120810#${name}","message":"slow down"}`;
    await answering({ status: 400, body });

    const [first, second] = [await failure(scan()), await failure(scan())];

    for (const error of [first, second]) {
      expect(error).toMatchObject({ name, message: 'slow down', wireBody: body });
      expect(error).toMatchObject({ $metadata: { httpStatusCode: 400 } });
      expect(isThrottle(error)).toBe(true);
    }
  });

  it.each([
    ['a failure without words', { status: 503, body: 'Bad Gateway' }],
    ['an answer that was changed', { ...fine, headers: { 'x-amz-crc32': String(crc32('other')) } }],
    ['an answer cut short', { ...fine, cutAfter: 3 }],
  ])('are worth another attempt after %s', async (_name, answer) => {
    await answering(fine, answer);
    await scan();

    expect(isTransient(await failure(scan()))).toBe(true);
  });

  it('keep every character', async () => {
    const asked = await answering(fine);
    const body = '{"S":"\u00fcber \u{1f6d2} \\u0000 \u2028"}';
    await scan(body);
    await scan(body);

    expect(asked[1]?.body).toBe(body);
  });
});
