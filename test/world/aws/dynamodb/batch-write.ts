import { MAX_ITEM_BYTES } from '../../../../functions/shared/items/item-size.ts';
import type { WireItem } from '../../../../functions/shared/items/wire-item.ts';
import { dynamoError, invalid } from '../errors.ts';
import type { Caller } from '../request.ts';
import type { Aws } from '../state.ts';
import { operation, type Work } from '../work.ts';
import { writeUnits } from './item-writes.ts';
import { indexKeyProblem, type Place, placeOfItem, placeOfKey } from './keys.ts';
import { assertAllowed } from './policies.ts';
import { itemAt, writeRow } from './rows.ts';
import { type Table, usableTable } from './table-state.ts';
import { canonicalItem } from './values.ts';
import { sizeOf } from './size.ts';

const MAX_WRITES = 25;

interface WriteRequest {
  readonly PutRequest?: { readonly Item?: WireItem };
  readonly DeleteRequest?: { readonly Key?: WireItem };
}

interface BatchWriteInput {
  readonly RequestItems?: Readonly<Record<string, readonly WriteRequest[]>>;
  readonly ReturnConsumedCapacity?: string;
}

/** One write of a batch. */
interface BatchedWrite {
  readonly tableName: string;
  readonly request: WriteRequest;
  readonly table: Table;
  readonly place: Place;
  readonly after: WireItem | undefined;
}

function readWrite(table: Table, tableName: string, request: WriteRequest): BatchedWrite {
  const { PutRequest, DeleteRequest } = request;
  if (PutRequest === undefined) {
    const place = placeOfKey(table, DeleteRequest?.Key ?? {});
    return { tableName, request, table, place, after: undefined };
  }
  const after = canonicalItem(PutRequest.Item ?? {});
  const place = placeOfItem(table, after);
  const refusal = indexKeyProblem(table, after);
  if (refusal !== undefined) throw refusal;
  if (sizeOf(after) > MAX_ITEM_BYTES) throw invalid('Item size has exceeded the maximum allowed size');
  return { tableName, request, table, place, after };
}

/** The whole batch is refused for one bad item. */
function readBatch(aws: Aws, caller: Caller, { RequestItems = {} }: BatchWriteInput): BatchedWrite[] {
  const writes = Object.entries(RequestItems).flatMap(([tableName, requests]) => {
    const table = usableTable(aws, tableName);
    assertAllowed(aws, table, { caller, action: 'BatchWriteItem' });
    return requests.map((request) => readWrite(table, tableName, request));
  });
  if (writes.length === 0 || writes.length > MAX_WRITES)
    throw invalid('Too many items requested for the BatchWriteItem call');
  const keys = writes.map(({ tableName, place }) => `${tableName}/${place.key}`);
  if (new Set(keys).size < keys.length) throw invalid('Provided list of item keys contains duplicates');
  return writes;
}

/** Takes items out until as many are left as DynamoDB does not take. At least one is taken. */
function takeUnprocessed(aws: Aws, writes: BatchedWrite[]): BatchedWrite[] {
  const count = aws.choose(writes.length, 'items that a BatchWriteItem leaves unprocessed');
  return Array.from({ length: count }, () => {
    const index = aws.choose(writes.length, 'which item is unprocessed');
    return writes.splice(index, 1)[0] as BatchedWrite;
  });
}

/** Writes item by item, in any order. */
function batchWrite(aws: Aws, caller: Caller, input: BatchWriteInput): Work {
  let left: BatchedWrite[] | undefined;
  let unprocessed: BatchedWrite[] = [];
  const units = new Map<string, number>();
  const applyOne = (writes: BatchedWrite[]): void => {
    const index = aws.choose(writes.length, 'which item of a batch is written next');
    const [write] = writes.splice(index, 1) as [BatchedWrite];
    const { table, tableName, place, after } = write;
    if (table.locks.has(place.key)) {
      unprocessed.push(write);
      return;
    }
    const before = itemAt(table, place);
    writeRow(aws, table, { place, after });
    units.set(tableName, (units.get(tableName) ?? 0) + writeUnits(before, after));
  };
  return {
    subject: Object.entries(input.RequestItems ?? {})
      .map(([name, requests]) => `${name} (${requests.length})`)
      .join(', '),
    step() {
      if (left === undefined) {
        left = readBatch(aws, caller, input);
        unprocessed = takeUnprocessed(aws, left);
      }
      applyOne(left);
      if (left.length > 0) return true;
      if (units.size === 0)
        throw dynamoError('ProvisionedThroughputExceededException', 'No item was written');
      return false;
    },
    answer: () => ({
      UnprocessedItems: Object.fromEntries(
        [...Map.groupBy(unprocessed, ({ tableName }) => tableName)].map(([tableName, writes]) => [
          tableName,
          writes.map(({ request }) => request),
        ]),
      ),
      ...(input.ReturnConsumedCapacity === 'TOTAL' && {
        ConsumedCapacity: [...units].map(([TableName, CapacityUnits]) => ({ TableName, CapacityUnits })),
      }),
    }),
  };
}

/** BatchWriteItem. */
export const BATCH_OPERATIONS = {
  BatchWriteItem: operation('RequestItems ReturnConsumedCapacity', batchWrite),
};
