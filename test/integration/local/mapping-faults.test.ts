import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import type { LoggedRequest } from '../../../workflow/local/gateway/request-log.ts';
import { seededRandom } from '../../../workflow/local/gateway/seeded-random.ts';
import { eventually, startTinyAws, testClients, type TestClients } from '../../support/embedded.ts';
import { createEnabled, deleteMappings, idsOf, triesOf, untilState } from '../../support/mappings.ts';
import { item, rawAws, type RawAws } from '../../support/streams.ts';

let aws: EmbeddedAws;
let clients: TestClients;
let raw: RawAws;
/** Ids of the items that the function was called with, each as it came to it. */
const reached: string[] = [];

beforeAll(async () => {
  const log = (_: string, text: string) => {
    for (const [, id = ''] of text.matchAll(/called with (\S+)/g)) reached.push(id);
  };
  aws = await startTinyAws({ pauseMillis: 10, mappingMillis: 20, log });
  clients = testClients(aws);
  raw = rawAws(aws);
});

afterEach(async () => {
  aws.faults.clear();
  await deleteMappings(clients.lambda);
  aws.queues.get('tiny-local-batch-failures')?.purge();
});

afterAll(async () => {
  clients.destroy();
  await aws.stop();
});

const FunctionName = 'tiny-local-batch';
const Destination = 'arn:aws:sqs:ap-southeast-2:123456789012:tiny-local-batch-failures';
const toQueue = { DestinationConfig: { OnFailure: { Destination } } };

/** Bodies in the on-failure queue. */
const discarded = () => aws.queues.get('tiny-local-batch-failures')?.messages.map(({ body }) => body) ?? [];

/** A mapping of a new table with one item. */
async function mapped(table: string, ask: string, settings: Partial<CreateEventSourceMappingCommandInput>) {
  const EventSourceArn = await raw.createStreamed(table, 'NEW_IMAGE');
  await raw.dynamodb.put(table, item('a', ask));
  const uuid = await createEnabled(clients.lambda, { FunctionName, EventSourceArn, ...settings });
  return (count: number) =>
    eventually(() => (idsOf(aws, uuid).length >= count ? idsOf(aws, uuid) : undefined));
}

describe('a message to the on-failure queue', () => {
  it('is sent again where the queue does not take it', async () => {
    const refusal = { kind: 'error', code: 'ServiceUnavailable', status: 503 } as const;
    aws.faults.add({ service: 'sqs', operation: 'SendMessage', ...refusal, nth: 1, times: 2 });
    await mapped('unsent', 'throw', { MaximumRetryAttempts: 0, ...toQueue });
    await eventually(() => (discarded().length > 0 ? true : undefined));
    expect(discarded()).toHaveLength(1);
  });
});

describe('a call that Lambda refuses', () => {
  it('is no failure of the function, and made again until it is taken', async () => {
    aws.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'throttle', nth: 1, times: 4 });
    const settings = { MaximumRetryAttempts: 0, ...toQueue };
    const untilTries = await mapped('throttled', '', settings);
    expect(await untilTries(5)).toEqual([['a'], ['a'], ['a'], ['a'], ['a']]);
    expect(discarded()).toEqual([]);
  });
});

describe('a reader of a stream', () => {
  it.each(['throttle', 'reset', 'answerLost'] as const)(
    'that meets %s goes on where it was',
    async (kind) => {
      aws.faults.add({ service: 'dynamodbstreams', operation: 'GetRecords', kind, rate: 0.5, seed: 3 });
      const EventSourceArn = await raw.createStreamed(`read-${kind}`);
      const { UUID = '' } = await clients.lambda.send(
        new CreateEventSourceMappingCommand({
          FunctionName,
          EventSourceArn,
          StartingPosition: 'TRIM_HORIZON',
        }),
      );
      await untilState(clients.lambda, UUID, 'Enabled');
      const ids = Array.from({ length: 10 }, (_, n) => `id-${n}`);
      for (const id of ids) await raw.dynamodb.put(`read-${kind}`, item(id));
      await eventually(() => (idsOf(aws, UUID).flat().length >= 10 ? true : undefined));
      expect(idsOf(aws, UUID).flat()).toEqual(ids);
    },
  );
});

describe('a mapping to which everything happens', () => {
  it('delivers each change at least once, and those of a key in their order', async () => {
    const invocations = { service: 'lambda', operation: 'Invoke' } as const;
    const reads = {
      service: 'dynamodbstreams',
      operation: ['GetRecords', 'GetShardIterator'],
      where: ({ mappingOf }: LoggedRequest) => mappingOf === FunctionName,
    } as const;
    aws.faults.add({ ...reads, kind: 'reset', rate: 0.1, seed: 1 });
    aws.faults.add({ ...reads, kind: 'throttle', rate: 0.1, seed: 2 });
    aws.faults.add({ ...invocations, kind: 'throttle', rate: 0.1, seed: 3 });
    aws.faults.add({ ...invocations, kind: 'answerLost', rate: 0.1, seed: 4 });
    const twice = aws.faults.add({
      ...invocations,
      kind: 'twice',
      second: 'later',
      millis: 30,
      rate: 0.1,
      seed: 5,
    });
    const EventSourceArn = await raw.createStreamed('stormy', 'NEW_IMAGE');
    const settings = { BatchSize: 5, ParallelizationFactor: 3, BisectBatchOnFunctionError: true };
    const uuid = await createEnabled(clients.lambda, { FunctionName, EventSourceArn, ...settings });
    const random = seededRandom(6);
    for (let n = 0; n < 200; n += 1) {
      const ask = random() < 0.1 ? `once throw ${n}` : `calm ${n}`;
      await raw.dynamodb.put('stormy', item(`id-${n % 10}`, ask));
      if (n % 40 === 20) await aws.killWorkers('batch');
    }
    const written = await raw.records(EventSourceArn);
    const numbersOf = (records: typeof written) => records.map(({ dynamodb }) => dynamodb.SequenceNumber);
    await eventually(() => {
      const seen = new Set(numbersOf(triesOf(aws, uuid).flat()));
      return seen.size === written.length ? true : undefined;
    });
    await twice.settled();
    for (let n = 0; n < 10; n += 1) {
      const own = triesOf(aws, uuid)
        .flat()
        .filter(({ dynamodb }) => JSON.stringify(dynamodb.Keys).includes(`"id-${n}"`));
      const firsts = [...new Set(numbersOf(own))];
      expect(firsts).toEqual(firsts.toSorted());
    }
    expect(reached.filter((id) => id.startsWith('id-')).length).toBeGreaterThanOrEqual(200);
  });
});
