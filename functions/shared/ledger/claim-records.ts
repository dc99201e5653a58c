import type { Claims } from './claims.ts';
import { absentOrBelow, EXISTING } from './actions.ts';
import { type LedgerKey, type LedgerTable, runKey } from './ledger-table.ts';
import { updateIf } from './store.ts';

/** A checkpoint or a table of a run, as far as calls work on it. The run's own claim stands in the run. */
export type ClaimRecord = LedgerKey & Claims;

/**
 * Closes the claim of one call on a record, be it one's own or that of a call that has stopped. A call whose claim
 * is closed finds out at its next look, and its next save is refused. Idempotent.
 *
 * @param quietAt epoch milliseconds until which requests of that call may still take effect
 * @returns false: the claim is another call's by now, and nothing has changed
 */
export async function closeClaim(
  ledger: LedgerTable,
  { key, call }: { readonly key: LedgerKey; readonly call: string },
  quietAt: number | undefined,
): Promise<boolean> {
  return updateIf(ledger, key, { if: { claim: call }, set: { quietAt }, remove: ['claim'] });
}

/**
 * Notes in the run until when requests may still take effect of a call that somebody has taken over. Its record is the
 * other call's, which would overwrite the note. Only ever moved on.
 */
export async function noteLate(ledger: LedgerTable, runId: string, lateUntil: number): Promise<void> {
  const expected = { ...EXISTING, lateUntil: absentOrBelow(lateUntil) };
  await updateIf(ledger, runKey(runId), { if: expected, set: { lateUntil } });
}
