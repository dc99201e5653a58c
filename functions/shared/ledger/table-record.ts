import { RunClosedError } from '../errors.ts';
import { ABSENT, absentOrNot, checkItem, EXISTING, NEW, oneOf, updateItem } from './actions.ts';
import { ClaimLostError, type Claims, claimed } from './claims.ts';
import { announcementKey, type LedgerTable, runKey, tableKey, VERSIONED } from './ledger-table.ts';
import { findRun, type Run } from './run.ts';
import { get, listBelow, putIf, updateIf } from './store.ts';
import { transact, type TransactItem } from './transact.ts';

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
  /** Whether it holds items that carry the run's mark and that the run has not written. */
  readonly hasForeignMarks?: boolean;
  /** True where a roll back left the run's items in it, because a later run relies on them. */
  readonly itemsKept?: boolean;
  /** Why it was kept, or another remark for the report. */
  readonly remark?: string;
  /** The last decision of a roll back to keep it. */
  readonly keeping?: Keeping;
  /** Another table that has its name now, and that a roll back has looked into. */
  readonly other?: OtherTable;
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
  /** Of a table that the run has filled. Others get it when they are created. */
  readonly timeToLive?: ProtectionState;
  /** Epoch milliseconds: since when a roll back has closed it to everybody, as GetResourcePolicy said. */
  readonly closedToAllAt?: number;
  /** Of the roll back (`markedAt`) that has closed it: what another one closed may have been open since. */
  readonly closedToAllFor?: number;
  /** Whether a roll back has switched its deletion protection off. */
  readonly isUnprotected?: boolean;
  /** Noted directly before a roll back deletes it. */
  readonly deleting?: Deleting;
  /** What is left of a table that was in use and is rolled back: DynamoDB's own system backup, or one that was made. */
  readonly net?: 'SYSTEM_BACKUP' | 'BACKUP' | 'NOT_OFFERED';
  readonly backupArn?: string;
  /** Of the roll back (`markedAt`) that has made the backup: the table may have changed since an earlier one. */
  readonly backupFor?: number;
  /** Since when DynamoDB has not enabled backups for it yet. */
  readonly backupAwaited?: BackupAwaited;
  /** Of the roll back (`markedAt`) that has looked through it once. */
  readonly lookedThroughFor?: number;
  /** How far a look into it has come that was short of time. */
  readonly look?: TableLook;
  /** Read units that DynamoDB has charged for the looks into it. */
  readonly lookReadUnits?: number;
}

/** A roll back's decision to keep a table. It holds for that roll back, which does not close or inspect the table again. */
export interface Keeping {
  /** Of the roll back. */
  readonly markedAt: number;
  /** Why it is kept. */
  readonly remark: string;
  /** Set if the table could not be rolled back. */
  readonly failure?: KeepingFailure;
}

/** A roll back's deletion of a table, for the turn that finds the table gone. */
export interface Deleting {
  /** Of the roll back. */
  readonly markedAt: number;
  /** What the report says of the deletion. Empty: nothing. */
  readonly remark: string;
}

/** A roll back's wait for a young table whose backups DynamoDB has not enabled yet. */
export interface BackupAwaited {
  /** Of the roll back. */
  readonly markedAt: number;
  /** Epoch milliseconds: its first refusal. */
  readonly since: number;
}

/** What an operator is told about a table that could not be rolled back. */
export interface KeepingFailure {
  readonly sentence: string;
  /** What the error says to do, as `stepText` words it. */
  readonly step?: string | undefined;
}

/** A table that somebody has put in the place of the run's. */
export interface OtherTable {
  readonly tableId: string;
  /** What a roll back has found and left of the run in it: a clause. */
  readonly contents: string;
}

/**
 * Where a look into a table goes on. It counts only for the roll back, the closing and the look (the first, or the
 * one directly before the deletion) that it was noted in: what was seen before may have changed since.
 */
export interface TableLook {
  /** Of the roll back. */
  readonly markedAt: number;
  /** As the table's record had them when the look began. */
  readonly closedToAllAt?: number | undefined;
  readonly lookedThroughFor?: number | undefined;
  /** As the look itself understands it. */
  readonly place: unknown;
}

/** What is noted of a table beside its outcome. */
export type TableFacts = Partial<
  Omit<
    TableRecord,
    'name' | 'outcome' | 'intentAt' | 'tableId' | 'tableArn' | 'remark' | 'keeping' | keyof Claims
  >
>;

/** What a call announces before it creates a table. */
export interface TableIntent {
  readonly runId: string;
  readonly executionArn: string;
  readonly name: string;
  readonly now: number;
  readonly outcome: 'INTENT' | 'EXISTED';
  /** The call that will create the table, and the record as it was read. Absent: nothing is created. */
  readonly by?: {
    /** Unique to the call. */
    readonly call: string;
    readonly fenceMillis: number;
    readonly known: TableRecord | undefined;
  };
}

/** Lets whoever is about to work in the table find the run. */
export const announcement = (
  ledger: LedgerTable,
  { runId, name }: { readonly runId: string; readonly name: string },
): TransactItem => updateItem(ledger, announcementKey(name, runId), { set: { ...VERSIONED, runId } });

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
  const known = by?.known;
  const claims = by === undefined ? {} : claimed(known ?? {}, { now, ...by });
  const isAnnounced = await transact(ledger, [
    checkItem(ledger, runKey(runId), { status: 'RUNNING', executionArn }),
    updateItem(ledger, tableKey(runId, name), {
      if: { claim: known?.claim ?? ABSENT },
      set: { ...VERSIONED, name, ...claims },
      setFirst: { outcome, intentAt: now },
    }),
    announcement(ledger, { runId, name }),
  ]);
  if (isAnnounced) return claims;
  const run = await findRun(ledger, runId);
  if (run?.status !== 'RUNNING' || run.executionArn !== executionArn)
    throw new RunClosedError(
      `Run ${runId} is no longer running for this execution, so table ${name} was not created. Nothing is left to do here.`,
    );
  // An answer may have been lost: then the record carries this call's claim already.
  const record = await findTableRecord(ledger, { runId, name });
  if (record === undefined || record.claim !== by?.call)
    throw new ClaimLostError(
      `Another call creates table ${name} for run ${runId} now; this one has created nothing.`,
    );
  return claims;
}

/**
 * Records what became of a table; only one that was announced. Harmless to repeat.
 *
 * @param closing the call whose claim ends with that, and until when its requests may still take effect
 * @returns false: somebody else has noted more, or the claim is another call's, and nothing has changed
 */
export function recordTable(
  ledger: LedgerTable,
  runId: string,
  record: Omit<TableRecord, 'intentAt'>,
  closing?: { readonly call: string; readonly quietAt: number | undefined },
): Promise<boolean> {
  const { name, ...facts } = record;
  const { outcome } = record;
  // CREATED and EXISTED come from workers, which may be late: they never overwrite what a roll back has noted, nor that
  // the table has been opened.
  const isOfWorker = outcome === 'CREATED' || outcome === 'EXISTED';
  const stillClosed = record.access === undefined ? {} : { access: absentOrNot('OPEN') };
  const expected = isOfWorker ? { outcome: oneOf('INTENT', outcome), ...stillClosed } : EXISTING;
  if (closing === undefined) return updateIf(ledger, tableKey(runId, name), { if: expected, set: facts });
  const { call, quietAt } = closing;
  return updateIf(ledger, tableKey(runId, name), {
    if: { ...expected, claim: call },
    set: { ...facts, quietAt },
    remove: ['claim'],
  });
}

/** Strongly consistent; `undefined` where the run has not announced the table. */
export function findTableRecord(
  ledger: LedgerTable,
  { runId, name }: { readonly runId: string; readonly name: string },
): Promise<TableRecord | undefined> {
  return get<TableRecord>(ledger, tableKey(runId, name));
}

/** Ids of all runs that announced a table of this name. Strongly consistent. */
export async function listAnnouncers(ledger: LedgerTable, name: string): Promise<readonly string[]> {
  const runs = await listBelow<Pick<Run, 'runId'>>(ledger, { partition: `TABLE#${name}`, prefix: 'RUN#' });
  return runs.map(({ runId }) => runId);
}

/** Notes a table of the run whose record somebody has removed. Harmless to repeat; a record that is there stays. */
export async function noteLostTable(ledger: LedgerTable, runId: string, record: TableRecord): Promise<void> {
  await putIf(ledger, tableKey(runId, record.name), { item: { ...record }, if: NEW });
}

/** Notes facts of a table that was announced; its outcome stays. Harmless to repeat. */
export async function noteTable(
  ledger: LedgerTable,
  { runId, name }: { readonly runId: string; readonly name: string },
  facts: TableFacts,
): Promise<void> {
  await updateIf(ledger, tableKey(runId, name), { if: EXISTING, set: facts });
}

/** Notes how far a look into a table has come; `undefined`: the next one begins at the beginning. Harmless to repeat. */
export async function noteLook(
  ledger: LedgerTable,
  { runId, name }: { readonly runId: string; readonly name: string },
  { look, lookReadUnits }: Pick<TableRecord, 'look' | 'lookReadUnits'>,
): Promise<void> {
  const change =
    look === undefined ? { remove: ['look'], set: { lookReadUnits } } : { set: { look, lookReadUnits } };
  await updateIf(ledger, tableKey(runId, name), { if: EXISTING, ...change });
}

/** Every table the run announced. Strongly consistent. */
export function listTables(ledger: LedgerTable, runId: string): Promise<readonly TableRecord[]> {
  return listBelow<TableRecord>(ledger, { partition: `RUN#${runId}`, prefix: 'TABLE#' });
}
