import type { LedgerTable } from '../shared/ledger/ledger-table.ts';
import type { Run } from '../shared/ledger/run.ts';
import { warnRun } from '../shared/ledger/run-update.ts';

/**
 * Warns that the answer to a deletion in an existing table is lost, and with it what the item held. No condition detects
 * an attribute that somebody has added since, and nothing else tells what was deleted.
 *
 * @throws the SDK's errors; harmless to repeat
 */
export function warnOfUnseenDeletion(ledger: LedgerTable, run: Run, tableName: string): Promise<void> {
  return warnRun(ledger, run, [
    `While the run's items in ${tableName} were deleted, DynamoDB's answer to a deletion was lost. If somebody changed that item at that moment, the change may be lost.`,
  ]);
}
