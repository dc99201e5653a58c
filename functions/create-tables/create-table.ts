import { ensureUnshared } from '../shared/runs/ensure-unshared.ts';
import { type ManualOutcome, withManualRun } from '../shared/runs/manual-run.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { EnsuredTable, WantedTable } from '../shared/tables/ensure-table.ts';
import type { TableSpec } from '../shared/migration/table-spec.ts';

/** A branch of CreateTables. */
export async function createForRun(
  runtime: Runtime,
  wanted: WantedTable,
  _turn: Turn,
): Promise<EnsuredTable> {
  const ensured = await ensureUnshared(runtime, wanted);
  runtime.logger.info('A table is ready', { runId: wanted.runId, stage: 'CreateTables', ...ensured });
  return ensured;
}

/** `sls invoke -f create...Table`: creates the table if it does not exist, in a run of its own. */
export function createAlone(runtime: Runtime, spec: TableSpec, turn: Turn): Promise<ManualOutcome> {
  return withManualRun(runtime, turn, {
    step: spec.createdBy,
    work: async ({ runId, executionArn }) => {
      const ensured = await ensureUnshared(runtime, { spec, runId, executionArn });
      return { done: true, result: { table: ensured.name, outcome: ensured.outcome } };
    },
  });
}
