import { commandsOf } from '../shared/commands.ts';
import { count, counted, someOf } from '../shared/counted.ts';
import type { Run } from '../shared/ledger/run.ts';
import { listNamed } from '../shared/ledger/sync-names.ts';
import { findTotal, listPending, type SyncCounts } from '../shared/ledger/sync-records.ts';
import { duration } from '../shared/format.ts';
import { syncFailuresQueueName } from '../shared/names.ts';
import { countFailedBatches } from '../shared/runs/failed-batches.ts';
import { isGapOpen } from '../shared/runs/following.ts';
import type { SyncCheck } from '../shared/runs/sync-report.ts';
import { checkEnds } from './check-ends.ts';
import type { SyncRuntime } from './sync-runtime.ts';

/** What stands in the way of a cut over, and what an operator should know before. Reads only. */
export async function checkSync(runtime: SyncRuntime, run: Run): Promise<readonly SyncCheck[]> {
  const { ledger } = runtime;
  const [ends, failures, pending, named, total] = await Promise.all([
    checkEnds(runtime, run),
    checkFailures(runtime),
    listPending(ledger, run.runId),
    listNamed(ledger, run.runId),
    findTotal(ledger, run.runId),
  ]);
  const conflicts = named.filter(({ kind }) => kind === 'conflict');
  const quarantined = named.filter(({ kind }) => kind === 'quarantined');
  const allowed = run.parameters.maxQuarantined;
  const { line: compareCommand } = commandsOf(runtime.config).compare();
  return [
    ...ends,
    {
      what: 'pending',
      ok: pending.length === 0,
      sentence: `${counted(pending.length, 'key waits', 'keys wait')} to be reconciled${samples(pending)}.`,
    },
    {
      what: 'quarantined',
      ok: quarantined.length <= allowed,
      sentence: `${counted(quarantined.length, 'source item')} cannot be transformed${samples(quarantined)}. ${count(allowed)} may stay as they are.${quarantined.length <= allowed ? '' : ` Correct them in the source and run ${compareCommand}, or cut over with --max-quarantined ${quarantined.length}.`}`,
    },
    {
      what: 'conflicts',
      ok: true,
      sentence: `${counted(conflicts.length, 'target item was', 'target items were')} changed by others and left alone${samples(conflicts)}.`,
    },
    compareCheck(run, compareCommand),
    transformCheck(runtime, run),
    failures,
    gapCheck(run),
    lagCheck(runtime, total),
  ];
}

/** A cut over waits for a quarter of an hour, which a sync that is behind may need longer for. */
const BEHIND_MILLIS = 60_000;

/**
 * Behind is who still follows changes that are old. By the newest of them, so that one slow shard of the stream is no lag.
 * Stream records carry whole seconds.
 */
function lagCheck({ clock }: SyncRuntime, total: SyncCounts | undefined): SyncCheck {
  const { lastAt = 0, newestChangeAt = lastAt } = total ?? {};
  if (lastAt === 0) return { what: 'lag', ok: true, sentence: 'No change has been followed yet.' };
  const lag = Math.max(0, lastAt - newestChangeAt);
  const isBehind = lag > BEHIND_MILLIS && clock.now() < lastAt + BEHIND_MILLIS;
  const at = new Date(lastAt).toISOString();
  return {
    what: 'lag',
    ok: !isBehind,
    sentence: `The sync last followed changes at ${at}, ${duration(lag / 1_000)} after the newest of them was made.${isBehind ? ' It has not caught up with the source.' : ''}`,
  };
}

/** ` (p1, p2)`, at most five of them. */
export function samples(keys: readonly { readonly text: string }[]): string {
  if (keys.length === 0) return '';
  return ` (${someOf(keys.map(({ text }) => text))})`;
}

async function checkFailures(runtime: SyncRuntime): Promise<SyncCheck> {
  const batches = await countFailedBatches(runtime);
  const sentence =
    batches === 0
      ? 'Lambda has given up no batch of changes.'
      : `Lambda has given up ${counted(batches, 'batch', 'batches')} of changes in the last 14 days. Queue ${syncFailuresQueueName(runtime.config)} says which. A later compare makes up for them, also that of a cut over.`;
  return { what: 'failures', ok: true, sentence };
}

function compareCheck({ compared, isStarted }: Run, compareCommand: string): SyncCheck {
  if (isStarted !== true)
    return { what: 'compared', ok: false, sentence: 'The start of the sync has not come to its end yet.' };
  if (compared === undefined)
    return { what: 'compared', ok: false, sentence: 'Source and target have not been compared yet.' };
  const { finishedAt, sourceItems, targetItems, repaired, differing, byHand = 0 } = compared;
  const deletion =
    byHand === 0
      ? ''
      : ` ${counted(byHand, 'target item has', 'target items have')} more attributes than a condition can name: delete them from the target by hand, then run ${compareCommand}.`;
  const at = new Date(finishedAt).toISOString();
  return {
    what: 'compared',
    ok: differing === 0,
    sentence: `The last compare ended at ${at}: ${counted(sourceItems, 'source item')} and ${counted(targetItems, 'target item')}, ${count(repaired)} repaired, ${counted(differing, 'differs', 'differ')}.${deletion}`,
  };
}

/** A sync brings up to date what changes. What has not changed since a deployment is as the transform before made it. */
function transformCheck({ config }: SyncRuntime, { compared }: Run): SyncCheck {
  const ok = compared?.transformVersion === config.transformVersion;
  return {
    what: 'transform',
    ok,
    sentence: ok
      ? 'The last compare was made with the transform that is deployed.'
      : `No compare was made yet with the transform that is deployed, so what has not changed since may differ. Run ${commandsOf(config).compare().line} first.`,
  };
}

function gapCheck({ gap, compared }: Run): SyncCheck {
  if (gap === undefined)
    return { what: 'gap', ok: true, sentence: 'No change is known to have been missed.' };
  const closing = isGapOpen({ gap, compared: compared ?? null })
    ? 'The compare of a cut over closes the gap.'
    : 'A compare has closed that gap since.';
  return {
    what: 'gap',
    ok: true,
    sentence: `Changes may have been missed at ${new Date(gap.at).toISOString()}: ${gap.reason} ${closing}`,
  };
}
