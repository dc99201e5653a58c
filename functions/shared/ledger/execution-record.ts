import { absentOr, deleteItem, putItem } from './actions.ts';
import { executionKey, type LedgerKey, type LedgerTable } from './ledger-table.ts';
import { get } from './store.ts';
import type { TransactItem } from './transact.ts';

/**
 * What a call of a step alone has in place of an execution's ARN. Every call has one of its own, so that a late call
 * is told from the one that goes on with its run.
 */
export function manualArn(runId: string, requestId: string): string {
  return `manual:${runId}:${requestId}`;
}

/** Which run an execution works on: its own, or the one it resumes. */
export interface ExecutionRecord {
  readonly runId: string;
  readonly executionArn: string;
  /** ISO 8601: a name can be used again after 90 days, a start time cannot. */
  readonly startTime: string;
}

/** An execution, by its name and its ARN: each machine has names of its own. */
export interface ExecutionName {
  readonly name: string;
  readonly id: string;
}

/** Strongly consistent; `undefined` before BeginRun. */
export async function findExecution(
  ledger: LedgerTable,
  execution: ExecutionName,
): Promise<ExecutionRecord | undefined> {
  return (await findPlace(ledger, execution)).record;
}

/** Where the record of an execution is or may be put, and the record if it is there. */
interface RecordPlace {
  readonly key: LedgerKey;
  readonly record: ExecutionRecord | undefined;
}

/**
 * A record has the execution's name as its key. Where another machine's execution of the same name has that key, it has
 * the ARN.
 */
async function findPlace(ledger: LedgerTable, { name, id }: ExecutionName): Promise<RecordPlace> {
  const key = executionKey(name);
  const named = await get<ExecutionRecord>(ledger, key);
  if (named?.executionArn === id) return { key, record: named };
  const ownKey = executionKey(id);
  const record = await get<ExecutionRecord>(ledger, ownKey);
  return { key: record === undefined && named === undefined ? key : ownKey, record };
}

/** Who works on a run, as its record says it. */
type Worker = Omit<ExecutionRecord, 'runId'> & { readonly executionName: string };

/**
 * Notes which run an execution works on. The record of another machine's execution stays as it is.
 *
 * @throws the SDK's errors
 */
export async function executionPut(
  ledger: LedgerTable,
  runId: string,
  { executionName, executionArn, startTime }: Worker,
): Promise<TransactItem> {
  const { key } = await findPlace(ledger, { name: executionName, id: executionArn });
  return putItem(ledger, key, {
    item: { runId, executionArn, startTime },
    if: { executionArn: absentOr(executionArn) },
  });
}

/** Removes what {@link executionPut} has put. @throws the SDK's errors */
export async function executionDelete(
  ledger: LedgerTable,
  { executionName, executionArn }: Pick<Worker, 'executionName' | 'executionArn'>,
): Promise<TransactItem> {
  const { key } = await findPlace(ledger, { name: executionName, id: executionArn });
  return deleteItem(ledger, key, { executionArn: absentOr(executionArn) });
}
