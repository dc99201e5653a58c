import { type LedgerKey, type LedgerTable, RUNS_INDEX, VERSIONED } from './ledger-table.ts';
import { putItem } from './actions.ts';
import { query, updateIf } from './store.ts';
import type { TransactItem } from './transact.ts';

/**
 * A run is listed by its start. One that is resumed, applied or rolled back later may be older than any list is long, so
 * this item lists it by the time at which it was last begun.
 */
const begunAgainKey = (runId: string): LedgerKey => ({ PK: `RUN#${runId}`, SK: 'AGAIN' });

const factsOf = ({ clock }: LedgerTable, runId: string) => ({
  entity: 'AGAIN',
  startedAt: new Date(clock.now()).toISOString(),
  runId,
});

/** For the transaction that begins a run again. */
export function begunAgain(ledger: LedgerTable, runId: string): TransactItem {
  return putItem(ledger, begunAgainKey(runId), { item: factsOf(ledger, runId) });
}

/** Keeps a run among the newest of {@link listBegunAgain}. */
export async function noteBegunAgain(ledger: LedgerTable, runId: string): Promise<void> {
  await updateIf(ledger, begunAgainKey(runId), { set: { ...VERSIONED, ...factsOf(ledger, runId) } });
}

/** Ids of the runs that were begun again last, at most so many; eventually consistent. */
export async function listBegunAgain(ledger: LedgerTable, limit: number): Promise<readonly string[]> {
  const runIds: string[] = [];
  const found = query<{ readonly runId: string }>(ledger, {
    IndexName: RUNS_INDEX,
    KeyConditionExpression: 'entity = :again',
    ExpressionAttributeValues: { ':again': 'AGAIN' },
    ScanIndexForward: false,
    Limit: limit,
  });
  for await (const { runId } of found) if (runIds.push(runId) >= limit) break;
  return runIds;
}
