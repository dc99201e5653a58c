import type { ItemTable } from '../../aws/item-table.ts';
import { keyText, type TableKey } from '../../items/item-key.ts';
import type { WireItem } from '../../items/wire-item.ts';
import { isThrottle } from '../../retry.ts';
import { addTo } from '../load/load-window.ts';
import type { ShardTurn } from '../shard-turn.ts';
import { compareByKey, type ComparedItem, type CompareScope, type FoundItem } from './compare-by-key.ts';
import type { Tally } from './tally.ts';
import { type Step, takeSteps, type Verification } from './verify-shard.ts';

/** Expected items, and where a turn continues that has compared them. */
export interface ExpectedItems<Cursor> {
  readonly items: readonly WireItem[];
  readonly next: Cursor;
  /** Name of the table that they must be in, where a comparison has several. */
  readonly table?: string | undefined;
}

/** What every comparison counts. `items` is what a reader of any shard looks at; `found` and `missing` are its parts. */
export const COMPARED_COUNTERS = ['items', 'expected', 'found', 'missing', 'readUnits', 'throttles'] as const;
type ComparedCounter = (typeof COMPARED_COUNTERS)[number];

/** One shard's comparison. */
export interface ItemComparison<Cursor> {
  readonly items: Pick<ItemTable, 'batchGet'>;
  /** The table of these items; `undefined` where the comparison has only one. */
  readonly tableOf: (name: string | undefined) => ComparedTable;
  /** From the checkpoint on. */
  readonly expected: AsyncGenerator<ExpectedItems<Cursor>>;
  readonly tally: Tally<ComparedCounter>;
  /** Whether time to live may have deleted the item: then it counts as expired, and is not missing. Default: none is. */
  readonly isExpired?: (expected: WireItem) => boolean;
  /** Judges an expected key that holds something; what is missing is counted and named already. */
  readonly judge: (found: FoundItem, table: ComparedTable) => void;
}

/** A table that items are compared with. */
export interface ComparedTable {
  readonly tableName: string;
  readonly key: TableKey;
}

/** As many keys as one request carries. */
const KEYS_TOGETHER = 100;

/** Opens a comparison of expected items with what the table holds under their keys. */
export function openComparison<Cursor>(
  comparison: ItemComparison<Cursor>,
  turn: ShardTurn<Cursor>,
): Verification {
  return {
    next: () => takeSteps(turn, comparison.tally, () => compareSome(comparison, turn)),
    close: async () => void (await comparison.expected.return(undefined)),
  };
}

async function compareSome<Cursor>(
  comparison: ItemComparison<Cursor>,
  turn: ShardTurn<Cursor>,
): Promise<Step<Cursor>> {
  const { taken, next, isAtEnd } = await takeGroup(comparison.expected);
  await compareGroup(comparison, turn, taken);
  return { cursor: next, isAtEnd };
}

interface Group<Cursor> {
  readonly taken: readonly ExpectedItems<Cursor>[];
  /** Absent where nothing was left. */
  readonly next: Cursor | undefined;
  readonly isAtEnd: boolean;
}

/** Expected items for a request; fewer only at the end. */
async function takeGroup<Cursor>(expected: AsyncGenerator<ExpectedItems<Cursor>>): Promise<Group<Cursor>> {
  const all: ExpectedItems<Cursor>[] = [];
  let count = 0;
  let next: Cursor | undefined;
  while (count < KEYS_TOGETHER) {
    const taken = await expected.next();
    if (taken.done === true) return { taken: all, next, isAtEnd: true };
    all.push(taken.value);
    count += taken.value.items.length;
    next = taken.value.next;
  }
  return { taken: all, next, isAtEnd: false };
}

/** Counts nothing before every key of every table is looked up, so that a group can be compared again. */
async function compareGroup<Cursor>(
  comparison: ItemComparison<Cursor>,
  turn: ShardTurn<Cursor>,
  taken: readonly ExpectedItems<Cursor>[],
): Promise<void> {
  const looked: (readonly [ComparedItem, ComparedTable])[] = [];
  for (const [name, ones] of Map.groupBy(taken, (one) => one.table)) {
    const table = comparison.tableOf(name);
    const expected = ones.flatMap(({ items }) => items);
    const compared = await compareByKey(lookUpScope(comparison, turn, table), expected);
    looked.push(...compared.map((one) => [one, table] as const));
  }
  for (const [compared, table] of looked) count(comparison, compared, table);
}

function lookUpScope<Cursor>(
  { items, tally: { counters } }: ItemComparison<Cursor>,
  turn: ShardTurn<Cursor>,
  table: ComparedTable,
): CompareScope {
  const onRetry = (error: unknown): void => {
    if (isThrottle(error)) counters.throttles += 1;
  };
  return {
    ...table,
    items,
    retry: (attempt) => turn.retry(attempt, onRetry),
    onRead: (readUnits) => {
      counters.readUnits += readUnits;
    },
  };
}

function count<Cursor>(
  { tally, judge, isExpired = () => false }: ItemComparison<Cursor>,
  { expected, existing }: ComparedItem,
  table: ComparedTable,
): void {
  const { counters } = tally;
  counters.items += 1;
  counters.expected += 1;
  if (existing === undefined && isExpired(expected)) {
    addTo(counters, { expired: 1 });
  } else if (existing === undefined) {
    counters.missing += 1;
    tally.sample('missing', keyText(expected, table.key));
  } else {
    counters.found += 1;
    judge({ expected, existing }, table);
  }
}
