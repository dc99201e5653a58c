import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { startTinyAws } from '../../support/embedded.ts';
import { item, rawAws, type RawAws } from '../../support/streams.ts';

let aws: EmbeddedAws;
let raw: RawAws;

beforeAll(async () => {
  aws = await startTinyAws();
  raw = rawAws(aws);
});

afterAll(async () => {
  await aws.stop();
});

interface DescribedTable {
  readonly Table: {
    readonly StreamSpecification?: unknown;
    readonly LatestStreamArn?: string;
    readonly LatestStreamLabel?: string;
  };
}

interface DescribedStream {
  readonly StreamDescription: {
    readonly StreamStatus: string;
    readonly StreamLabel: string;
    readonly StreamViewType: string;
    readonly KeySchema: unknown;
    readonly Shards: readonly {
      readonly ShardId: string;
      readonly SequenceNumberRange: {
        readonly StartingSequenceNumber: string;
        readonly EndingSequenceNumber?: string;
      };
    }[];
  };
}

const describeTable = async (TableName: string) =>
  (await raw.dynamodb.call<DescribedTable>('DescribeTable', { TableName })).Table;

const describeStream = async (StreamArn: string) =>
  (await raw.streams<DescribedStream>('DescribeStream', { StreamArn })).StreamDescription;

const put = (table: string, id: string, ask?: string) => raw.dynamodb.put(table, item(id, ask));

/** `id new/old` of each record. */
async function changesIn(streamArn: string): Promise<readonly string[]> {
  const records = await raw.records(streamArn);
  return records.map(({ eventName, dynamodb: { Keys, NewImage, OldImage } }) =>
    [eventName, Keys['id'], NewImage?.['ask'], OldImage?.['ask']]
      .map((value) => (typeof value === 'object' && 'S' in value ? value.S : (value ?? '-')))
      .join(' '),
  );
}

describe('the stream of a table', () => {
  it('has an ARN of the account and region that everybody else uses, in the table’s description, too', async () => {
    const arn = await raw.createStreamed('named', 'NEW_IMAGE');
    expect(arn).toMatch(
      /^arn:aws:dynamodb:ap-southeast-2:123456789012:table\/named\/stream\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/,
    );
    expect(await describeTable('named')).toMatchObject({
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      LatestStreamArn: arn,
      LatestStreamLabel: arn.split('/').at(-1),
    });
    expect(await raw.streams('ListStreams', { TableName: 'named' })).toEqual({
      Streams: [{ StreamArn: arn, TableName: 'named', StreamLabel: arn.split('/').at(-1) }],
    });
  });

  it('is described with its table’s key, and an open shard without an end', async () => {
    const arn = await raw.createStreamed('described');
    await put('described', 'one');
    const { Shards, ...others } = await describeStream(arn);
    expect(others).toMatchObject({
      StreamStatus: 'ENABLED',
      StreamViewType: 'KEYS_ONLY',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    });
    expect(Shards).toHaveLength(1);
    expect(Shards[0]?.ShardId).toMatch(/^shardId-\d{20}-[0-9a-f]{8}$/);
    expect(Shards[0]?.SequenceNumberRange.StartingSequenceNumber).toMatch(/^\d{21,}$/);
    expect(Shards[0]?.SequenceNumberRange).not.toHaveProperty('EndingSequenceNumber');
  });

  it.each([
    ['KEYS_ONLY', ['INSERT a - -', 'MODIFY a - -', 'REMOVE a - -']],
    ['NEW_IMAGE', ['INSERT a 1 -', 'MODIFY a 2 -', 'REMOVE a - -']],
    ['OLD_IMAGE', ['INSERT a - -', 'MODIFY a - 1', 'REMOVE a - 2']],
    ['NEW_AND_OLD_IMAGES', ['INSERT a 1 -', 'MODIFY a 2 1', 'REMOVE a - 2']],
  ])(
    'of type %s shows of an item what it should, and has no record of a put that changes nothing',
    async (viewType, changes) => {
      const table = `view-${viewType}`;
      const arn = await raw.createStreamed(table, viewType);
      await put(table, 'a', '1');
      await put(table, 'a', '1');
      await put(table, 'a', '2');
      await raw.dynamodb.call('DeleteItem', { TableName: table, Key: { id: { S: 'a' } } });
      expect(await changesIn(arn)).toEqual(changes);
    },
  );

  it('gives records as AWS does: times in whole seconds, sequence numbers of 21 digits, sizes of what is shown', async () => {
    const arn = await raw.createStreamed('formed', 'NEW_IMAGE');
    const before = Math.floor(Date.now() / 1000);
    await put('formed', 'ab', 'xyz');
    const [record] = await raw.records(arn);
    expect(record).toEqual({
      eventID: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'ap-southeast-2',
      dynamodb: {
        ApproximateCreationDateTime: expect.any(Number) as number,
        Keys: { id: { S: 'ab' } },
        NewImage: { id: { S: 'ab' }, ask: { S: 'xyz' } },
        SequenceNumber: expect.stringMatching(/^\d{21}$/) as string,
        SizeBytes: 4 + 4 + 6,
        StreamViewType: 'NEW_IMAGE',
      },
    });
    const { ApproximateCreationDateTime: at } = record?.dynamodb ?? { ApproximateCreationDateTime: 0 };
    expect(Number.isInteger(at)).toBe(true);
    expect(at).toBeGreaterThanOrEqual(before);
  });

  it('cannot be enabled twice, nor disabled twice, nor enabled without saying what it shows', async () => {
    await raw.createStreamed('twice');
    await expect(raw.enable('twice', 'NEW_IMAGE')).rejects.toThrow(
      /ValidationException.*Table already has an enabled stream: TableName: twice/,
    );
    await raw.disable('twice');
    await expect(raw.disable('twice')).rejects.toThrow(
      /ValidationException.*Table has no stream to disable: TableName: twice/,
    );
    await expect(raw.enable('twice', 'EVERYTHING')).rejects.toThrow(/ValidationException.*EVERYTHING/);
  });

  it('stays readable once it is disabled, ends there, and is followed by another stream', async () => {
    const first = await raw.createStreamed('ended');
    await put('ended', 'a');
    await raw.disable('ended');
    await put('ended', 'unseen');
    expect(await describeTable('ended')).toMatchObject({ LatestStreamArn: first });
    expect(await describeTable('ended')).not.toHaveProperty('StreamSpecification');
    const second = await raw.enable('ended');
    await put('ended', 'b');
    expect(second).not.toBe(first);
    expect(await changesIn(first)).toEqual(['INSERT a - -']);
    expect(await changesIn(second)).toEqual(['INSERT b - -']);
    const { StreamStatus, Shards } = await describeStream(first);
    expect(StreamStatus).toBe('DISABLED');
    expect(Shards[0]?.SequenceNumberRange.EndingSequenceNumber).toMatch(/^\d{21}$/);
    expect((await describeStream(second)).StreamStatus).toBe('ENABLED');
  });

  it('of a deleted table is gone, and another table of that name begins without one', async () => {
    const arn = await raw.createStreamed('again');
    await put('again', 'a');
    await raw.dynamodb.call('DeleteTable', { TableName: 'again' });
    await raw.dynamodb.fillProducts([], 'again');
    expect(await describeTable('again')).not.toHaveProperty('LatestStreamArn');
    await expect(describeStream(arn)).rejects.toThrow(/ResourceNotFoundException/);
  });

  it('can be enabled as a table is created', async () => {
    const created = await raw.dynamodb.call<{ TableDescription: { LatestStreamArn: string } }>(
      'CreateTable',
      {
        TableName: 'born-streaming',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
      },
    );
    await put('born-streaming', 'a', '1');
    expect(await changesIn(created.TableDescription.LatestStreamArn)).toEqual(['INSERT a - -']);
  });
});

describe('a reader of a stream', () => {
  it('begins at the oldest record, at the newest, or at one that it names', async () => {
    const arn = await raw.createStreamed('begun');
    for (const id of ['a', 'b', 'c']) await put('begun', id);
    const [first, second] = await raw.records(arn);
    const [shard] = (await describeStream(arn)).Shards;
    const read = async (ShardIteratorType: string, SequenceNumber?: string) => {
      const begin = { StreamArn: arn, ShardId: shard?.ShardId, ShardIteratorType, SequenceNumber };
      const { ShardIterator } = await raw.streams<{ ShardIterator: string }>('GetShardIterator', begin);
      const page = await raw.streams<{ Records: readonly { dynamodb: { Keys: { id: { S: string } } } }[] }>(
        'GetRecords',
        { ShardIterator },
      );
      return page.Records.map(({ dynamodb }) => dynamodb.Keys.id.S);
    };
    expect(await read('TRIM_HORIZON')).toEqual(['a', 'b', 'c']);
    expect(await read('LATEST')).toEqual([]);
    expect(await read('AT_SEQUENCE_NUMBER', second?.dynamodb.SequenceNumber)).toEqual(['b', 'c']);
    expect(await read('AFTER_SEQUENCE_NUMBER', first?.dynamodb.SequenceNumber)).toEqual(['b', 'c']);
  });

  it('that asks for records which were trimmed is told so, and finds what came after them at the horizon', async () => {
    const arn = await raw.createStreamed('trimmed');
    await put('trimmed', 'a');
    await put('trimmed', 'b');
    const [first] = await raw.records(arn);
    const [shard] = (await describeStream(arn)).Shards;
    const begin = { StreamArn: arn, ShardId: shard?.ShardId };
    const { ShardIterator } = await raw.streams<{ ShardIterator: string }>('GetShardIterator', {
      ...begin,
      ShardIteratorType: 'TRIM_HORIZON',
    });
    await aws.mappings.trim('trimmed');
    await put('trimmed', 'c');
    await expect(raw.streams('GetRecords', { ShardIterator })).rejects.toThrow(/TrimmedDataAccessException/);
    const after = {
      ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
      SequenceNumber: first?.dynamodb.SequenceNumber,
    };
    await expect(raw.streams('GetShardIterator', { ...begin, ...after })).rejects.toThrow(
      /TrimmedDataAccessException/,
    );
    expect(await changesIn(arn)).toEqual(['INSERT c - -']);
  });

  it.each([
    ['DescribeStream', { StreamArn: 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/none/stream/2026' }],
    [
      'GetShardIterator',
      {
        StreamArn: 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/none/stream/2026',
        ShardIteratorType: 'LATEST',
      },
    ],
    ['GetRecords', { ShardIterator: 'nonsense' }],
  ])('that asks %s about a stream there is not, is told so', async (operation, body) => {
    await expect(raw.streams(operation, body)).rejects.toThrow(/ResourceNotFoundException/);
  });
});
