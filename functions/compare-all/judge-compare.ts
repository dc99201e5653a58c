import { sideBySide } from '../shared/copy/pipeline.ts';
import { RunClosedError, VerificationFailedError } from '../shared/errors.ts';
import { assertOpen, isCommittedBy } from '../shared/ledger/fence.ts';
import { untilQuiet } from '../shared/ledger/quiet.ts';
import type { Compared } from '../shared/ledger/sync-facts.ts';
import type { Run } from '../shared/ledger/run.ts';
import { readRecords, type RunRecords } from '../shared/ledger/run-records.ts';
import type { Shard, ShardState } from '../shared/ledger/shard.ts';
import { countOverAll, type Shards } from '../shared/runs/count-shards.ts';
import { COMPARED_IN, comparedOn, noteCompared } from '../shared/ledger/sync.ts';
import { forgetNamed, listNamed } from '../shared/ledger/sync-names.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { ComparedOutput, RunStepInput } from '../shared/state.ts';
import { isRepairing, SIDES } from './open-compare.ts';

/**
 * Sums up what the segments have found, and notes it in the run. Nothing counts before the last write of every worker
 * has taken effect. Names that the whole compare has not seen again are forgotten. A compare without a sync ends here.
 * Safe to be called again.
 *
 * @throws VerificationFailedError where a segment was not compared, RunClosedError; neither is retried
 */
export async function judgeCompare(runtime: Runtime, input: RunStepInput): Promise<ComparedOutput> {
  const { ledger } = runtime;
  const known = await readRecords(ledger, input.runId);
  const ended = endOf(known.run, input);
  if (ended !== undefined) return outputOf(ended);
  const quiet = await untilQuiet(runtime, input, known);
  const { run } = quiet;
  // Another call of this step may have ended the compare meanwhile.
  const endedSince = endOf(run, input);
  if (endedSince !== undefined) return outputOf(endedSince);
  const shards = compareShards(quiet);
  const compared = sumOf(runtime, run, shards);
  if (!(await noteCompared(ledger, run, compared)))
    throw new RunClosedError(
      `Run ${run.runId} is no longer open for this execution: what it has compared does not count.`,
    );
  await forgetUnseen(runtime, run, { shards, compared });
  runtime.logger.info('The compare is judged.', { runId: run.runId, stage: 'JudgeCompare', ...compared });
  return outputOf(compared);
}

/** A compare without a sync that another call of this step has ended; `undefined`: it is open. @throws RunClosedError */
function endOf(run: Run, input: RunStepInput): Compared | undefined {
  if (run.kind === 'compare' && isCommittedBy(run, input)) return run.compared;
  assertOpen(run, input.executionArn, ['RUNNING', ...COMPARED_IN]);
  return undefined;
}

/** Both sides of every segment. @throws VerificationFailedError naming what is missing */
function compareShards({ run, shards }: RunRecords): Shards {
  const basis = comparedOn(run);
  const { segments } = run.plan;
  const sides = new Map<ShardState, readonly Shard[]>();
  for (const state of SIDES) {
    const all = shards.get(state) ?? [];
    const done = all.filter((one) => one.done && one.basis === basis && segments.includes(one.shard));
    if (done.length < segments.length)
      throw new VerificationFailedError(
        `Run ${run.runId} is not compared: ${segments.length - done.length} of the ${segments.length} segments of ${state} were not finished. What was found does not count.`,
      );
    sides.set(state, done);
  }
  return sides;
}

function sumOf({ clock, config: { transformVersion } }: Runtime, run: Run, shards: Shards): Compared {
  const sum = (counter: string): number => countOverAll(shards, counter);
  return {
    executionArn: run.executionArn,
    // What was changed later may have been changed behind a Scan.
    startedAt: Math.min(...[...shards.values()].flat().map(({ startedAt }) => startedAt)),
    finishedAt: clock.now(),
    // Workers that began before a deployment may have compared with what it has replaced.
    ...(run.transformVersion === transformVersion && { transformVersion }),
    repairs: isRepairing(run),
    sourceItems: sum('sourceItems'),
    targetItems: sum('targetItems'),
    repaired: sum('repaired'),
    // Never 0 where anything differs, also where a source item changed between the looks of the two sides.
    differing: sum('differing') || sum('furtherExtra'),
    byHand: sum('byHand'),
    conflicts: sum('conflicts'),
    quarantined: sum('quarantined'),
    expired: sum('expired'),
    foreign: sum('foreign'),
  };
}

/** Only where every key that stays has been named: a shard names no more than its share. */
async function forgetUnseen(
  { ledger }: Runtime,
  { runId, kind }: Run,
  { shards, compared }: { readonly shards: Shards; readonly compared: Compared },
): Promise<void> {
  const { conflicts, quarantined, differing, repairs } = compared;
  const isComplete = countOverAll(shards, 'named') >= conflicts + quarantined + (repairs ? 0 : differing);
  if (kind !== 'sync' || !isComplete) return;
  const unseen = (await listNamed(ledger, runId)).filter(({ seenAt }) => seenAt < compared.startedAt);
  await sideBySide(NAMES_IN_FLIGHT, unseen, async (named) => void (await forgetNamed(ledger, named)));
}

const NAMES_IN_FLIGHT = 16;

function outputOf({ differing, repaired, conflicts, quarantined }: Compared): ComparedOutput {
  return { differing, repaired, conflicts, quarantined };
}
