import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Clock } from '../retry.ts';

/** Where the ledger lives; first argument of everything that reads or writes it. */
export interface LedgerTable {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  /** For the pauses between tries. */
  readonly clock: Clock;
}

/**
 * The form of the ledger's items. Raised with every change that older code would misread; a run of another form is
 * refused with a sentence, never half-read.
 */
export const LEDGER_VERSION = 2;

/** What every item of the ledger carries. */
export const VERSIONED = { ledgerVersion: LEDGER_VERSION } as const;

/** Primary key of a ledger item. */
export interface LedgerKey {
  readonly PK: string;
  readonly SK: string;
}

/** Index that lists runs by start: `entity` (`RUN`; `AGAIN`: see `begun-again.ts`), `startedAt`. Eventually consistent. */
export const RUNS_INDEX = 'RunsIndex';

export const runKey = (runId: string): LedgerKey => ({ PK: `RUN#${runId}`, SK: 'RUN' });
export const tableKey = (runId: string, tableName: string): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `TABLE#${tableName}`,
});
export const shardKey = (runId: string, state: string, shard: number): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `SHARD#${state}#${shard}`,
});
/** A run that announced a table, found by the table's name: strongly consistent, which no index is. */
export const announcementKey = (tableName: string, runId: string): LedgerKey => ({
  PK: `TABLE#${tableName}`,
  SK: `RUN#${runId}`,
});
/** Under the earlier run: `by` relies on it. */
export const reliedKey = (runId: string, by: string): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `RELIED#${by}`,
});
/** Under the later run: it relies on `on`. */
export const reliesKey = (runId: string, on: string): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `RELIES#${on}`,
});
/** Not padded: {@link listFiles} sorts by number. */
export const fileKey = (runId: string, segment: number, sequence: number): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `FILE#${segment}-${sequence}`,
});
/** What a data file has become: see {@link listTransformed}. */
export const transformedKey = (
  runId: string,
  {
    making,
    segment,
    sequence,
  }: { readonly making: number; readonly segment: number; readonly sequence: number },
): LedgerKey => ({ PK: `RUN#${runId}`, SK: `TARGET#${making}#${segment}-${sequence}` });
/** One object of items that were kept before they were replaced. */
export const undoKey = (runId: string, stem: string, number: number): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `UNDO#${stem}#${number}`,
});
/** The executions that have failed are numbered in their order, from 0. */
export const failureKey = (runId: string, number: number): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `FAILURE#${number}`,
});
export const executionKey = (executionName: string): LedgerKey => ({
  PK: `EXEC#${executionName}`,
  SK: 'EXEC',
});
/** Everything that a sync notes while it follows the source; the sync itself is a run. */
export const syncPartition = (syncId: string): string => `SYNC#${syncId}`;
/** A source key that could not be settled yet. `mark` is made of the key: see {@link keyMark}. */
export const pendingKey = (syncId: string, mark: string): LedgerKey => ({
  PK: syncPartition(syncId),
  SK: `PENDING#${mark}`,
});
/** What a sync did in one minute; `minute` is `2026-11-28T23:59`. */
export const minuteKey = (syncId: string, minute: string): LedgerKey => ({
  PK: syncPartition(syncId),
  SK: `MINUTE#${minute}`,
});
/** What a sync has done since it began. */
export const totalKey = (syncId: string): LedgerKey => ({ PK: syncPartition(syncId), SK: 'TOTAL' });
/** The shop has switched to this table. */
export const switchedKey = (tableName: string): LedgerKey => ({ PK: `TABLE#${tableName}`, SK: 'SWITCHED' });
export const lockKey = (table: string): LedgerKey => ({ PK: `LOCK#${table}`, SK: 'LOCK' });
