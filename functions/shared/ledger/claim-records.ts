import type { Claims } from './claims.ts';
import { absentOrBelow, EXISTING } from './actions.ts';
import { type LedgerKey, type LedgerTable, runKey } from './ledger-table.ts';
import { query, updateIf } from './store.ts';

/** A record of a run that carries a claim, or is not quiet yet. */
export type ClaimRecord = LedgerKey & Claims;

/** Records of workers; the run's own claim stands in the run. */
const CLAIMED_RECORDS = ['SHARD#', 'TABLE#'] as const;

/** Every record of a run that a call works on, or whose earlier calls are not through. Strongly consistent. */
export async function listClaims(
  ledger: LedgerTable,
  runId: string,
  now: number,
): Promise<readonly ClaimRecord[]> {
  const claimsUnder = (prefix: string): AsyncGenerator<ClaimRecord> =>
    query<Claims>(ledger, {
      KeyConditionExpression: 'PK = :run AND begins_with(SK, :prefix)',
      FilterExpression: 'attribute_exists(claim) OR quietAt > :now',
      ProjectionExpression: 'PK, SK, claim, quietAt',
      ExpressionAttributeValues: { ':run': `RUN#${runId}`, ':prefix': prefix, ':now': now },
      ConsistentRead: true,
    });
  const records: ClaimRecord[] = [];
  for (const prefix of CLAIMED_RECORDS) for await (const record of claimsUnder(prefix)) records.push(record);
  return records;
}

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
