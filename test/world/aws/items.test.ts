import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { UnknownToWorldError } from './errors.ts';
import { finish, testAws } from './test-aws.ts';

const itemOf = (id: string, attributes: object = {}) => ({ id: { S: id }, ...attributes });
const put = (id: string, attributes?: object) => ({ TableName: 'items', Item: itemOf(id, attributes) });
const get = (id: string) => ({ TableName: 'items', Key: { id: { S: id } }, ConsistentRead: true });
const batch = (...ids: readonly string[]) => ({
  RequestItems: { items: ids.map((id) => ({ PutRequest: { Item: itemOf(id) } })) },
});

describe('requests in steps', () => {
  it('applies a batch item by item, and nothing before the first step', () => {
    const aws = testAws();
    const request = aws.ask('BatchWriteItem', batch('a', 'b'));
    const counted = () =>
      aws.call<{ Count: number }>('Scan', { TableName: 'items', ConsistentRead: true }).Count;
    const counts = [counted(), request.step() && counted(), request.step() || counted()];
    expect(counts).toEqual([0, 1, 2]);
    expect(request.answer()).toMatchObject({ UnprocessedItems: {} });
  });

  it('leaves items of a batch unprocessed, but never all of them', () => {
    const aws = testAws();
    aws.answer('BatchWriteItem leaves unprocessed', 99);
    const answer = aws.call<{ UnprocessedItems: { items: unknown[] } }>(
      'BatchWriteItem',
      batch('a', 'b', 'c'),
    );
    expect(answer.UnprocessedItems.items).toHaveLength(2);
    expect(aws.state.tables.get('items')?.rows.size).toBe(1);
  });

  it('writes the items of a batch in any order', () => {
    const aws = testAws();
    aws.answer('which item of a batch', 99);
    aws.ask('BatchWriteItem', batch('a', 'b', 'c')).step();
    expect(aws.call('GetItem', get('c'))).toHaveProperty('Item');
  });

  it('reads a page of a Scan item by item, so that it shows writes that land meanwhile', () => {
    const aws = testAws();
    for (const id of ['a', 'b', 'c', 'd']) aws.call('PutItem', put(id));
    const [, , , last] = aws.state.tables.get('items')?.inOrder.map(({ partition }) => partition) ?? [];
    const scan = aws.ask('Scan', { TableName: 'items', ConsistentRead: true });
    scan.step();
    aws.call('PutItem', put(last ?? '', { late: { BOOL: true } }));
    expect(finish<{ Items: object[] }>(scan).Items.at(-1)).toHaveProperty('late');
  });

  it('ends a page early where AWS may', () => {
    const aws = testAws();
    for (const id of ['a', 'b', 'c']) aws.call('PutItem', put(id));
    aws.answer('after which a page of items ends', 2);
    expect(aws.call('Scan', { TableName: 'items', ConsistentRead: true })).toMatchObject({
      Count: 2,
      LastEvaluatedKey: { id: expect.anything() as unknown },
    });
  });

  it('scans each item in exactly one segment', () => {
    const aws = testAws();
    const ids = Array.from({ length: 40 }, (_, index) => `item-${index}`);
    for (const id of ids) aws.call('PutItem', put(id));
    const segments = [0, 1, 2].map((Segment) => {
      const scan = { TableName: 'items', ConsistentRead: true, Segment, TotalSegments: 3 };
      return aws.call<{ Items: { id: { S: string } }[] }>('Scan', scan).Items.map(({ id }) => id.S);
    });
    expect(segments.flat().toSorted()).toEqual(ids.toSorted());
    expect(segments.every((found) => found.length > 0)).toBe(true);
  });

  it('refuses to answer a request that has steps left', () => {
    expect(() => testAws().ask('GetItem', get('a')).answer()).toThrow(UnknownToWorldError);
  });
});

describe('conditions and transactions', () => {
  const check = (id: string) => ({
    ConditionCheck: {
      TableName: 'items',
      Key: { id: { S: id } },
      ConditionExpression: 'attribute_exists(id)',
    },
  });

  it("refuses a condition with the SDK's own error, and gives the item to the wire client", () => {
    const aws = testAws();
    aws.call('PutItem', put('a', { n: { N: '1' } }));
    const refused = aws.ask('PutItem', {
      ...put('a'),
      ConditionExpression: 'attribute_not_exists(id)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    expect(() => finish(refused)).toThrow(ConditionalCheckFailedException);
    expect(() => finish(refused)).toThrow(
      expect.objectContaining({ wireBody: expect.stringContaining('"n":{"N":"1"}') as unknown }) as Error,
    );
  });

  it('lets nobody write an item between the check of a transaction and its writes', () => {
    const aws = testAws();
    aws.call('PutItem', put('a'));
    const transaction = aws.ask('TransactWriteItems', { TransactItems: [check('a'), { Put: put('b') }] });
    transaction.step();
    expect(() => aws.call('PutItem', put('a'))).toThrow(
      expect.objectContaining({ name: 'TransactionConflictException' }) as Error,
    );
    const other = aws.ask('TransactWriteItems', { TransactItems: [{ Put: put('c') }, check('a')] });
    expect(() => finish(other)).toThrow(TransactionCanceledException);
    expect(() => finish(other)).toThrow(
      expect.objectContaining({
        CancellationReasons: [{ Code: 'None' }, expect.objectContaining({ Code: 'TransactionConflict' })],
      }) as Error,
    );
    finish(transaction);
    expect(aws.call('GetItem', get('b'))).toHaveProperty('Item');
    expect(aws.call('GetItem', get('c'))).not.toHaveProperty('Item');
    expect(() => aws.call('PutItem', put('a'))).not.toThrow();
  });

  it('carries a transaction out once for one token', () => {
    const aws = testAws();
    const counted = {
      ClientRequestToken: 'token',
      TransactItems: [
        {
          Update: {
            TableName: 'items',
            Key: { id: { S: 'a' } },
            UpdateExpression: 'ADD n :one',
            ExpressionAttributeValues: { ':one': { N: '1' } },
          },
        },
      ],
    };
    const first = aws.ask('TransactWriteItems', counted);
    first.step();
    expect(() => aws.call('TransactWriteItems', counted)).toThrow(
      expect.objectContaining({ name: 'TransactionInProgressException' }) as Error,
    );
    finish(first);
    aws.call('TransactWriteItems', counted);
    expect(aws.call('GetItem', get('a'))).toMatchObject({ Item: { n: { N: '1' } } });
  });

  it.each([
    ['a function', 'contains(id, :a)'],
    ['a path', 'm.inside = :a'],
    ['an element', 'l[0] = :a'],
  ])('refuses a condition with %s that no test has compared with an engine', (_, ConditionExpression) => {
    const request = testAws().ask('PutItem', {
      ...put('a'),
      ConditionExpression,
      ExpressionAttributeValues: { ':a': { S: 'a' } },
    });
    expect(() => request.step()).toThrow(UnknownToWorldError);
  });

  it('refuses operations and parameters that it does not know', () => {
    const aws = testAws();
    expect(() => aws.ask('TransactGetItems', {})).toThrow(UnknownToWorldError);
    expect(() => aws.ask('GetItem', { ...get('a'), AttributesToGet: ['id'] })).toThrow(UnknownToWorldError);
    // Code under test may catch every error.
    expect(aws.state.gaps).toHaveLength(2);
  });
});
