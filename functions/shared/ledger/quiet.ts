import { type Claims, longestWaitMillis, quietFrom, released } from './claims.ts';
import { type ClaimRecord, closeClaim, listClaims, noteLate } from './claim-records.ts';
import type { LedgerKey } from './ledger-table.ts';
import { findAnyRun, findRun, type Run } from './run.ts';
import { listAnnouncers } from './table-record.ts';
import { isEndStatus } from './transition.ts';
import { fenceMillisOf, inDoubtUntil, type Runtime } from '../runtime.ts';

/**
 * Closes this call's own claim at its end. Where another call has taken it over, a request without an answer is noted in
 * the run: the other call waits for a fence, and does not know of it. Never throws: a claim that stays open only costs a
 * wait.
 *
 * @param runId of the record's run
 * @param claims the record's, as this call has claimed it
 */
export async function letGo(
  runtime: Pick<Runtime, 'ledger' | 'clock' | 'inDoubt' | 'logger'>,
  { runId, key, claims }: { readonly runId: string; readonly key: LedgerKey; readonly claims: Claims },
): Promise<void> {
  const { ledger, logger } = runtime;
  const { claim: call } = claims;
  if (call === undefined) return;
  const doubt = inDoubtUntil(runtime);
  try {
    const isClosed = await closeClaim(ledger, { key, call }, released(claims, doubt).quietAt);
    if (!isClosed && doubt !== undefined) await noteLate(ledger, runId, doubt);
  } catch (error) {
    logger.warn('A claim stays open', { ...key, error });
  }
}

/** Between two looks at calls that may be through before their time is up. */
const LOOK_AGAIN_MILLIS = 2_000;

type NoiseScope = Pick<Runtime, 'ledger' | 'clock' | 'config'>;
type QuietScope = NoiseScope & Pick<Runtime, 'sleep' | 'logger'>;

/**
 * Epoch milliseconds from which no request of the run's workers can take effect any more; 0: it is quiet already.
 *
 * @param stoppedAt when the run's status was written that stops them (epoch milliseconds)
 */
export async function quietTimeOf(
  scope: NoiseScope,
  run: Pick<Run, 'runId'>,
  stoppedAt: number,
): Promise<number> {
  const { ledger, clock, config } = scope;
  const now = clock.now();
  const fenceMillis = fenceMillisOf(config);
  const records = await listClaims(ledger, run.runId, now);
  return Math.max(await ownQuietTime(scope, run.runId, now), quietFrom(records, stoppedAt, fenceMillis));
}

/** What the run itself says of calls that have rolled it back, or that were taken over. */
async function ownQuietTime({ ledger, config }: NoiseScope, runId: string, now: number): Promise<number> {
  const { quietAt = 0, lateUntil = 0 } = (await findRun(ledger, runId)) ?? {};
  const latest = now + longestWaitMillis(fenceMillisOf(config));
  return Math.max(0, ...[quietAt, lateUntil].filter((time) => time <= latest));
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
  const { clock, config } = scope;
  const stoppedAt = clock.now();
  for (;;) {
    const now = clock.now();
    const records = await listClaims(scope.ledger, runId, now);
    await closeAll(scope, records, now + fenceMillisOf(config));
    const claimsQuietAt = quietFrom(records, stoppedAt, fenceMillisOf(config));
    const quietAt = Math.max(claimsQuietAt, await ownQuietTime(scope, runId, stoppedAt));
    if (quietAt <= now) return true;
    if (quietAt > stoppedAt + millis) return false;
    // Looked at again afterwards: a call whose claim was closed here may have noted a request without an answer.
    await waitUntil(scope, runId, quietAt);
  }
}

/**
 * Returns when nothing that earlier calls have sent for one record can take effect any more. Its present call may ask,
 * while the other workers go on.
 *
 * @param claims the record's, as this call has claimed it
 * @param deadline epoch milliseconds: how long it may wait
 * @returns false: that is not long enough
 */
export async function areEarlierCallsQuiet(
  scope: QuietScope,
  { runId, claims, deadline }: { readonly runId: string; readonly claims: Claims; readonly deadline: number },
): Promise<boolean> {
  const { quietAt } = claims;
  if (quietAt === undefined) return true;
  const { clock, config } = scope;
  const startedAt = clock.now();
  const taken = quietFrom([{ quietAt }], startedAt, fenceMillisOf(config));
  for (;;) {
    const now = clock.now();
    // Read again after each wait: a call that was taken over may have noted a request without an answer.
    const until = Math.max(taken, await ownQuietTime(scope, runId, startedAt));
    if (until <= now) return true;
    if (now >= deadline) return false;
    await waitUntil(scope, runId, Math.min(until, deadline));
  }
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

/** A run and one of its tables. */
interface AnnouncedTable {
  readonly runId: string;
  readonly name: string;
  /** Epoch milliseconds from which on the run has had the lock without a break. */
  readonly lockedAt: number;
}

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
  { runId: own, name, lockedAt }: AnnouncedTable,
): Promise<void> {
  for (const runId of await listAnnouncers(scope.ledger, name)) {
    if (runId === own) continue;
    const { status } = (await findAnyRun(scope.ledger, runId)) ?? {};
    if (status !== undefined && isEndStatus(status)) continue;
    await untilStoppedRunIsQuiet(scope, runId, lockedAt);
  }
}

/** Claims that are still open then are those of dead calls. They are closed, so that no later run waits for them. */
async function untilStoppedRunIsQuiet(scope: QuietScope, runId: string, lockedAt: number): Promise<void> {
  const { ledger, clock, config } = scope;
  for (;;) {
    const run = await findRun(ledger, runId);
    const now = clock.now();
    const claims = await listClaims(ledger, runId, now);
    const records = [...claims, run ?? {}, { quietAt: run?.lateUntil }];
    const quietAt = quietFrom(records, stoppedAtOf(run, lockedAt), fenceMillisOf(config));
    if (quietAt <= now) return closeAll(scope, claims, 0);
    await waitUntil(scope, runId, quietAt);
  }
}

/** When the workers of a run stop that somebody else has the lock of. Without a lock they stop at their next look. */
const stoppedAtOf = (run: Run | undefined, lockedAt: number): number =>
  run?.status === 'HELD' ? Date.parse(run.finishedAt ?? run.startedAt) : lockedAt;
