import * as fc from 'fast-check';
import type { WireItem } from '../../../../functions/shared/items/wire-item.ts';
import {
  condition,
  expressionsOf,
  type Piece,
  placeholdersOf,
  safeUpdate,
  update,
} from './arbitrary-expressions.ts';
import { indexQuery, query, scan } from './arbitrary-queries.ts';
import { item, maybe, target } from './arbitrary-targets.ts';
import { comparable, type ComparedRequest } from './compared-request.ts';
import { CREATIONS, NUMBERED, PLAIN, SORTED } from './tables.ts';

function conditional(piece: Piece | undefined): Readonly<Record<string, unknown>> {
  if (piece === undefined) return {};
  const expressions = expressionsOf([piece]);
  return { ConditionExpression: expressions.texts[0], ...placeholdersOf(expressions) };
}

const returns = fc.constantFrom({}, { ReturnValues: 'ALL_OLD' });
const onFailure = fc.constantFrom({}, { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' });

const put = fc.tuple(item, maybe(condition), returns, onFailure).map(([what, piece, old, failed]) => ({
  operation: 'PutItem',
  input: { ...what, ...conditional(piece), ...old, ...failed },
}));

const remove = fc
  .tuple(target, maybe(condition), returns, onFailure)
  .map(([{ TableName, key }, piece, old, failed]) => ({
    operation: 'DeleteItem',
    input: { TableName, Key: key, ...conditional(piece), ...old, ...failed },
  }));

function updating(piece: Piece, on: Piece | undefined): Readonly<Record<string, unknown>> {
  const expressions = expressionsOf(on === undefined ? [piece] : [piece, on]);
  const [UpdateExpression, ConditionExpression] = expressions.texts;
  return {
    UpdateExpression,
    ...(ConditionExpression !== undefined && { ConditionExpression }),
    ...placeholdersOf(expressions),
  };
}

const change = fc
  .tuple(target, update, maybe(condition), fc.constantFrom({}, { ReturnValues: 'ALL_NEW' }), onFailure)
  .map(([{ TableName, key }, piece, on, old, failed]) => ({
    operation: 'UpdateItem',
    input: { TableName, Key: key, ...updating(piece, on), ...old, ...failed },
  }));

const get = target.map(({ TableName, key }) => ({
  operation: 'GetItem',
  input: { TableName, Key: key, ConsistentRead: true },
}));

const batchWrite = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: item.map(({ TableName, Item }) => ({ TableName, write: { PutRequest: { Item } } })),
      },
      target.map(({ TableName, key }) => ({ TableName, write: { DeleteRequest: { Key: key } } })),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((writes) => ({
    operation: 'BatchWriteItem',
    input: {
      RequestItems: Object.fromEntries(
        [...Map.groupBy(writes, ({ TableName }) => TableName)].map(([name, all]) => [
          name,
          all.map(({ write }) => write),
        ]),
      ),
    },
  }));

const transactPart = fc
  .tuple(
    fc.constantFrom('Put', 'Update', 'Delete', 'ConditionCheck'),
    item,
    target,
    safeUpdate,
    maybe(condition),
    condition,
    onFailure,
  )
  .map(([kind, what, { TableName, key }, piece, on, always, failed]) => {
    if (kind === 'Put') return { Put: { ...what, ...conditional(on), ...failed } };
    if (kind === 'Update') return { Update: { TableName, Key: key, ...updating(piece, on), ...failed } };
    return { [kind]: { TableName, Key: key, ...conditional(kind === 'Delete' ? on : always), ...failed } };
  });

/** DynamoDB Local judges a transaction that names an item twice otherwise than DynamoDB does, so none does. */
const transact = fc
  .uniqueArray(transactPart, { minLength: 1, maxLength: 4, selector: placeIn })
  .map((TransactItems) => ({ operation: 'TransactWriteItems', input: { TransactItems } }));

function placeIn(part: object): string {
  const [{ TableName, Key, Item = {} } = {}] = Object.values(part) as {
    TableName?: string;
    Key?: WireItem;
    Item?: WireItem;
  }[];
  const keyed =
    Key ??
    Object.fromEntries(Object.entries(Item).filter(([name]) => ['id', 'n', 'PK', 'SK'].includes(name)));
  return `${TableName} ${JSON.stringify(comparable(keyed))}`;
}

/** Changes that make a request one that DynamoDB refuses. */
const spoilt = fc
  .tuple(
    fc.oneof(put, remove, change),
    fc.constantFrom<Readonly<Record<string, unknown>>[]>(
      { ConditionExpression: '#missing = :v0' },
      { ConditionExpression: 'attribute_exists(#n0) AND #n0 = :missing' },
      { ExpressionAttributeNames: { '#unused': 'a' } },
      { Key: { id: { S: '' } } },
      { Key: { other: { S: 'x' } } },
      { Item: { a: { S: 'without key' } } },
    ),
  )
  .map(([request, change]) => ({ ...request, input: spoil(request.input, change) }));

function spoil(input: Readonly<Record<string, unknown>>, change: Readonly<Record<string, unknown>>) {
  const applied = Object.entries(change).filter(
    ([name]) => (name !== 'Key' && name !== 'Item') || name in input,
  );
  return { ...input, ...Object.fromEntries(applied) };
}

const named = (operation: string, TableName: string, input: object = {}): ComparedRequest => ({
  operation,
  input: { TableName, ...input },
});
const timeToLive = (TableName: string, Enabled: boolean): ComparedRequest =>
  named('UpdateTimeToLive', TableName, { TimeToLiveSpecification: { AttributeName: 'a', Enabled } });

/** About tables that exist, come and go, or never existed. */
const tableRequest = fc.constantFrom<ComparedRequest[]>(
  ...CREATIONS,
  ...[PLAIN, SORTED, NUMBERED, 'missing', 'coming'].map((name) => named('DescribeTable', name)),
  named('CreateTable', 'coming', { ...CREATIONS[0]?.input, TableName: 'coming' }),
  named('DeleteTable', 'coming'),
  named('DeleteTable', 'missing'),
  named('PutItem', 'coming', { Item: { id: { S: 'p' } } }),
  named('PutItem', 'missing', { Item: { id: { S: 'p' } } }),
  named('GetItem', 'missing', { Key: { id: { S: 'p' } } }),
  named('DescribeTimeToLive', PLAIN),
  named('DescribeTimeToLive', 'missing'),
  timeToLive(PLAIN, true),
  timeToLive(SORTED, false),
  timeToLive('missing', true),
  named('UpdateTable', 'coming', { DeletionProtectionEnabled: true }),
  named('UpdateTable', 'coming', { DeletionProtectionEnabled: false }),
  named('UpdateTable', 'missing', { DeletionProtectionEnabled: true }),
);

/** Requests about items of the tables, most of them such that DynamoDB accepts them. */
export const arbitraryRequests: fc.Arbitrary<readonly ComparedRequest[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: put },
    { weight: 4, arbitrary: change },
    { weight: 2, arbitrary: remove },
    { weight: 2, arbitrary: get },
    { weight: 2, arbitrary: batchWrite },
    { weight: 3, arbitrary: transact },
    { weight: 1, arbitrary: scan },
    { weight: 2, arbitrary: query },
    { weight: 1, arbitrary: indexQuery },
    { weight: 1, arbitrary: spoilt },
    { weight: 2, arbitrary: tableRequest },
  ),
  { minLength: 25, maxLength: 25 },
);
