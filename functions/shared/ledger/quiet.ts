import { type Claims, longestWaitMillis, quietFrom, released } from './claims.ts';
import { type ClaimRecord, closeClaim, listClaims } from './claim-records.ts';
import type { LedgerKey } from './ledger-table.ts';
import { findAnyRun, findRun, type Run } from './run.ts';
import { listAnnouncers } from './table-record.ts';
import { isEndStatus } from './transition.ts';
import { fenceMillisOf, inDoubtUntil, type Runtime } from '../runtime.ts';

/**
 * Closes this call's own claim at its end. Never throws: a claim that stays open only costs a wait.
 *
 * @param claims the record's, as this call has claimed it
 */
export async function letGo(
  runtime: Pick<Runtime, 'ledger' | 'clock' | 'inDoubt' | 'logger'>,
  key: LedgerKey,
  claims: Claims,
): Promise<void> {
  const { claim: call } = claims;
  if (call === undefined) return;
  const { quietAt } = released(claims, inDoubtUntil(runtime));
  await closeClaim(runtime.ledger, { key, call }, quietAt).catch((error: unknown) => {
    runtime.logger.warn('A claim stays open', { ...key, error });
  });
}

/** Between two looks at calls that may be through before their time is up. */
const LOOK_AGAIN_MILLIS = 2_000;

type QuietScope = Pick<Runtime, 'ledger' | 'clock' | 'config' | 'sleep' | 'logger'>;

/**
 * Epoch milliseconds from which no request of the run's workers can take effect any more; 0: it is quiet already.
 *
 * @param stoppedAt when the run's status was written that stops them (epoch milliseconds)
 */
export async function quietTimeOf(
  { ledger, clock, config }: Pick<QuietScope, 'ledger' | 'clock' | 'config'>,
  run: Run,
  stoppedAt: number,
): Promise<number> {
  const now = clock.now();
  const fenceMillis = fenceMillisOf(config);
  const records = await listClaims(ledger, run.runId, now);
  const { quietAt = 0 } = run;
  const ownQuietAt = quietAt > now + longestWaitMillis(fenceMillis) ? 0 : quietAt;
  return Math.max(ownQuietAt, quietFrom(records, stoppedAt, fenceMillis));
}

async function closeAll(scope: QuietScope, records: readonly ClaimRecord[], quietAt: number): Promise<void> {
  for (const { PK, SK, claim, quietAt: earlier = 0 } of records)
    if (claim !== undefined)
      await closeClaim(scope.ledger, { key: { PK, SK }, call: claim }, Math.max(quietAt, earlier));
}

async function waitUntil(scope: QuietScope, runId: string, quietAt: number): Promise<void> {
  const millis = quietAt - scope.clock.now();
  if (millis <= 0) return;
  const seconds = Math.ceil(millis / 1_000);
  scope.logger.info('Waiting until late requests of earlier calls are through', { runId, seconds });
  await scope.sleep(millis);
}

/**
 * Returns when nothing that earlier calls of a RUNNING run have sent can take effect any more. A claim that is still
 * open belongs to a second call of a worker whose work is done: it is closed, which stops that call. Waits only where
 * something was left open: 30 s behind a claim, 60 s behind a request without an answer.
 */
export async function untilQuiet(scope: QuietScope, run: Run): Promise<void> {
  await isQuietWithin(scope, run, Number.POSITIVE_INFINITY);
}

/**
 * {@link untilQuiet} where the time allows it.
 *
 * @param millis how long it may wait
 * @returns false: that is too short, and nothing was waited for
 */
export async function isQuietWithin(scope: QuietScope, { runId }: Run, millis: number): Promise<boolean> {
  const now = scope.clock.now();
  const records = await listClaims(scope.ledger, runId, now);
  await closeAll(scope, records, now + fenceMillisOf(scope.config));
  const quietAt = quietFrom(records, now, fenceMillisOf(scope.config));
  if (quietAt - scope.clock.now() > millis) return false;
  await waitUntil(scope, runId, quietAt);
  return true;
}

/**
 * The same for a HELD run, before it is resumed: its status has stopped its workers already. Claims that are still
 * open are those of dead calls, and are closed once nothing of theirs can follow.
 */
export async function untilHeldRunIsQuiet(scope: QuietScope, run: Run): Promise<void> {
  const heldAt = Date.parse(run.finishedAt ?? run.startedAt);
  for (;;) {
    const now = scope.clock.now();
    const quietAt = await quietTimeOf(scope, run, heldAt);
    if (quietAt <= now) break;
    // Looked at again before that time: a worker that finds the run closed closes its claim and is not waited for.
    await waitUntil(scope, run.runId, Math.min(quietAt, now + LOOK_AGAIN_MILLIS));
  }
  const records = await listClaims(scope.ledger, run.runId, scope.clock.now());
  await closeAll(scope, records, 0);
}

/** When the workers of a run stop that somebody else has the lock of. Without a lock they stop at their next look. */
const stoppedAtOf = (run: Run | undefined, now: number): number =>
  run?.status === 'HELD' ? Date.parse(run.finishedAt ?? run.startedAt) : now;

/**
 * Returns when nothing can take effect any more in a table that earlier runs without an end have sent: a step called
 * alone that is held without a lock, or a run whose lock or record somebody has removed from the ledger by hand. To be
 * asked under the lock and before anything is written. A run that has ended has waited for that itself, whatever
 * version of this service it was.
 *
 * @throws LedgerVersionError where a run without an end was written by another version; not retried
 */
export async function untilEarlierRunsAreQuiet(
  scope: QuietScope,
  { runId: own, name }: { readonly runId: string; readonly name: string },
): Promise<void> {
  const { ledger, clock, config } = scope;
  for (const runId of await listAnnouncers(ledger, name)) {
    if (runId === own) continue;
    const { status } = (await findAnyRun(ledger, runId)) ?? {};
    if (status !== undefined && isEndStatus(status)) continue;
    const run = await findRun(ledger, runId);
    const now = clock.now();
    const records = [...(await listClaims(ledger, runId, now)), run ?? {}];
    await waitUntil(scope, runId, quietFrom(records, stoppedAtOf(run, now), fenceMillisOf(config)));
  }
}
