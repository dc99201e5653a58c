import type { ItemTable } from '../../aws/item-table.ts';
import { keyText, type TableKey } from '../../items/item-key.ts';
import type { WireItem } from '../../items/wire-item.ts';
import { isThrottle, isTransient } from '../../retry.ts';
import type { ShardTurn } from '../shard-turn.ts';
import { compareByKey, type FoundItem } from './compare-by-key.ts';
import type { Tally } from './tally.ts';
import { CHECKPOINT_MILLIS, type Verification } from './verify-shard.ts';

/** Items that must be there, and where a turn goes on that has compared them. */
export interface ExpectedItems<Cursor> {
  readonly items: readonly WireItem[];
  readonly next: Cursor;
}

/** What every comparison counts. `items` is what a reader of any shard looks at; `found` and `missing` are its parts. */
export const COMPARED_COUNTERS = ['items', 'expected', 'found', 'missing', 'readUnits', 'throttles'] as const;
type ComparedCounter = (typeof COMPARED_COUNTERS)[number];

/** One shard's comparison. */
export interface ItemComparison<Cursor> {
  readonly items: Pick<ItemTable, 'batchGet'>;
  readonly tableName: string;
  readonly key: TableKey;
  /** From the checkpoint on. */
  readonly expected: AsyncGenerator<ExpectedItems<Cursor>>;
  readonly tally: Tally<ComparedCounter>;
  /** Judges an expected key that holds something; what is missing is counted and named already. */
  readonly judge: (found: FoundItem) => void;
}

/** As many keys as one request carries. */
const KEYS_TOGETHER = 100;

/** Opens a comparison of expected items with what the table holds under their keys. */
export function openComparison<Cursor>(
  comparison: ItemComparison<Cursor>,
  turn: ShardTurn<Cursor>,
): Verification {
  return {
    next: () => compareSome(comparison, turn),
    close: async () => void (await comparison.expected.return(undefined)),
  };
}

async function compareSome<Cursor>(
  comparison: ItemComparison<Cursor>,
  turn: ShardTurn<Cursor>,
): Promise<boolean> {
  const until = turn.clock.now() + CHECKPOINT_MILLIS;
  let cursor: Cursor | undefined;
  let isAtEnd = false;
  let failure: { readonly error: unknown } | undefined;
  try {
    do {
      const group = await takeGroup(comparison.expected);
      await compareGroup(comparison, turn, group.items);
      cursor = group.next ?? cursor;
      isAtEnd = group.isAtEnd;
    } while (!isAtEnd && turn.clock.now() < until && !turn.isShort());
  } catch (error) {
    failure = { error };
  }
  const hasMoved = isAtEnd || cursor !== undefined;
  if (hasMoved)
    await turn.save({ ...comparison.tally.saved(), done: isAtEnd, cursor: isAtEnd ? undefined : cursor });
  if (failure !== undefined && !(hasMoved && isTransient(failure.error))) throw failure.error;
  return failure === undefined;
}

interface Group<Cursor> {
  readonly items: readonly WireItem[];
  /** Absent where nothing was left. */
  readonly next: Cursor | undefined;
  readonly isAtEnd: boolean;
}

/** Expected items for a request; fewer only at the end. */
async function takeGroup<Cursor>(expected: AsyncGenerator<ExpectedItems<Cursor>>): Promise<Group<Cursor>> {
  const items: WireItem[] = [];
  let next: Cursor | undefined;
  while (items.length < KEYS_TOGETHER) {
    const taken = await expected.next();
    if (taken.done === true) return { items, next, isAtEnd: true };
    items.push(...taken.value.items);
    next = taken.value.next;
  }
  return { items, next, isAtEnd: false };
}

/** Counts nothing before every key is looked up, so that a group can be compared again. */
async function compareGroup<Cursor>(
  { items, tableName, key, tally, judge }: ItemComparison<Cursor>,
  turn: ShardTurn<Cursor>,
  expected: readonly WireItem[],
): Promise<void> {
  const { counters } = tally;
  const onRetry = (error: unknown): void => {
    if (isThrottle(error)) counters.throttles += 1;
  };
  const scope = {
    items,
    tableName,
    key,
    retry: <T>(attempt: () => Promise<T>): Promise<T> => turn.retry(attempt, onRetry),
    onRead: (readUnits: number): void => {
      counters.readUnits += readUnits;
    },
  };
  for (const compared of await compareByKey(scope, expected)) {
    counters.items += 1;
    counters.expected += 1;
    const { existing } = compared;
    if (existing === undefined) {
      counters.missing += 1;
      tally.sample('missing', keyText(compared.expected, key));
    } else {
      counters.found += 1;
      judge({ expected: compared.expected, existing });
    }
  }
}
