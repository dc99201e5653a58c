import type { WireItem } from '../../../../functions/shared/items/wire-item.ts';
import { invalid } from '../errors.ts';
import type { Caller } from '../request.ts';
import type { Aws } from '../state.ts';
import { operation } from '../work.ts';
import { attributesOf, type Place, placeOfKey } from './keys.ts';
import { type PageSource, readPage } from './page.ts';
import { assertAllowed } from './policies.ts';
import { rowAfter } from './rows.ts';
import { type Table, usableTable } from './table-state.ts';

/** One more than the highest hash. */
const HASHES = 2 ** 32;
const MAX_SEGMENTS = 1_000_000;

interface ScanInput {
  readonly TableName?: string;
  readonly Segment?: number;
  readonly TotalSegments?: number;
  readonly ExclusiveStartKey?: WireItem;
  readonly Limit?: number;
  readonly ConsistentRead?: boolean;
  readonly ReturnConsumedCapacity?: string;
}

/** A part of the hashes; `to` is excluded. */
interface HashRange {
  readonly from: number;
  readonly to: number;
}

function rangeOf({ Segment, TotalSegments }: ScanInput): HashRange {
  if ((Segment === undefined) !== (TotalSegments === undefined))
    throw invalid(
      'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
    );
  if (Segment === undefined || TotalSegments === undefined) return { from: 0, to: HASHES };
  if (TotalSegments < 1 || TotalSegments > MAX_SEGMENTS || Segment < 0 || Segment >= TotalSegments)
    throw invalid(
      `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${Segment} is not less than TotalSegments: ${TotalSegments}`,
    );
  return {
    from: Math.ceil((Segment * HASHES) / TotalSegments),
    to: Math.ceil(((Segment + 1) * HASHES) / TotalSegments),
  };
}

function startOf(table: Table, { ExclusiveStartKey: key }: ScanInput, range: HashRange): Omit<Place, 'key'> {
  if (key === undefined) return { hash: range.from, partition: '', sort: undefined };
  const place = placeOfKey(table, key);
  if (place.hash < range.from || place.hash >= range.to)
    throw invalid('The provided starting key is outside the range of the segment');
  return place;
}

function openScan(aws: Aws, caller: Caller, input: ScanInput): PageSource {
  const table = usableTable(aws, input.TableName);
  assertAllowed(aws, table, { caller, action: 'Scan' });
  const range = rangeOf(input);
  let place = startOf(table, input, range);
  const { Limit: limit, ConsistentRead = false, ReturnConsumedCapacity: capacity } = input;
  if (limit !== undefined && limit < 1) throw invalid('Limit must be greater than or equal to 1');
  return {
    table,
    limit,
    capacity,
    isConsistent: ConsistentRead,
    isKept: () => true,
    shape: (item) => item,
    startNames: attributesOf(table.key).map(({ name }) => name),
    next() {
      const row = rowAfter(table, place);
      if (row === undefined || row.hash >= range.to) return undefined;
      place = row;
      return row;
    },
  };
}

/** Scan of a table, as a whole or in segments. */
export const SCAN_OPERATIONS = {
  Scan: operation(
    'TableName Segment TotalSegments ExclusiveStartKey Limit ConsistentRead ReturnConsumedCapacity',
    (aws, caller, input: ScanInput) => {
      const { TableName, Segment = 0, TotalSegments = 1 } = input;
      return readPage(aws, `${TableName} ${Segment}/${TotalSegments}`, () => openScan(aws, caller, input));
    },
  ),
};
