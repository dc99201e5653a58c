import { attribute, type WireItem } from '../../../../functions/shared/items/wire-item.ts';
import { invalid } from '../errors.ts';
import type { Caller } from '../request.ts';
import type { Aws } from '../state.ts';
import { operation, whole, type Work } from '../work.ts';
import { parseProjection } from './expressions/parse-update.ts';
import { type ExpressionInput, scopeOf } from './expressions/scope.ts';
import { consumed } from './item-writes.ts';
import { type Place, placeOfKey } from './keys.ts';
import { assertAllowed } from './policies.ts';
import { itemAt, staleItems } from './rows.ts';
import { type Table, usableTable } from './table-state.ts';
import { sizeOf } from './size.ts';

/** A strongly consistent read of so many bytes costs one unit, any other half a unit. */
const BYTES_PER_READ_UNIT = 4_096;
const MAX_KEYS = 100;

/** Read units of so many bytes. */
export function readUnits(bytes: number, isConsistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / BYTES_PER_READ_UNIT)) * (isConsistent ? 1 : 0.5);
}

interface GetInput extends ExpressionInput {
  readonly TableName?: string;
  readonly Key?: WireItem;
  readonly ConsistentRead?: boolean;
  readonly ProjectionExpression?: string;
  readonly ReturnConsumedCapacity?: string;
}

function readItem(aws: Aws, table: Table, place: Place, isConsistent: boolean): WireItem | undefined {
  const stale = isConsistent ? undefined : staleItems(aws, table);
  return stale?.has(place.key) === true ? stale.get(place.key) : itemAt(table, place);
}

/** The item with only the attributes that a projection names. */
export function projected(item: WireItem, names: readonly string[] | undefined): WireItem {
  if (names === undefined) return item;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = attribute(item, name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function getItem(aws: Aws, caller: Caller, input: GetInput): unknown {
  const { TableName, Key = {}, ConsistentRead = false, ProjectionExpression: text } = input;
  const table = usableTable(aws, TableName);
  assertAllowed(aws, table, { caller, action: 'GetItem' });
  const projection = text === undefined ? undefined : parseProjection(text);
  const scope = scopeOf(input, [projection]);
  const item = readItem(aws, table, placeOfKey(table, Key), ConsistentRead);
  const units = readUnits(item === undefined ? 0 : sizeOf(item), ConsistentRead);
  return {
    ...(item && { Item: projected(item, projection?.expression.map(scope.nameOf)) }),
    ...consumed(input.ReturnConsumedCapacity, table, units),
  };
}

interface BatchGetInput {
  readonly RequestItems?: Readonly<
    Record<string, { readonly Keys?: readonly WireItem[]; readonly ConsistentRead?: boolean }>
  >;
  readonly ReturnConsumedCapacity?: string;
}

interface AskedKey {
  readonly tableName: string;
  readonly key: WireItem;
  readonly isConsistent: boolean;
}

function askedKeys({ RequestItems = {} }: BatchGetInput): readonly AskedKey[] {
  return Object.entries(RequestItems).flatMap(
    ([tableName, { Keys = [], ConsistentRead = false, ...others }]) => {
      if (Object.values(others).some((value) => value !== undefined))
        throw invalid(
          `The in-memory DynamoDB does not know ${Object.keys(others).join(', ')} of BatchGetItem`,
        );
      return Keys.map((key) => ({ tableName, key, isConsistent: ConsistentRead }));
    },
  );
}

/** Reads key by key, as DynamoDB does: the items are not of one moment. */
function batchGet(aws: Aws, caller: Caller, input: BatchGetInput): Work {
  const asked = askedKeys(input);
  const found = new Map<string, WireItem[]>();
  const units = new Map<string, number>();
  let next = -1;
  let served = asked.length;
  const begin = (): void => {
    checkKeys(aws, caller, asked);
    const left = aws.choose(asked.length, 'keys that a BatchGetItem leaves unprocessed');
    served = asked.length - left;
  };
  const readNext = (): void => {
    const { tableName, key, isConsistent } = asked[next] as AskedKey;
    const table = usableTable(aws, tableName);
    const item = readItem(aws, table, placeOfKey(table, key), isConsistent);
    const items = found.get(tableName) ?? [];
    found.set(tableName, item === undefined ? items : [...items, item]);
    const spent = readUnits(item === undefined ? 0 : sizeOf(item), isConsistent);
    units.set(tableName, (units.get(tableName) ?? 0) + spent);
  };
  return {
    subject: () => asked.map(({ tableName, key }) => `${tableName} ${JSON.stringify(key)}`).join(', '),
    step() {
      if (next === -1) begin();
      next += 1;
      if (next < served) readNext();
      return next + 1 < served;
    },
    answer: () => ({
      Responses: Object.fromEntries(found),
      UnprocessedKeys: unprocessedKeys(asked.slice(served)),
      ...(input.ReturnConsumedCapacity === 'TOTAL' && {
        ConsumedCapacity: [...units].map(([TableName, CapacityUnits]) => ({ TableName, CapacityUnits })),
      }),
    }),
  };
}

function checkKeys(aws: Aws, caller: Caller, asked: readonly AskedKey[]): void {
  if (asked.length === 0 || asked.length > MAX_KEYS)
    throw invalid('Too many items requested for the BatchGetItem call');
  const keys = asked.map(({ tableName, key }) => {
    const table = usableTable(aws, tableName);
    assertAllowed(aws, table, { caller, action: 'BatchGetItem' });
    return `${tableName}/${placeOfKey(table, key).key}`;
  });
  if (new Set(keys).size < keys.length) throw invalid('Provided list of item keys contains duplicates');
}

function unprocessedKeys(left: readonly AskedKey[]): object {
  const byTable = Map.groupBy(left, ({ tableName }) => tableName);
  return Object.fromEntries(
    [...byTable].map(([tableName, keys]) => [
      tableName,
      { Keys: keys.map(({ key }) => key), ConsistentRead: keys[0]?.isConsistent ?? false },
    ]),
  );
}

/** GetItem and BatchGetItem. */
export const READ_OPERATIONS = {
  GetItem: operation(
    'TableName Key ConsistentRead ProjectionExpression ExpressionAttributeNames ReturnConsumedCapacity',
    (aws, caller, input: GetInput) =>
      whole(
        () => `${input.TableName} ${JSON.stringify(input.Key)}`,
        () => getItem(aws, caller, input),
      ),
  ),
  BatchGetItem: operation('RequestItems ReturnConsumedCapacity', batchGet),
};
