import { readRun } from '../ledger/run.ts';
import type { Runtime } from '../runtime.ts';
import { type EnsuredTable, ensureTable, type WantedTable } from '../tables/ensure-table.ts';
import { refuseSharedTargets } from './shared-targets.ts';

/**
 * {@link ensureTable} for a run that is about to write there: no run or sync of another source may work in the table.
 *
 * @throws as {@link ensureTable} and {@link refuseSharedTargets} do; nothing was written then
 */
export async function ensureUnshared(runtime: Runtime, wanted: WantedTable): Promise<EnsuredTable> {
  const ensured = await ensureTable(runtime, wanted);
  const run = await readRun(runtime.ledger, wanted.runId);
  await refuseSharedTargets(runtime, { run, names: [ensured.name] });
  return ensured;
}
