import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { RunClosedError } from '../errors.ts';
import { ClaimLostError, type Claims, claimed } from './claims.ts';
import { findRun } from './run.ts';
import { setExpression } from './run-update.ts';
import {
  announcementKey,
  LEDGER_VERSION,
  listBelow,
  type LedgerTable,
  runKey,
  tableKey,
  versioned,
} from './ledger-table.ts';
import { transact } from './transact.ts';

/** `INTENT`: about to be created, the answer is not known. */
export type TableOutcome = 'INTENT' | 'CREATED' | 'EXISTED' | 'DELETED' | 'KEPT';

/**
 * Who may write into a table that the run created, as GetResourcePolicy said. `CLOSED`: only the run's own writers.
 * `OPEN`: no statement of ours is on it. `NEVER_CLOSED`: the endpoint has no resource policies.
 */
export type TableAccess = 'CLOSED' | 'OPEN' | 'NEVER_CLOSED';

/** A protection of one table. `PENDING`: tried again. `REFUSED`: an operator's to switch on. */
export type ProtectionState = 'ON' | 'PENDING' | 'REFUSED';

/** What a run did to one table. Its claim names the call that creates the table now. */
export interface TableRecord extends Claims {
  readonly name: string;
  readonly outcome: TableOutcome;
  /** Epoch milliseconds, when the intent was written. */
  readonly intentAt: number;
  /** DynamoDB's TableId, once known: a table of the same name with another id is somebody else's. */
  readonly tableId?: string;
  readonly tableArn?: string;
  /** True where a roll back left the run's items in a table that existed before, because a later run relies on them. */
  readonly itemsKept?: boolean;
  /** Why it was kept, or another remark for the report. */
  readonly remark?: string;
  /** It was announced and never created: with DELETED only. */
  readonly isNeverCreated?: boolean;
  /** Absent: nothing was closed; a step called alone, or a deployment with closeNewTables=false. */
  readonly access?: TableAccess;
  /** Revision of the policy that closed it, as it was read back. */
  readonly policyRevision?: string;
  /** Absent: it carries the run's tags. */
  readonly tags?: 'NOT_OFFERED';
  readonly deletionProtection?: ProtectionState;
  readonly pointInTimeRecovery?: ProtectionState;
  /** Epoch milliseconds: since when a roll back has closed it to everybody, as GetResourcePolicy said. */
  readonly closedToAllAt?: number;
  /** What is left of a table that was in use and is rolled back: DynamoDB's own system backup, or one that was made. */
  readonly net?: 'SYSTEM_BACKUP' | 'BACKUP' | 'NOT_OFFERED';
  readonly backupArn?: string;
  /** Of the roll back (`markedAt`) that has looked through it once. */
  readonly lookedThroughFor?: number;
}

/** What is noted of a table beside its outcome. */
export type TableFacts = Partial<
  Omit<TableRecord, 'name' | 'outcome' | 'intentAt' | 'tableId' | 'tableArn' | 'remark' | keyof Claims>
>;

/** What a call announces before it creates a table. */
export interface TableIntent {
  readonly runId: string;
  readonly executionArn: string;
  readonly name: string;
  readonly now: number;
  readonly outcome: 'INTENT' | 'EXISTED';
  /** The call that goes on to create the table, and the record as it was read. Absent: nothing is created. */
  readonly by?: {
    /** Unique to the call. */
    readonly call: string;
    readonly fenceMillis: number;
    readonly known: TableRecord | undefined;
  };
}

/**
 * Writes the intent to create a table, or that it existed before, and claims the record for this call, on the
 * condition that the run is RUNNING for this execution. What is already there stays, with its time: the first
 * announcement counts.
 *
 * @returns the claims of the record
 * @throws RunClosedError when the run is no longer RUNNING (not retried); ClaimLostError when another call was faster.
 */
export async function announceTable(ledger: LedgerTable, intent: TableIntent): Promise<Claims> {
  const { runId, executionArn, name, now, outcome, by } = intent;
  const TableName = ledger.tableName;
  const runIsOurs = {
    ConditionExpression: '#status = :running AND executionArn = :execution',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: { ':running': 'RUNNING', ':execution': executionArn },
  };
  const known = by?.known;
  const claims = by === undefined ? {} : claimed(known ?? {}, { now, ...by });
  const set = setExpression({ ...versioned, name, ...claims });
  const writeIntent = {
    UpdateExpression: `${set.UpdateExpression}, outcome = if_not_exists(outcome, :outcome), intentAt = if_not_exists(intentAt, :now)`,
    ConditionExpression: known?.claim === undefined ? 'attribute_not_exists(claim)' : 'claim = :before',
    ExpressionAttributeNames: set.ExpressionAttributeNames,
    ExpressionAttributeValues: {
      ...set.ExpressionAttributeValues,
      ':outcome': outcome,
      ':now': now,
      ...(known?.claim !== undefined && { ':before': known.claim }),
    },
  };
  const listRunByTable = {
    UpdateExpression: 'SET runId = :run, ledgerVersion = :version',
    ExpressionAttributeValues: { ':run': runId, ':version': LEDGER_VERSION },
  };
  const isAnnounced = await transact(ledger, [
    { ConditionCheck: { TableName, Key: runKey(runId), ...runIsOurs } },
    { Update: { TableName, Key: tableKey(runId, name), ...writeIntent } },
    { Update: { TableName, Key: announcementKey(name, runId), ...listRunByTable } },
  ]);
  if (isAnnounced) return claims;
  const run = await findRun(ledger, runId);
  if (run?.status !== 'RUNNING' || run.executionArn !== executionArn)
    throw new RunClosedError(
      `Run ${runId} is no longer running for this execution, so table ${name} was not created. Nothing is left to do here.`,
    );
  // An answer may have been lost: then the record carries this call's claim already.
  const record = (await listTables(ledger, runId)).find((one) => one.name === name);
  if (record === undefined || record.claim !== by?.call)
    throw new ClaimLostError(
      `Another call creates table ${name} for run ${runId} now; this one has created nothing.`,
    );
  return claims;
}

/** CREATED and EXISTED come from workers, which may be late: they never overwrite what a roll back has noted. */
function conditionFor(outcome: TableOutcome): {
  readonly ConditionExpression: string;
  readonly values: Readonly<Record<string, string>>;
} {
  return outcome === 'CREATED' || outcome === 'EXISTED'
    ? { ConditionExpression: 'outcome IN (:intent, :outcome)', values: { ':intent': 'INTENT' } }
    : { ConditionExpression: 'attribute_exists(PK)', values: {} };
}

/** Records what became of a table; only one that was announced. */
export async function recordTable(
  ledger: LedgerTable,
  runId: string,
  record: Omit<TableRecord, 'intentAt'>,
): Promise<void> {
  const { name, ...facts } = record;
  const entries = Object.entries(facts).filter(([, value]) => value !== undefined);
  const { ConditionExpression, values } = conditionFor(record.outcome);
  await ledger.client
    .send(
      new UpdateCommand({
        TableName: ledger.tableName,
        Key: tableKey(runId, name),
        UpdateExpression: `SET ${entries.map(([key]) => `#${key} = :${key}`).join(', ')}`,
        ConditionExpression,
        ExpressionAttributeNames: Object.fromEntries(entries.map(([key]) => [`#${key}`, key])),
        ExpressionAttributeValues: {
          ...values,
          ...Object.fromEntries(entries.map(([key, value]) => [`:${key}`, value])),
        },
      }),
    )
    .catch((error: unknown) => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    });
}

/** Strongly consistent; `undefined` where the run has not announced the table. */
export async function findTableRecord(
  ledger: LedgerTable,
  { runId, name }: { readonly runId: string; readonly name: string },
): Promise<TableRecord | undefined> {
  const { Item } = await ledger.client.send(
    new GetCommand({ TableName: ledger.tableName, Key: tableKey(runId, name), ConsistentRead: true }),
  );
  return Item as TableRecord | undefined;
}

/** Ids of all runs that announced a table of this name. Strongly consistent. */
export async function listAnnouncers(ledger: LedgerTable, name: string): Promise<readonly string[]> {
  const items = await listBelow(ledger, `TABLE#${name}`, 'RUN#');
  return items.map(({ runId }) => runId as string);
}

/** Notes a table of the run whose record somebody has removed. Harmless to repeat; a record that is there stays. */
export async function noteLostTable(ledger: LedgerTable, runId: string, record: TableRecord): Promise<void> {
  await ledger.client
    .send(
      new PutCommand({
        TableName: ledger.tableName,
        Item: { ...tableKey(runId, record.name), ...versioned, ...record },
        ConditionExpression: 'attribute_not_exists(PK)',
      }),
    )
    .catch((error: unknown) => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    });
}

/** Notes facts of a table that was announced; its outcome stays. Harmless to repeat. */
export async function noteTable(
  ledger: LedgerTable,
  { runId, name }: { readonly runId: string; readonly name: string },
  facts: TableFacts,
): Promise<void> {
  const set = setExpression(facts);
  await ledger.client
    .send(
      new UpdateCommand({
        TableName: ledger.tableName,
        Key: tableKey(runId, name),
        ...set,
        ConditionExpression: 'attribute_exists(PK)',
      }),
    )
    .catch((error: unknown) => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    });
}

/** Every table the run announced. Strongly consistent. */
export async function listTables(ledger: LedgerTable, runId: string): Promise<readonly TableRecord[]> {
  const items = await listBelow(ledger, `RUN#${runId}`, 'TABLE#');
  return items as unknown as readonly TableRecord[];
}
