import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { commandsOf } from '../shared/commands.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { readRun, type Run } from '../shared/ledger/run.ts';
import { isDead } from '../shared/runs/holder.ts';
import { publishSyncReport } from '../shared/runs/publish-sync.ts';
import { buildSyncReport, type SyncCheck, type SyncReport } from '../shared/runs/sync-report.ts';
import { findPolicy } from '../shared/aws/change-policy.ts';
import { tableArn } from '../shared/names.ts';
import type { SyncRuntime } from './sync-runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { allowing } from './again-steps.ts';
import { checkSync } from './checks.ts';
import { compareRefusal } from './compare-fits.ts';
import { freezeCommands } from './freeze.ts';
import { changeOwn } from './open-sync.ts';

/** Ends the start of a sync where it is one, writes the report, and returns it: the output of the execution. Idempotent. */
export async function finishSync(
  runtime: SyncRuntime,
  { runId, executionArn }: RunStepInput,
): Promise<SyncReport> {
  const run = await readRun(runtime.ledger, runId);
  const isOurs = run.executionArn === executionArn;
  if (isOurs && run.status === 'SYNCING' && run.isStarted !== true)
    await changeOwn(runtime, run, { to: 'SYNCING', step: 'started', facts: { isStarted: true } });
  return publishSyncReport(runtime, runId, async () =>
    buildSyncReport(runtime, await readRun(runtime.ledger, runId)),
  );
}

/** Whether a cut over would be refused because another execution works on the sync. */
async function checkExecution(runtime: SyncRuntime, run: Run, own: string): Promise<SyncCheck> {
  const isFree = run.executionArn === own || (await isDead(runtime, run));
  return {
    what: 'execution',
    ok: isFree,
    sentence: isFree
      ? 'No execution works on the sync.'
      : `Execution ${run.executionArn} works on the sync. Wait until it has ended.`,
  };
}

/** Whether a cut over would be refused because one execution cannot hold it. */
function checkLength({ config }: SyncRuntime, { plan }: Run): SyncCheck {
  const refusal = compareRefusal(config, plan, { isSync: true });
  return {
    what: 'length',
    ok: refusal === undefined,
    sentence: refusal?.message ?? 'One execution can hold the cut over.',
  };
}

/** Where else a global table has replicas. */
const otherRegions = (table: TableDescription | undefined, own: string): readonly string[] =>
  (table?.Replicas ?? []).flatMap(({ RegionName = own }) => (RegionName === own ? [] : [RegionName]));

/**
 * What a cut over with this number would look at, and how the source is frozen. Changes nothing, and writes nothing.
 */
export async function checkCutOver(
  runtime: SyncRuntime,
  {
    run: { runId, executionArn },
    maxQuarantined,
  }: { readonly run: RunStepInput; readonly maxQuarantined: number },
): Promise<SyncReport> {
  const run = allowing(await readRun(runtime.ledger, runId), maxQuarantined);
  const { config, accountId } = runtime;
  const arn = tableArn({ ...config, accountId }, run.sourceTable);
  const [busy, checks, found, table] = await Promise.all([
    checkExecution(runtime, run, executionArn),
    checkSync(runtime, run),
    findPolicy(runtime, arn),
    describeTable(runtime.clients.tables, run.sourceTable),
  ]);
  const { cutOver } = commandsOf(config);
  const { line } = cutOver({
    frozen: true,
    maxQuarantined: maxQuarantined === 0 ? undefined : maxQuarantined,
  });
  return buildSyncReport(runtime, run, {
    checks: [busy, checkLength(runtime, run), ...checks],
    freeze: {
      ...freezeCommands(config, { tableArn: arn, found, regions: otherRegions(table, config.region) }),
      cutOver: line,
    },
  });
}
