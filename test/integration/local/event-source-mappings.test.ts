import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { eventually, startTinyAws, testClients, type TestClients } from '../../support/embedded.ts';
import { createEnabled, idsOf, triesOf, untilState } from '../../support/mappings.ts';
import { item, rawAws, type RawAws } from '../../support/streams.ts';

let aws: EmbeddedAws;
let clients: TestClients;
let raw: RawAws;

beforeAll(async () => {
  aws = await startTinyAws({ pauseMillis: 10, mappingMillis: 100 });
  clients = testClients(aws);
  raw = rawAws(aws);
});

afterAll(async () => {
  clients.destroy();
  await aws.stop();
});

const FunctionName = 'tiny-local-batch';

const create = (input: Partial<CreateEventSourceMappingCommandInput>) =>
  clients.lambda.send(
    new CreateEventSourceMappingCommand({ FunctionName, StartingPosition: 'TRIM_HORIZON', ...input }),
  );
const get = (UUID: string) => clients.lambda.send(new GetEventSourceMappingCommand({ UUID }));
const named = (name: string, message: RegExp) =>
  expect.objectContaining({ name, message: expect.stringMatching(message) as string });

/** A mapping beside the one under test. @returns waits until it has delivered a record that the other one must not have */
async function witness(EventSourceArn: string) {
  const uuid = await createEnabled(clients.lambda, { FunctionName: 'tiny-local-echo', EventSourceArn });
  return (id: string) => eventually(() => (idsOf(aws, uuid).flat().includes(id) ? true : undefined));
}

describe('an event source mapping', () => {
  it('is created with Lambda’s defaults, and is Enabled a while later', async () => {
    const EventSourceArn = await raw.createStreamed('defaults');
    const created = await create({ EventSourceArn });
    expect(created).toMatchObject({
      $metadata: { httpStatusCode: 202 },
      EventSourceArn,
      FunctionArn: aws.functions['batch'],
      EventSourceMappingArn: `arn:aws:lambda:ap-southeast-2:123456789012:event-source-mapping:${created.UUID ?? ''}`,
      State: 'Creating',
      StateTransitionReason: 'User action',
      StartingPosition: 'TRIM_HORIZON',
      LastProcessingResult: 'No records processed',
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 0,
      ParallelizationFactor: 1,
      BisectBatchOnFunctionError: false,
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: -1,
      TumblingWindowInSeconds: 0,
      FunctionResponseTypes: [],
      DestinationConfig: { OnFailure: {} },
    });
    expect(Math.abs((created.LastModified?.getTime() ?? 0) - Date.now())).toBeLessThan(5000);
    const enabled = await untilState(clients.lambda, created.UUID ?? '', 'Enabled');
    const { EventSourceMappings } = await clients.lambda.send(
      new ListEventSourceMappingsCommand({ EventSourceArn, FunctionName }),
    );
    expect(EventSourceMappings).toHaveLength(1);
    expect(enabled).toMatchObject(EventSourceMappings?.[0] ?? {});
  });

  it('calls its function with the records of the stream as Lambda does', async () => {
    const EventSourceArn = await raw.createStreamed('called', 'NEW_AND_OLD_IMAGES');
    await raw.dynamodb.put('called', item('a'));
    await raw.dynamodb.put('called', item('b'));
    const uuid = await createEnabled(clients.lambda, { FunctionName, EventSourceArn });
    const [records] = await eventually(() =>
      triesOf(aws, uuid).length > 0 ? triesOf(aws, uuid) : undefined,
    );
    const read = await raw.records(EventSourceArn);
    expect(records).toEqual(read.map((record) => ({ ...record, eventSourceARN: EventSourceArn })));
    await eventually(async () => ((await get(uuid)).LastProcessingResult === 'OK' ? true : undefined));
  });

  it('hands over no more than a batch at once, and the changes of a key in their order', async () => {
    const EventSourceArn = await raw.createStreamed('ordered');
    for (let n = 0; n < 25; n += 1) await raw.dynamodb.put('ordered', item(`id-${n % 5}`, String(n)));
    const uuid = await createEnabled(clients.lambda, {
      FunctionName,
      EventSourceArn,
      BatchSize: 10,
      ParallelizationFactor: 3,
    });
    const records = await eventually(() => {
      const all = triesOf(aws, uuid).flat();
      return all.length === 25 ? all : undefined;
    });
    expect(Math.max(...triesOf(aws, uuid).map(({ length }) => length))).toBeLessThanOrEqual(10);
    for (let n = 0; n < 5; n += 1) {
      const own = records.filter(({ dynamodb }) => JSON.stringify(dynamodb.Keys).includes(`"id-${n}"`));
      const numbers = own.map(({ dynamodb }) => dynamodb.SequenceNumber);
      expect(numbers).toHaveLength(5);
      expect(numbers).toEqual(numbers.toSorted());
    }
    expect(new Set(triesOf(aws, uuid).map((batch) => JSON.stringify(batch))).size).toBeGreaterThanOrEqual(3);
  });

  it('that begins at the newest record delivers none that was there before', async () => {
    const EventSourceArn = await raw.createStreamed('newest');
    await raw.dynamodb.put('newest', item('before'));
    const { UUID = '' } = await create({ EventSourceArn, StartingPosition: 'LATEST' });
    await untilState(clients.lambda, UUID, 'Enabled');
    await eventually(async () => {
      await raw.dynamodb.put('newest', item(`after-${Date.now()}`));
      return idsOf(aws, UUID).length > 0 ? true : undefined;
    });
    expect(idsOf(aws, UUID).flat()).not.toContain('before');
  });

  it('waits for a batching window until a batch is whole or the time is up', async () => {
    const EventSourceArn = await raw.createStreamed('windowed');
    const uuid = await createEnabled(clients.lambda, {
      FunctionName,
      EventSourceArn,
      BatchSize: 3,
      MaximumBatchingWindowInSeconds: 1,
    });
    aws.mappings.hold();
    for (const id of ['a', 'b', 'c', 'd']) await raw.dynamodb.put('windowed', item(id));
    const startedAt = Date.now();
    aws.mappings.release();
    await eventually(() => (idsOf(aws, uuid).length === 2 ? true : undefined));
    expect(idsOf(aws, uuid)).toEqual([['a', 'b', 'c'], ['d']]);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1000);
  });

  it('is disabled and enabled again, and goes on where it was', async () => {
    const EventSourceArn = await raw.createStreamed('toggled');
    const uuid = await createEnabled(clients.lambda, { FunctionName, EventSourceArn });
    await raw.dynamodb.put('toggled', item('a'));
    await eventually(() => (idsOf(aws, uuid).flat().includes('a') ? true : undefined));
    const untilWitnessed = await witness(EventSourceArn);
    const change = (Enabled: boolean) =>
      clients.lambda.send(new UpdateEventSourceMappingCommand({ UUID: uuid, Enabled }));
    expect((await change(false)).State).toBe('Disabling');
    await untilState(clients.lambda, uuid, 'Disabled');
    await raw.dynamodb.put('toggled', item('b'));
    await clients.lambda.send(new UpdateEventSourceMappingCommand({ UUID: uuid, BatchSize: 50 }));
    await untilState(clients.lambda, uuid, 'Disabled');
    await untilWitnessed('b');
    expect(idsOf(aws, uuid).flat()).toEqual(['a']);
    expect((await change(true)).State).toBe('Enabling');
    await untilState(clients.lambda, uuid, 'Enabled');
    await eventually(() => (idsOf(aws, uuid).flat().includes('b') ? true : undefined));
    expect(idsOf(aws, uuid).flat()).toEqual(['a', 'b']);
  });

  it('is created disabled where asked, and then reads nothing', async () => {
    const EventSourceArn = await raw.createStreamed('asleep');
    await raw.dynamodb.put('asleep', item('a'));
    const { UUID = '' } = await create({ EventSourceArn, Enabled: false });
    await untilState(clients.lambda, UUID, 'Disabled');
    const untilWitnessed = await witness(EventSourceArn);
    await untilWitnessed('a');
    expect(idsOf(aws, UUID)).toEqual([]);
  });

  it('takes new settings while it runs, and keeps those that are not named', async () => {
    const EventSourceArn = await raw.createStreamed('updated');
    const uuid = await createEnabled(clients.lambda, { FunctionName, EventSourceArn, BatchSize: 7 });
    const updated = await clients.lambda.send(
      new UpdateEventSourceMappingCommand({ UUID: uuid, ParallelizationFactor: 2, MaximumRetryAttempts: 5 }),
    );
    expect(updated).toMatchObject({ State: 'Updating', BatchSize: 7, ParallelizationFactor: 2 });
    await untilState(clients.lambda, uuid, 'Enabled');
    for (const id of ['a', 'b', 'c', 'd']) await raw.dynamodb.put('updated', item(id));
    await eventually(() => (idsOf(aws, uuid).flat().length === 4 ? true : undefined));
    expect(await get(uuid)).toMatchObject({
      BatchSize: 7,
      ParallelizationFactor: 2,
      MaximumRetryAttempts: 5,
    });
  });

  it('delivers while it is being deleted, and no longer once it is gone', async () => {
    const slow = await startTinyAws({ mappingMillis: 5_000 });
    const [other, otherRaw] = [testClients(slow), rawAws(slow)];
    const EventSourceArn = await otherRaw.createStreamed('going');
    const uuid = await createEnabled(other.lambda, { FunctionName, EventSourceArn });
    const deleted = await other.lambda.send(new DeleteEventSourceMappingCommand({ UUID: uuid }));
    expect(deleted.State).toBe('Deleting');
    await otherRaw.dynamodb.put('going', item('late'));
    await eventually(() => (idsOf(slow, uuid).length > 0 ? true : undefined));
    await expect(other.lambda.send(new DeleteEventSourceMappingCommand({ UUID: uuid }))).rejects.toThrow(
      named('ResourceInUseException', /Cannot delete the event source mapping because it is in use/),
    );
    await eventually(async () => {
      const found = await other.lambda.send(new ListEventSourceMappingsCommand({}));
      return found.EventSourceMappings?.length === 0 ? true : undefined;
    });
    await otherRaw.dynamodb.put('going', item('too late'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(idsOf(slow, uuid)).toEqual([['late']]);
    other.destroy();
    await slow.stop();
  });
});
