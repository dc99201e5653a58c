import {
  GetEventSourceMappingCommand,
  UpdateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { eventually, startTinyAws, testClients, type TestClients } from '../../support/embedded.ts';
import { createEnabled, deleteMappings, idsOf, triesOf } from '../../support/mappings.ts';
import { item, rawAws, type RawAws } from '../../support/streams.ts';

let aws: EmbeddedAws;
let clients: TestClients;
let raw: RawAws;

beforeAll(async () => {
  aws = await startTinyAws({ pauseMillis: 10, mappingMillis: 20 });
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
const reporting = { FunctionResponseTypes: ['ReportBatchItemFailures' as const] };

type Settings = Partial<CreateEventSourceMappingCommandInput>;

/** A mapping of a new table whose items are there already; each asks the function for something. */
async function mapped(table: string, asks: Readonly<Record<string, string>>, settings: Settings = {}) {
  const EventSourceArn = await raw.createStreamed(table, 'NEW_AND_OLD_IMAGES');
  for (const [id, ask] of Object.entries(asks)) await raw.dynamodb.put(table, item(id, ask));
  const uuid = await createEnabled(clients.lambda, { FunctionName, EventSourceArn, ...settings });
  const tries = () => idsOf(aws, uuid);
  const untilTries = (count: number) => eventually(() => (tries().length >= count ? tries() : undefined));
  return { uuid, EventSourceArn, tries, untilTries };
}

interface FailureMessage {
  readonly requestContext: { readonly condition: string; readonly approximateInvokeCount: number };
  readonly DDBStreamBatchInfo: {
    readonly startSequenceNumber: string;
    readonly endSequenceNumber: string;
    readonly batchSize: number;
  };
}

/** What is in the on-failure queue, as soon as there are this many. */
const untilDiscarded = (count: number) =>
  eventually(() => {
    const { messages = [] } = aws.queues.get('tiny-local-batch-failures') ?? {};
    const found = messages.map(({ body }) => JSON.parse(body) as FailureMessage);
    return found.length >= count ? found : undefined;
  });

describe('a batch whose function fails', () => {
  it('is delivered again as it was, before anything else, and the mapping says that there is a problem', async () => {
    const { uuid, untilTries } = await mapped('failing', { a: '', b: 'throw', c: '' }, { BatchSize: 2 });
    const tries = await untilTries(3);
    expect(tries.slice(0, 3)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
    const mapping = await clients.lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }));
    expect(mapping.LastProcessingResult).toBe('PROBLEM: Function call failed');
  });

  it('once is delivered once more, and what follows after it', async () => {
    const { untilTries } = await mapped('once', { a: 'once throw', b: '' }, { BatchSize: 1 });
    expect(await untilTries(3)).toEqual([['a'], ['a'], ['b']]);
  });

  it('because its worker ended is delivered again, too', async () => {
    const settings = { BatchSize: 1, MaximumRetryAttempts: 1 };
    const { untilTries } = await mapped('ended', { a: 'exit', b: '' }, settings);
    expect(await untilTries(3)).toEqual([['a'], ['a'], ['b']]);
  });

  it('is given up after the retries that it has, and the queue is told where it is, and nothing else', async () => {
    const settings = { MaximumRetryAttempts: 2, BatchSize: 2, ...toQueue };
    const { uuid, EventSourceArn, untilTries } = await mapped(
      'given-up',
      { a: '', b: 'throw', c: '' },
      settings,
    );
    const tries = await untilTries(4);
    expect(tries).toEqual([['a', 'b'], ['a', 'b'], ['a', 'b'], ['c']]);
    const [message] = await untilDiscarded(1);
    const [first, second] = triesOf(aws, uuid)[0] ?? [];
    const arrivals = { approximateArrivalOfFirstRecord: first, approximateArrivalOfLastRecord: second };
    expect(message).toEqual({
      requestContext: {
        requestId: expect.any(String) as string,
        functionArn: aws.functions['batch'],
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: 3,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      DDBStreamBatchInfo: {
        shardId: expect.stringMatching(/^shardId-/) as string,
        startSequenceNumber: first?.dynamodb.SequenceNumber,
        endSequenceNumber: second?.dynamodb.SequenceNumber,
        ...Object.fromEntries(
          Object.entries(arrivals).map(([name, record]) => [
            name,
            new Date((record?.dynamodb.ApproximateCreationDateTime ?? 0) * 1000)
              .toISOString()
              .replace('.000', ''),
          ]),
        ),
        batchSize: 2,
        streamArn: EventSourceArn,
      },
    });
  });

  it('is split in halves where asked, so that one bad record is given up alone', async () => {
    const asks = { a: '', b: '', c: 'throw', d: '' };
    const settings = { BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1, ...toQueue };
    const { untilTries } = await mapped('split', asks, settings);
    expect(await untilTries(6)).toEqual([['a', 'b', 'c', 'd'], ['a', 'b'], ['c', 'd'], ['c'], ['c'], ['d']]);
    const [message] = await untilDiscarded(1);
    expect(message?.DDBStreamBatchInfo.batchSize).toBe(1);
  });

  it('is tried again from the first record that the function reports', async () => {
    const asks = { a: '', b: 'once report', c: 'once report', d: '' };
    const { untilTries } = await mapped('reported', asks, reporting);
    expect(await untilTries(2)).toEqual([
      ['a', 'b', 'c', 'd'],
      ['b', 'c', 'd'],
    ]);
  });

  it('keeps its count of retries while it gets shorter', async () => {
    const settings = { ...reporting, ...toQueue, MaximumRetryAttempts: 2 };
    const { untilTries } = await mapped('shorter', { a: '', b: 'report', c: '' }, settings);
    expect(await untilTries(3)).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
      ['b', 'c'],
    ]);
    const [message] = await untilDiscarded(1);
    expect(message?.requestContext.approximateInvokeCount).toBe(3);
    expect(message?.DDBStreamBatchInfo.batchSize).toBe(2);
  });

  it('failed as a whole where the function reports a record that is not in it', async () => {
    const { untilTries } = await mapped('nonsense', { a: '', b: 'once nonsense' }, reporting);
    expect(await untilTries(2)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('is done with where the mapping did not ask for reports', async () => {
    const { tries, untilTries } = await mapped('unasked', { a: 'report' });
    await untilTries(1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(tries()).toEqual([['a']]);
  });

  it('is given up once its records are too old, without another call', async () => {
    const settings = { MaximumRecordAgeInSeconds: 60, BatchSize: 1, ...toQueue };
    const { uuid, untilTries } = await mapped('aged', { a: 'throw' }, settings);
    await untilTries(2);
    aws.mappings.letTimePass(70);
    const [message] = await untilDiscarded(1);
    expect(message?.requestContext.condition).toBe('RecordAgeExceeded');
    const calls = idsOf(aws, uuid).length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(idsOf(aws, uuid)).toHaveLength(calls);
    aws.mappings.letTimePass(-70);
  });

  it('holds up only the lane that it is in', async () => {
    const asks = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`id-${n}`, n === 0 ? 'throw' : '']),
    );
    const { untilTries, tries } = await mapped('lanes', asks, { ParallelizationFactor: 4, BatchSize: 1 });
    await untilTries(20);
    const others = new Set(tries().flat());
    expect(others.size).toBeGreaterThan(6);
    expect(
      tries()
        .flat()
        .filter((id) => id === 'id-0').length,
    ).toBeGreaterThan(1);
  });

  it('is tried again when the number of lanes changes meanwhile', async () => {
    const asks = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`id-${n}`, n === 0 ? 'throw' : '']));
    const { uuid, untilTries, tries } = await mapped('moved', asks);
    const before = (await untilTries(2)).length;
    const change = { UUID: uuid, ParallelizationFactor: 8 };
    await clients.lambda.send(new UpdateEventSourceMappingCommand(change));
    await eventually(() => (tries().some((ids) => ids.length < 8) ? true : undefined));
    await untilTries(before + 16);
    const later = tries().filter((ids) => ids.length < 8);
    expect(new Set(later.flat())).toEqual(new Set(Object.keys(asks)));
  });

  it('stays in its order when the number of lanes changes meanwhile', async () => {
    const EventSourceArn = await raw.createStreamed('relaned');
    for (let n = 0; n < 20; n += 1) await raw.dynamodb.put('relaned', item(`id-${n % 4}`, `slow ${n}`));
    const settings = { BatchSize: 1, ParallelizationFactor: 2 };
    const uuid = await createEnabled(clients.lambda, { FunctionName, EventSourceArn, ...settings });
    await clients.lambda.send(new UpdateEventSourceMappingCommand({ UUID: uuid, ParallelizationFactor: 4 }));
    const total = (await raw.records(EventSourceArn)).length;
    await eventually(() => (idsOf(aws, uuid).flat().length >= total ? true : undefined));
    const records = triesOf(aws, uuid).flat();
    expect(new Set(records.map(({ dynamodb }) => dynamodb.SequenceNumber)).size).toBe(total);
    for (const id of ['id-0', 'id-1', 'id-2', 'id-3']) {
      const own = records.filter(({ dynamodb }) => JSON.stringify(dynamodb.Keys).includes(`"${id}"`));
      const numbers = own.map(({ dynamodb }) => dynamodb.SequenceNumber);
      expect(numbers).toEqual(numbers.toSorted());
    }
  });
});
