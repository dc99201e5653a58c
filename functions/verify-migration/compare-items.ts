import { keyIdentity, keyText } from '../migrations/shop/target-key.ts';
import { haveSameDigest, isAsMigrated, isOfRun, isSameContent } from '../migrations/shop/as-written.ts';
import type { WireItem } from '../shared/items/wire-item.ts';

/** What an expected key holds. */
export type ItemVerdict =
  /** The item as the run wrote it. */
  | 'same'
  | 'missing'
  /** Anything else, in a table that the run created. */
  | 'different'
  /** Written by the run into a table that was there before, and changed by somebody since. */
  | 'changedSince'
  /** Written by others, and what the source says: it was there before and was left as it was. */
  | 'alreadyPresent'
  /** Written by others, and not what the source says; it was left as it was all the same. */
  | 'presentDifferent';

/** The run that is verified, and its target. */
export interface ComparedTarget {
  readonly runId: string;
  /** ISO 8601: what the run puts where the source has no time. */
  readonly runStartedAt: string;
  /** The run created the table, so that nothing but its own items may be there. */
  readonly isCreated: boolean;
}

/** Judges one key. */
export function judgeItem(
  { expected, existing }: { readonly expected: WireItem; readonly existing: WireItem | undefined },
  { runId, runStartedAt, isCreated }: ComparedTarget,
): ItemVerdict {
  if (existing === undefined) return 'missing';
  const isOurs = isOfRun(existing, runId);
  if (isOurs && haveSameDigest(existing, expected) && isAsMigrated(existing)) return 'same';
  if (isCreated) return 'different';
  if (isOurs) return 'changedSince';
  return isSameContent(existing, expected, runStartedAt) ? 'alreadyPresent' : 'presentDifferent';
}

const VERDICTS = [
  'same',
  'missing',
  'different',
  'changedSince',
  'alreadyPresent',
  'presentDifferent',
] as const satisfies readonly ItemVerdict[];
const MAX_SAMPLES = 20;

/** How many keys hold what, and the first keys of each kind that a reader wants to see. */
export interface Comparison {
  readonly counts: Readonly<Record<ItemVerdict, number>>;
  readonly samples: Readonly<Record<string, readonly string[]>>;
}

/** Compares expected items with those that stand there, in any order. */
export function compareItems(
  { expected, existing }: { readonly expected: readonly WireItem[]; readonly existing: readonly WireItem[] },
  target: ComparedTarget,
): Comparison {
  const byKey = new Map(existing.map((item) => [keyIdentity(item), item]));
  const judged = expected.map((item) => {
    const verdict = judgeItem({ expected: item, existing: byKey.get(keyIdentity(item)) }, target);
    return { verdict, key: keyText(item) };
  });
  const keysOf = (wanted: ItemVerdict): string[] =>
    judged.filter(({ verdict }) => verdict === wanted).map(({ key }) => key);
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, keysOf(verdict).length]));
  const named = (['missing', 'different', 'changedSince', 'presentDifferent'] as const).map((kind) => [
    kind,
    keysOf(kind).slice(0, MAX_SAMPLES),
  ]);
  return { counts: counts as Comparison['counts'], samples: Object.fromEntries(named) };
}
