import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** Where the ledger lives; first argument of everything that reads or writes it. */
export interface LedgerTable {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
}

/** Primary key of a ledger item. */
export interface LedgerKey {
  readonly PK: string;
  readonly SK: string;
}

/** Index that lists runs by start: `entity` (always `RUN`), `startedAt`. Eventually consistent. */
export const runsIndex = 'RunsIndex';

export const runKey = (runId: string): LedgerKey => ({ PK: `RUN#${runId}`, SK: 'RUN' });
export const tableKey = (runId: string, tableName: string): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `TABLE#${tableName}`,
});
export const shardKey = (runId: string, state: string, shard: number): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `SHARD#${state}#${shard}`,
});
/** Not padded: {@link listFiles} sorts by number. */
export const fileKey = (runId: string, segment: number, sequence: number): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `FILE#${segment}-${sequence}`,
});
export const failureKey = (runId: string, index: number): LedgerKey => ({
  PK: `RUN#${runId}`,
  SK: `FAILURE#${index}`,
});
export const executionKey = (executionName: string): LedgerKey => ({
  PK: `EXEC#${executionName}`,
  SK: 'EXEC',
});
export const lockKey = (sourceTable: string): LedgerKey => ({ PK: `LOCK#${sourceTable}`, SK: 'LOCK' });
