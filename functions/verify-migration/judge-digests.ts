import { VerificationFailedError } from '../shared/errors.ts';
import { assertOpen } from '../shared/ledger/fence.ts';
import type { Run, Verification } from '../shared/ledger/run.ts';
import { updateRun } from '../shared/ledger/run-update.ts';
import { readRecords } from '../shared/ledger/run-records.ts';
import type { Shard } from '../shared/ledger/shard.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { JudgedDigests, RunStepInput } from '../shared/state.ts';
import { combineDigests, type Digest, EMPTY_DIGEST, equalDigests } from '../shared/items/digest.ts';
import { verifiedTargets } from './find-target.ts';
import { verificationBasis } from '../shared/runs/equations.ts';

/** Everything that is judged; the ledger's, so that a second call judges the same. */
export interface Evidence {
  readonly run: Run;
  /** Whether this run created every table that it filled, so that they must hold what it wrote and nothing else. */
  readonly isCreated: boolean;
  readonly scanned: readonly Shard[];
  /** Whether an earlier execution of this run has left a comparison key by key. */
  readonly isComparedBefore: boolean;
}

/** What the digests say, and whether that is enough. */
export interface Judgement extends JudgedDigests {
  readonly verification: Verification;
}

/**
 * Equal digests and counts prove that the target is exactly what the backup should have become. Where
 * they differ, or the target existed before, every key is compared.
 *
 * @throws VerificationFailedError (not retried) where there is nothing to judge by
 */
function judgeEvidence({ run, isCreated, scanned, isComparedBefore }: Evidence): Judgement {
  const { rehearsal, backup } = run;
  if (rehearsal === undefined || backup === undefined) throw notVerified(run, 'its backup is not sealed');
  const { expected } = rehearsal;
  const target = digestOf(scanned, 'target');
  const isEqual = isCreated && equalDigests(target, expected);
  const surplus = isCreated ? target.count - expected.count : 0;
  const extra = isEqual ? 0 : Math.max(countOf(scanned, 'foreign'), surplus, 0);
  const isSourceEqual = equalDigests(digestOf(scanned, 'source'), backup.digest);
  return {
    byKey: !isEqual || isComparedBefore,
    verification: {
      expected: expected.count,
      found: isCreated ? target.count : 0,
      missing: 0,
      different: 0,
      extra,
      changedSince: 0,
      drift: isSourceEqual ? NO_DRIFT : driftOf(scanned),
    },
  };
}

/**
 * Judges what the Scans have found, and notes it in the run.
 *
 * @throws VerificationFailedError, RunClosedError (neither retried)
 */
export async function judgeDigests(runtime: Runtime, input: RunStepInput): Promise<JudgedDigests> {
  const { ledger } = runtime;
  const { run, shards, tables } = await readRecords(ledger, input.runId);
  assertOpen(run, input.executionArn);
  const targets = await verifiedTargets(runtime, run, tables);
  const scanned = shards.get('VerifyMigration') ?? [];
  assertComplete(run, scanned);
  const { byKey, verification } = judgeEvidence({
    run,
    isCreated: targets.every((target) => target.isCreated),
    scanned,
    isComparedBefore: shards.has('CompareByKey'),
  });
  await updateRun(ledger, input, { verification });
  runtime.logger.info('The digests are judged.', {
    runId: run.runId,
    stage: 'JudgeDigests',
    byKey,
    ...verification,
  });
  return { byKey };
}

const NO_DRIFT = { added: 0, changed: 0, removed: 0 } as const;

/** What has changed at the source since it was scanned for the backup. */
export function driftOf(scanned: readonly Shard[]): Verification['drift'] {
  return {
    added: countOf(scanned, 'driftAdded'),
    changed: countOf(scanned, 'driftChanged'),
    removed: countOf(scanned, 'driftRemoved'),
  };
}

function assertComplete(run: Run, scanned: readonly Shard[]): void {
  const basis = verificationBasis(run);
  const done = scanned.filter((shard) => shard.done && shard.basis === basis);
  const missing = run.plan.segments.length - done.length;
  if (missing > 0)
    throw notVerified(run, `${missing} of its ${run.plan.segments.length} segments were not scanned`);
}

function digestOf(shards: readonly Shard[], name: string): Digest {
  return combineDigests(shards.map(({ digests }) => digests[name] ?? EMPTY_DIGEST));
}

function countOf(shards: readonly Shard[], name: string): number {
  return shards.reduce((sum, { counters }) => sum + (counters[name] ?? 0), 0);
}

function notVerified(run: Run, reason: string): VerificationFailedError {
  return new VerificationFailedError(
    `Run ${run.runId} cannot be verified, because ${reason}. Nothing was committed.`,
  );
}
