import type { Run } from '../shared/ledger/run.ts';
import { listTables, type TableRecord } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { orderOf } from './payloads.ts';

/** `NEW`: the run has created its target, and nobody else writes there. `EXISTING`: it gets only what it lacks. */
export type RestoreMode = 'NEW' | 'EXISTING';

/** What the run's record of its target says. */
export function modeIn(tables: readonly TableRecord[], run: Run): RestoreMode {
  const { targetTable } = orderOf(run);
  return tables.find(({ name }) => name === targetTable)?.outcome === 'CREATED' ? 'NEW' : 'EXISTING';
}

/** {@link modeIn}, from the ledger; CreateRestoredTable has settled it. */
export async function readMode(runtime: Runtime, run: Run): Promise<RestoreMode> {
  return modeIn(await listTables(runtime.ledger, run.runId), run);
}
