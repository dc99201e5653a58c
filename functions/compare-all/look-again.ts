import { sideBySide } from '../shared/copy/pipeline.ts';
import { type KeyEnd, reconcileBatch } from '../shared/copy/reconcile/reconcile-batch.ts';
import type { Reconciled } from '../shared/copy/reconcile/reconcile.ts';
import { conflictKey, differingKey, type StayingKey } from '../shared/copy/reconcile/staying-keys.ts';
import { keyIdentity, keyText } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { waitForKeys } from '../shared/copy/reconcile/take-up-pending.ts';
import { nameKey } from '../shared/ledger/sync-names.ts';
import { isTransient } from '../shared/retry.ts';
import { watchDoubt } from '../shared/runtime.ts';
import { excuseExpired, type LookEnd } from './expired-source.ts';
import type { OpenCompare } from './open-compare.ts';

/** What the first look says of one item. */
export interface Finding {
  /** Key of the source item that is to be looked at again; absent: nothing differs. */
  readonly suspect?: WireItem | undefined;
  /** What stays as it is although the source says something else, and is named. */
  readonly stays?: (end: LookEnd | undefined) => readonly StayingKey[];
  /** Counts the item, once, when nothing is left to be done for it. */
  readonly count: (end: LookEnd | undefined) => void;
}

type Ends = ReadonlyMap<string, KeyEnd>;

/**
 * Looks again at the source items that are suspected, and repairs them where the compare may. Counts the findings in
 * their order, up to the first one that time was too short for, or that failed with what passes.
 *
 * @returns how many are counted; one at least, where there are any
 * @throws what the first of them failed with; otherwise only what does not pass
 */
export async function lookAgain(compare: OpenCompare, findings: readonly Finding[]): Promise<number> {
  const { reconcile, repairs, turn, runtime } = compare;
  const { key: sourceKey } = runtime.migration.source;
  const keys = findings.map(({ suspect }) => suspect).filter((key) => key !== undefined);
  let begun = 0;
  const isShort = (): boolean => {
    begun += 1;
    // The first one is always looked at, so that a turn without time moves on as well.
    return begun > 1 && turn.isShort();
  };
  const doubt = watchDoubt(runtime);
  const found = await reconcileBatch(reconcile, { keys, sourceKey, repair: repairs, isShort });
  await noteEnds(compare, found, doubt());
  const ends = await excuseExpired(compare, found);
  const results = findings.map(({ suspect }) => suspect && ends.get(keyIdentity(suspect, sourceKey)));
  const open = results.findIndex((end) => end !== undefined && !isSettled(end));
  const [first] = results;
  if (open === 0 && first?.outcome === 'failed') throw first.error;
  const settled = open === -1 ? findings.length : open;
  await countAll(compare, findings.slice(0, settled), results);
  return settled;
}

type SettledEnd = Extract<KeyEnd, Reconciled>;

function isSettled(end: KeyEnd): end is SettledEnd {
  return end.outcome !== 'failed' && end.outcome !== 'unstarted';
}

/**
 * What has happened for good, whether or not the item's finding is counted now.
 *
 * @param quietAt until when a write without an answer may still take effect (epoch milliseconds); absent: there is none
 */
async function noteEnds(compare: OpenCompare, ends: Ends, quietAt: number | undefined): Promise<void> {
  const { tally, repairs, runtime, turn } = compare;
  const { counters } = tally;
  const { key } = runtime.migration.source;
  for (const end of ends.values()) {
    counters.readUnits += end.readUnits;
    counters.writeUnits += end.writeUnits;
    counters.throttles += end.throttles;
    if (end.outcome !== 'repaired') continue;
    counters.repaired += 1;
    tally.sample('repaired', keyText(end.sourceKey, key));
  }
  if (repairs) await waitForKeys(runtime, turn.run.runId, waitingOf(compare, ends, quietAt));
  for (const end of ends.values()) if (end.outcome === 'failed' && !isTransient(end.error)) throw end.error;
}

/** Keys that the sync looks at again with its next change records. */
function waitingOf(
  { runtime: { migration, clock } }: OpenCompare,
  ends: Ends,
  quietAt: number | undefined,
): Parameters<typeof waitForKeys>[2] {
  // Nobody knows which key's write it was that got no answer. It may land behind the last look at that key.
  const doubtful = quietAt === undefined ? {} : { quietAt };
  const waiting = [...ends.values()].filter(({ outcome }) => outcome === 'pending' || quietAt !== undefined);
  return waiting.map(({ sourceKey, outcome }) => ({
    key: sourceKey,
    text: keyText(sourceKey, migration.source.key),
    reason: outcome === 'pending' ? RESTLESS : DOUBTFUL,
    since: clock.now(),
    ...doubtful,
  }));
}

const RESTLESS = 'It changed at every look of a compare.';
const DOUBTFUL = 'A write of a compare got no answer, and may still take effect.';

/** Names first: what cannot be named is not counted, and the findings are taken again. */
async function countAll(
  compare: OpenCompare,
  findings: readonly Finding[],
  ends: readonly (KeyEnd | undefined)[],
): Promise<void> {
  const { tally } = compare;
  const settled = findings.map((_, index) => {
    const end = ends[index];
    return end !== undefined && isSettled(end) ? end : undefined;
  });
  const distinct = [...new Set(settled)].filter((end) => end !== undefined);
  const restless = restlessOf(distinct, compare);
  const own = findings.flatMap(({ stays }, index) => stays?.(settled[index]) ?? []);
  const staying = [...own, ...lostOf(distinct)];
  // What never rested is pending while the compare repairs, and so has a record already.
  const named = await nameAll(compare, compare.repairs ? staying : [...staying, ...restless]);
  for (const [index, { count }] of findings.entries()) count(settled[index]);
  for (const { kind, text, isByHand = false } of [...staying, ...restless]) {
    tally.counters[COUNTER_OF[kind]] += 1;
    if (isByHand) tally.counters.byHand += 1;
    tally.sample(COUNTER_OF[kind], text);
  }
  tally.counters.named += named;
}

const COUNTER_OF = { conflict: 'conflicts', quarantined: 'quarantined', differing: 'differing' } as const;

/** Each source item once, however many of its items were suspected. */
function restlessOf(ends: readonly SettledEnd[], { runtime }: OpenCompare): readonly StayingKey[] {
  const pending = ends.filter(({ outcome }) => outcome === 'pending');
  return pending.map(({ sourceKey }) => differingKey(keyText(sourceKey, runtime.migration.source.key), []));
}

/** Belongs to no finding: the item may be any of the source item's. */
function lostOf(ends: readonly SettledEnd[]): readonly StayingKey[] {
  return ends.flatMap(({ conflicts }) => conflicts.filter(({ kind }) => kind === 'lost').map(conflictKey));
}

/** Keys that a shard names; all are counted. */
const MAX_NAMED = 1_000;

/** A compare without a sync has its samples only. @returns how many it has named */
async function nameAll(
  { runtime: { ledger }, turn, tally }: OpenCompare,
  staying: readonly StayingKey[],
): Promise<number> {
  const { run, clock } = turn;
  if (run.kind !== 'sync') return 0;
  const room = Math.max(0, MAX_NAMED - tally.counters.named);
  const named = staying.slice(0, room);
  await sideBySide(NAMES_IN_FLIGHT, named, (key) =>
    turn.retry(() => nameKey(ledger, run.runId, { ...key, seenAt: clock.now() })),
  );
  return named.length;
}

const NAMES_IN_FLIGHT = 16;
