import { NEW } from './actions.ts';
import { failureKey, type LedgerTable } from './ledger-table.ts';
import { get, putIf } from './store.ts';

/** The first failure inside a Map or a branch of an execution: its root cause. */
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

/** Records a failure, if it is the first one of its execution. Idempotent. @throws the SDK's errors */
export async function recordFailure(
  ledger: LedgerTable,
  runId: string,
  failure: FailureRecord,
): Promise<void> {
  for (let number = 0; ; number += 1) {
    if (await putIf(ledger, failureKey(runId, number), { item: { ...failure }, if: NEW })) return;
    const other = await get<FailureRecord>(ledger, failureKey(runId, number));
    if (other?.executionArn === failure.executionArn) return;
  }
}

/** The root cause of an execution's failure, if any was recorded. Strongly consistent. */
export async function findFirstFailure(
  ledger: LedgerTable,
  { runId, executionArn }: { readonly runId: string; readonly executionArn: string },
): Promise<FailureRecord | undefined> {
  for (let number = 0; ; number += 1) {
    const failure = await get<FailureRecord>(ledger, failureKey(runId, number));
    if (failure === undefined || failure.executionArn === executionArn) return failure;
  }
}
