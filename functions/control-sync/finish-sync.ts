import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { commandsOf } from '../shared/commands.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { readRun } from '../shared/ledger/run.ts';
import { publishSyncReport } from '../shared/runs/publish-sync.ts';
import { buildSyncReport, type SyncReport } from '../shared/runs/sync-report.ts';
import { findPolicy } from '../shared/aws/change-policy.ts';
import { tableArn } from '../shared/names.ts';
import type { SyncRuntime } from './sync-runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { allowing } from './again-steps.ts';
import { checkSync } from './checks.ts';
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

/** Where else a global table has replicas. */
const otherRegions = (table: TableDescription | undefined, own: string): readonly string[] =>
  (table?.Replicas ?? []).flatMap(({ RegionName = own }) => (RegionName === own ? [] : [RegionName]));

/**
 * What a cut over with this number would look at, and how the source is frozen. Changes nothing, and writes nothing.
 */
export async function checkCutOver(
  runtime: SyncRuntime,
  { run: { runId }, maxQuarantined }: { readonly run: RunStepInput; readonly maxQuarantined: number },
): Promise<SyncReport> {
  const run = allowing(await readRun(runtime.ledger, runId), maxQuarantined);
  const { config, accountId } = runtime;
  const arn = tableArn({ ...config, accountId }, run.sourceTable);
  const [checks, found, table] = await Promise.all([
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
    checks,
    freeze: {
      ...freezeCommands(config, { tableArn: arn, found, regions: otherRegions(table, config.region) }),
      cutOver: line,
    },
  });
}
