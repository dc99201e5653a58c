import { describe, expect, it } from 'vitest';
import { expire, expiredRows } from './dynamodb/expiry.ts';
import { lambdaRecord, readShard, splitShard } from './dynamodb/streams.ts';
import { testAws } from './test-aws.ts';

const put = (id: string, attributes: object = {}) => ({
  TableName: 'items',
  Item: { id: { S: id }, ...attributes },
});

describe('indexes and streams', () => {
  const run = (startedAt: string) => ({
    TableName: 'ledger',
    Item: { PK: { S: startedAt }, SK: { S: 'RUN' }, entity: { S: 'RUN' }, startedAt: { S: startedAt } },
  });
  const runs = {
    TableName: 'ledger',
    IndexName: 'RunsIndex',
    KeyConditionExpression: 'entity = :run',
    ExpressionAttributeValues: { ':run': { S: 'RUN' } },
    ScanIndexForward: false,
  };

  it('may show an index without the last changes, for a while', () => {
    const aws = testAws();
    aws.call('PutItem', run('1'));
    aws.pass(5_000);
    aws.call('PutItem', run('2'));
    aws.answer('that a read does not show yet', 1);
    expect(aws.call('Query', runs)).toMatchObject({ Count: 1 });
    aws.pass(5_000);
    expect(aws.call('Query', runs)).toMatchObject({ Items: [run('2').Item, run('1').Item] });
  });

  const streamed = () => {
    const aws = testAws();
    const StreamSpecification = { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' };
    aws.call('UpdateTable', { TableName: 'items', StreamSpecification });
    const [stream] = aws.state.streams.values();
    if (stream === undefined) throw new Error('There is no stream.');
    return { aws, stream };
  };

  it('records every change of an item in order, and none where nothing changes', () => {
    const { aws, stream } = streamed();
    for (const attributes of [{}, {}, { n: { N: '1' } }]) aws.call('PutItem', put('a', attributes));
    aws.call('DeleteItem', { TableName: 'items', Key: { id: { S: 'a' } } });
    const records = stream.shards.flatMap((shard) => readShard(aws.aws, shard, { limit: 100 }));
    expect(records.map((record) => lambdaRecord(stream, record))).toMatchObject(
      ['INSERT', 'MODIFY', 'REMOVE'].map((eventName) => ({
        eventName,
        dynamodb: { Keys: { id: { S: 'a' } }, StreamViewType: 'KEYS_ONLY' },
        eventSourceARN: stream.arn,
      })),
    );
  });

  it('splits a shard in two that follow it', () => {
    const { aws, stream } = streamed();
    aws.call('PutItem', put('a'));
    const [parent] = stream.shards;
    if (parent !== undefined) splitShard(aws.aws, stream, parent);
    for (const id of 'bcdefgh') aws.call('PutItem', put(id));
    expect(stream.shards).toMatchObject([
      { isClosed: true, records: { length: 1 } },
      { parentId: parent?.id, isClosed: false },
      { parentId: parent?.id, isClosed: false },
    ]);
    expect(stream.shards.flatMap(({ records }) => records)).toHaveLength(8);
  });

  it('keeps records for a day', () => {
    const { aws, stream } = streamed();
    aws.call('PutItem', put('a'));
    aws.pass(25 * 3_600_000);
    expect(stream.shards.flatMap((shard) => readShard(aws.aws, shard, { limit: 100 }))).toEqual([]);
  });

  it('deletes expired items as time to live does', () => {
    const { aws, stream } = streamed();
    aws.call('UpdateTimeToLive', {
      TableName: 'items',
      TimeToLiveSpecification: { AttributeName: 'at', Enabled: true },
    });
    aws.call('PutItem', put('a', { at: { N: String(Math.floor(aws.aws.now() / 1_000) - 60) } }));
    aws.call('PutItem', put('b', { at: { S: 'no number' } }));
    const table = aws.state.tables.get('items');
    if (table === undefined) throw new Error('There is no table.');
    for (const row of expiredRows(aws.aws, table)) expire(aws.aws, table, row);
    expect([...table.rows.keys()]).toEqual(['b']);
    const [record] = stream.shards.flatMap(({ records }) => records).slice(-1);
    expect(record && lambdaRecord(stream, record)).toMatchObject({
      eventName: 'REMOVE',
      userIdentity: { principalId: 'dynamodb.amazonaws.com' },
    });
  });
});
