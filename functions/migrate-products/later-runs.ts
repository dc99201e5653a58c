import { type LedgerTable, runKey } from '../shared/ledger/ledger-table.ts';
import type { Run } from '../shared/ledger/run.ts';
import { get } from '../shared/ledger/store.ts';
import { stringAttribute, type WireItem } from '../shared/items/wire-item.ts';
import { runIdSchema } from '../shared/state.ts';

/** Whether an item was written by a run that began later than this one, and so is newer than what this one would write. */
export type IsOfLaterRun = (item: WireItem) => Promise<boolean>;

/** Asks the ledger once for each run. A run that it does not know is not later. @throws the SDK's errors */
export function createLaterRuns(ledger: LedgerTable, { startedAt }: Pick<Run, 'startedAt'>): IsOfLaterRun {
  const known = new Map<string, Promise<boolean>>();
  const isLater = async (runId: string): Promise<boolean> => {
    const run = await get<Pick<Run, 'startedAt'>>(ledger, runKey(runId));
    return run !== undefined && Date.parse(run.startedAt) > Date.parse(startedAt);
  };
  return async (item) => {
    const runId = stringAttribute(item, 'migrationRun') ?? '';
    if (!runIdSchema.safeParse(runId).success) return false;
    const answer = known.get(runId) ?? isLater(runId);
    known.set(runId, answer);
    return answer;
  };
}
