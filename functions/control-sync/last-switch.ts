import { listRuns } from '../shared/ledger/run.ts';
import type { SyncRuntime } from './sync-runtime.ts';

const RECENT_RUNS = 200;

/** That the newest sync has switched, as a sentence: another start is then hardly what is wanted. */
export async function lastSwitch({ ledger, config }: SyncRuntime): Promise<string | undefined> {
  const runs = await listRuns(ledger, RECENT_RUNS);
  const last = runs.find(({ kind, sourceTable }) => kind === 'sync' && sourceTable === config.sourceTable);
  return last?.status === 'SWITCHED'
    ? `Sync ${last.runId} has switched already, and the shop may use the target.`
    : undefined;
}
