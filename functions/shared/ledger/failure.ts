import { NEW } from './actions.ts';
import { failureKey, type LedgerTable } from './ledger-table.ts';
import { get, putIf } from './store.ts';

/** One failure inside a Map or a branch. The first recorded of an execution is its root cause. */
export interface FailureRecord {
  /** The execution it happened in: a held run that is resumed fails for reasons of its own. */
  readonly executionArn: string;
  readonly error: string;
  /** A sentence. */
  readonly cause: string;
  readonly state: string;
  readonly shard?: number | undefined;
  /** ISO 8601. */
  readonly at: string;
}

/** As many workers as fail at once, several times resumed; more failures than these of one run tell nothing new. */
const MAX_FAILURES = 100;

/** Adds a failure behind the ones there are; beyond the 100th it is dropped. */
export async function recordFailure(
  ledger: LedgerTable,
  runId: string,
  failure: FailureRecord,
): Promise<void> {
  for (let index = 0; index < MAX_FAILURES; index++)
    if (await putIf(ledger, failureKey(runId, index), { item: { ...failure }, if: NEW })) return;
}

/** The root cause of an execution's failure, if any was recorded. Strongly consistent. */
export async function findFirstFailure(
  ledger: LedgerTable,
  { runId, executionArn }: { readonly runId: string; readonly executionArn: string },
): Promise<FailureRecord | undefined> {
  for (let index = 0; index < MAX_FAILURES; index++) {
    const failure = await get<FailureRecord>(ledger, failureKey(runId, index));
    if (failure === undefined || failure.executionArn === executionArn) return failure;
  }
  return undefined;
}
