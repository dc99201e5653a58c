import {
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { eventually, startTinyAws, testClients, type TestClients } from '../../support/embedded.ts';
import { createEnabled, deleteMappings, idsOf } from '../../support/mappings.ts';
import { item, rawAws, type RawAws } from '../../support/streams.ts';

let aws: EmbeddedAws;
let clients: TestClients;
let raw: RawAws;
const written: string[] = [];

beforeAll(async () => {
  aws = await startTinyAws({
    pauseMillis: 10,
    mappingMillis: 20,
    log: (name, text) => written.push(`${name} ${text}`),
  });
  clients = testClients(aws);
  raw = rawAws(aws);
});

afterEach(async () => {
  aws.faults.clear();
  aws.mappings.release();
  await deleteMappings(clients.lambda);
});

afterAll(async () => {
  clients.destroy();
  await aws.stop();
});

const FunctionName = 'tiny-local-batch';

/** What the function wrote of its calls: the ids that it was called with, one list a call. */
const callsWith = (id: string) => written.filter((line) => line.includes(`called with ${id}\n`)).length;

async function mapped(table: string, ids: readonly string[] = []) {
  const EventSourceArn = await raw.createStreamed(table);
  for (const id of ids) await raw.dynamodb.put(table, item(id));
  const uuid = await createEnabled(clients.lambda, { FunctionName, EventSourceArn });
  const put = (id: string) => raw.dynamodb.put(table, item(id));
  const untilDelivered = (id: string) =>
    eventually(() => (idsOf(aws, uuid).flat().includes(id) ? true : undefined));
  return { uuid, EventSourceArn, put, untilDelivered };
}

describe('a test that holds mappings back', () => {
  it('lets records pile up, and has them delivered when it releases them', async () => {
    const { uuid, put, untilDelivered } = await mapped('held', ['first']);
    await untilDelivered('first');
    aws.mappings.hold();
    await put('a');
    await put('b');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(idsOf(aws, uuid).flat()).toEqual(['first']);
    aws.mappings.release();
    await untilDelivered('b');
    expect(idsOf(aws, uuid).flat()).toEqual(['first', 'a', 'b']);
  });

  it('can lose records: the mapping goes on at the oldest that is left', async () => {
    const { uuid, put, untilDelivered } = await mapped('lossy', ['first']);
    await untilDelivered('first');
    aws.mappings.hold();
    await put('lost');
    await aws.mappings.trim('lossy');
    await put('kept');
    aws.mappings.release();
    await untilDelivered('kept');
    expect(idsOf(aws, uuid).flat()).toEqual(['first', 'kept']);
  });
});

describe('a test that delivers a batch again', () => {
  it('reaches the function even after the mapping is gone', async () => {
    const { uuid, untilDelivered } = await mapped('late', ['late-a']);
    await untilDelivered('late-a');
    await clients.lambda.send(new DeleteEventSourceMappingCommand({ UUID: uuid }));
    await deleteMappings(clients.lambda);
    const [batch] = aws.mappings.batches.filter((one) => one.uuid === uuid);
    const again = batch && (await aws.mappings.deliver(batch));
    expect(again).toMatchObject({ functionError: undefined, payload: { batchItemFailures: [] } });
    expect(callsWith('late-a')).toBe(2);
  });

  it('can have a share of all batches delivered twice', async () => {
    const twice = aws.faults.add({
      service: 'lambda',
      operation: 'Invoke',
      where: ({ mappingOf }) => mappingOf === FunctionName,
      kind: 'twice',
      second: 'later',
      millis: 50,
      rate: 0.5,
      seed: 7,
    });
    const { put, untilDelivered } = await mapped('doubled');
    const ids = Array.from({ length: 12 }, (_, n) => `doubled-${n}`);
    for (const id of ids) {
      await put(id);
      await untilDelivered(id);
    }
    await twice.settled();
    const counts = ids.map(callsWith);
    expect(twice.struck).toBeGreaterThan(2);
    expect(counts.filter((count) => count === 2)).toHaveLength(twice.struck);
    expect(counts.every((count) => count > 0)).toBe(true);
  });
});

describe('a mapping', () => {
  it('delivers what a disabled stream still holds, and then has nothing more to do', async () => {
    const { uuid, put, untilDelivered } = await mapped('switched-off', ['first']);
    await untilDelivered('first');
    aws.mappings.hold();
    await put('last');
    await raw.disable('switched-off');
    await put('unseen');
    aws.mappings.release();
    await untilDelivered('last');
    await eventually(() => (callsWith('last') === 1 ? true : undefined));
    const reads = aws.faults.add({ service: 'dynamodbstreams', operation: 'GetRecords', kind: 'reset' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(reads.matched).toBe(0);
    expect(idsOf(aws, uuid).flat()).toEqual(['first', 'last']);
    const { State } = await clients.lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }));
    expect(State).toBe('Enabled');
  });

  it('says what the matter is when its table is gone, and is still there', async () => {
    const { uuid, untilDelivered } = await mapped('doomed', ['first']);
    await untilDelivered('first');
    await raw.dynamodb.call('DeleteTable', { TableName: 'doomed' });
    const mapping = await eventually(async () => {
      const found = await clients.lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }));
      // The first batch may have been delivered a moment before it is noted as such.
      return found.LastProcessingResult?.startsWith('PROBLEM') === true ? found : undefined;
    });
    expect(mapping).toMatchObject({
      State: 'Enabled',
      LastProcessingResult: expect.stringMatching(/^PROBLEM: .*not/) as string,
    });
  });

  it('calls AWS with its function’s role, as the log says, and without filling it while nothing happens', async () => {
    const { EventSourceArn, untilDelivered } = await mapped('logged', ['first']);
    await untilDelivered('first');
    // Strikes nothing, and counts what the log leaves out.
    const operation = 'GetRecords';
    const polls = aws.faults.add({ operation, key: EventSourceArn, kind: 'reset', rate: 0 });
    await eventually(() => (polls.matched > 3 ? true : undefined));
    const answered = aws.requestLog.entries.filter(({ status }) => status !== undefined);
    const own = answered.filter(({ mappingOf, key }) => mappingOf === FunctionName && key === EventSourceArn);
    expect(own.map(({ service, operation }) => `${service} ${operation}`)).toEqual([
      'dynamodbstreams DescribeStream',
      'dynamodbstreams DescribeStream',
      'dynamodbstreams GetShardIterator',
      'dynamodbstreams GetRecords',
    ]);
    expect(own.every(({ functionName, tables }) => functionName === undefined && tables.length === 0)).toBe(
      true,
    );
  });
});

describe('an embedded AWS that stops', () => {
  it('leaves nothing running behind, whatever its mappings were doing', async () => {
    const before = timers();
    const other = await startTinyAws({ mappingMillis: 20 });
    const [otherClients, otherRaw] = [testClients(other), rawAws(other)];
    for (const ask of ['', 'throw', 'slow']) {
      const table = `left-${ask}`;
      const EventSourceArn = await otherRaw.createStreamed(table, 'NEW_IMAGE');
      await otherRaw.dynamodb.put(table, item('a', ask));
      await createEnabled(otherClients.lambda, { FunctionName, EventSourceArn });
    }
    await eventually(() => (other.mappings.batches.length >= 3 ? true : undefined));
    const { EventSourceMappings = [] } = await otherClients.lambda.send(
      new ListEventSourceMappingsCommand({}),
    );
    expect(EventSourceMappings).toHaveLength(3);
    otherClients.destroy();
    await other.stop();
    const deliveredCount = other.mappings.batches.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(other.mappings.batches).toHaveLength(deliveredCount);
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
