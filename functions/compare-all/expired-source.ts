import type { KeyEnd } from '../shared/copy/reconcile/reconcile-batch.ts';
import type { Reconciled } from '../shared/copy/reconcile/reconcile.ts';
import { findPending } from '../shared/ledger/sync-records.ts';
import type { OpenCompare } from './open-compare.ts';

/** How a look at a source item ended. */
export type LookEnd = Reconciled & {
  /** Nothing differs but that time to live has deleted the source item since the sync stopped writing. */
  readonly isExpired?: true;
};

const POLL_MILLIS = 500;

/**
 * During a cut over nothing writes into the target, so the items of a source item that expires then stay there. That is no
 * difference: the change record of the deletion says that it was time to live, and is noted as pending. It may come some
 * seconds after the deletion.
 *
 * @param ends by the identity of the source key
 * @returns the same, with what is excused marked as equal
 */
export async function excuseExpired<End extends KeyEnd>(
  compare: OpenCompare,
  ends: ReadonlyMap<string, End>,
): Promise<ReadonlyMap<string, End & { readonly isExpired?: true }>> {
  const { run } = compare.turn;
  if (run.kind !== 'sync' || run.status !== 'SWITCHING') return ends;
  const tooMany = [...ends].filter(([, end]) => isOnlyTooMuch(end)).map(([identity]) => identity);
  if (tooMany.length === 0) return ends;
  const expired = await expiredOf(compare, tooMany);
  return new Map(
    [...ends].map(([identity, end]) => [
      identity,
      expired.has(identity) ? { ...end, outcome: 'equal', differences: [], isExpired: true } : end,
    ]),
  );
}

const isOnlyTooMuch = (end: KeyEnd): boolean =>
  end.outcome === 'different' && end.differences.every(({ kind }) => kind === 'extra');

async function expiredOf(
  { runtime, turn, patience }: OpenCompare,
  identities: readonly string[],
): Promise<ReadonlySet<string>> {
  const { ledger, sleep } = runtime;
  const mayExpire = turn.run.plan.timeToLiveAttribute !== undefined;
  for (;;) {
    const noted = await turn.retry(() => findPending(ledger, turn.run.runId, identities));
    const isDone = noted.size === identities.length || !mayExpire;
    if (isDone || patience.leftMillis <= 0 || turn.isShort())
      return new Set(identities.filter((identity) => noted.get(identity)?.isExpiry === true));
    patience.leftMillis -= POLL_MILLIS;
    await sleep(POLL_MILLIS);
  }
}
