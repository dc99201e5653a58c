import type { TableDescription } from '@aws-sdk/client-dynamodb';
import type { Run } from '../shared/ledger/run.ts';
import type { Runtime } from '../shared/runtime.ts';
import { waitSeconds } from '../shared/runs/wait-seconds.ts';

/**
 * Seconds until the next look at a table that DynamoDB or its owner is working on. More rarely the longer the roll back has
 * lasted: an index may take a day, and looking every second would fill the execution's history.
 */
export function waitForOthers({ clock }: Pick<Runtime, 'clock'>, { markedAt = clock.now() }: Run): number {
  return waitSeconds((clock.now() - markedAt) / 1_000);
}

const CHANGING: ReadonlySet<string> = new Set(['CREATING', 'UPDATING', 'DELETING', 'ENABLING', 'DISABLING']);

/**
 * Whether its owner changes its indexes, capacity or key. It can be read and written, and DynamoDB does not delete it. The
 * table itself is ACTIVE meanwhile: it is UPDATING for the first seconds of an index only.
 */
export function isBusy(table: TableDescription): boolean {
  const { TableStatus, SSEDescription, WarmThroughput, GlobalSecondaryIndexes = [] } = table;
  const states = [
    TableStatus,
    SSEDescription?.Status,
    WarmThroughput?.Status,
    ...GlobalSecondaryIndexes.flatMap((index) => [index.IndexStatus, index.WarmThroughput?.Status]),
  ];
  return states.some((state) => state !== undefined && CHANGING.has(state));
}

/** Why a table can be neither read nor deleted, as a clause about it; `undefined`: it can. */
export function unusableState({ TableStatus }: TableDescription): string | undefined {
  return TableStatus === 'ACTIVE' || TableStatus === 'UPDATING'
    ? undefined
    : `it is ${TableStatus ?? 'in no known state'}, so nobody can look into it`;
}
