import {
  CreateBackupCommand,
  DescribeBackupCommand,
  DescribeContinuousBackupsCommand,
  ListBackupsCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { isNamed } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { noteTable, type TableFacts, type TableRecord } from '../shared/ledger/table-record.ts';
import { isTransientOr, retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { isNotOffered } from '../shared/aws/not-offered.ts';
import { cut } from '../shared/text.ts';
import type { RollBackFence } from './recovery-owner.ts';

/** A table that was in use and is about to be deleted. */
export interface NetScope {
  readonly run: Run;
  readonly fence: RollBackFence;
  readonly record: TableRecord;
  readonly table: TableDescription;
}

/**
 * `ready`: the table may be deleted. `wait`: its backup is not AVAILABLE yet, and DynamoDB refuses to delete the table,
 * or the table is so young that DynamoDB has not enabled backups for it.
 */
export type Net = { readonly kind: 'ready'; readonly remark: string } | { readonly kind: 'wait' };

const SYSTEM_BACKUP: Net = { kind: 'ready', remark: 'DynamoDB keeps a system backup of it for 35 days' };
const userBackup = (arn: string): Net => ({ kind: 'ready', remark: `its backup is ${arn}` });

/** Letters, digits, `_`, `-` and `.` only, as both the table's name and the run's id are made of. */
const MAX_BACKUP_NAME = 255;

/** Of one roll back: the backup of an earlier one may be older than what the table holds. */
function nameOf({ record, run: { runId, markedAt = 0 } }: NetScope): string {
  const end = `-${runId}-${markedAt}`;
  return `${cut(record.name, MAX_BACKUP_NAME - end.length)}${end}`;
}

const note = ({ ledger }: Runtime, { run, record }: NetScope, facts: TableFacts): Promise<void> =>
  noteTable(ledger, { runId: run.runId, name: record.name }, facts);

async function hasPointInTimeRecovery({ clients }: Runtime, TableName: string): Promise<boolean> {
  const { ContinuousBackupsDescription: found } = await clients.tables.send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  return found?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED';
}

/** The backup of this table that an earlier call of this roll back requested without getting an answer. */
async function findBackup({ clients }: Runtime, scope: NetScope): Promise<string | undefined> {
  const name = nameOf(scope);
  let start: string | undefined;
  do {
    const page = await clients.tables.send(
      new ListBackupsCommand({ TableName: scope.record.name, ExclusiveStartBackupArn: start }),
    );
    const found = page.BackupSummaries?.find(
      ({ BackupName, TableId, BackupStatus }) =>
        BackupName === name && TableId === scope.table.TableId && BackupStatus !== 'DELETED',
    );
    if (found?.BackupArn !== undefined) return found.BackupArn;
    start = page.LastEvaluatedBackupArn;
  } while (start !== undefined);
  return undefined;
}

const isBusyOrTransient = (error: unknown): boolean =>
  isTransientOr(error, 'BackupInUseException', 'TableInUseException');

/**
 * Makes one backup, however often it is called. Each attempt first looks for a backup that an earlier one may have
 * made.
 */
function makeBackup(runtime: Runtime, scope: NetScope): Promise<string> {
  const { clients, clock } = runtime;
  const until = {
    clock,
    deadline: clock.now() + 60_000,
    patienceMillis: 60_000,
    isRetryable: isBusyOrTransient,
  };
  return retry(until, async () => {
    const found = await findBackup(runtime, scope);
    if (found !== undefined) return found;
    await scope.fence.check();
    const { BackupDetails } = await clients.dynamo.send(
      new CreateBackupCommand({ TableName: scope.record.name, BackupName: nameOf(scope) }),
    );
    return BackupDetails?.BackupArn ?? '';
  });
}

async function isAvailable({ clients }: Runtime, BackupArn: string): Promise<boolean> {
  const { BackupDescription } = await clients.tables.send(new DescribeBackupCommand({ BackupArn }));
  return BackupDescription?.BackupDetails?.BackupStatus === 'AVAILABLE';
}

/** Nobody has looked into the table yet, so it may be kept all the same. */
async function noNet(runtime: Runtime, scope: NetScope): Promise<Net> {
  await note(runtime, scope, { net: 'NOT_OFFERED' });
  await warnRun(runtime.ledger, scope.run, [
    `Table ${scope.record.name} was rolled back without a DynamoDB backup of it, because this endpoint offers none.`,
  ]);
  return { kind: 'ready', remark: 'without a DynamoDB backup, because this endpoint offers none' };
}

async function findNet(runtime: Runtime, scope: NetScope): Promise<Net> {
  const isRecoverable = await hasPointInTimeRecovery(runtime, scope.record.name).catch((error: unknown) => {
    if (isNotOffered(error)) return false;
    throw error;
  });
  if (!isRecoverable) return findBackedUp(runtime, scope);
  await note(runtime, scope, { net: 'SYSTEM_BACKUP' });
  return SYSTEM_BACKUP;
}

async function findBackedUp(runtime: Runtime, scope: NetScope): Promise<Net> {
  const { record } = scope;
  const { markedAt = 0 } = scope.run;
  const known = record.backupFor === markedAt ? record.backupArn : undefined;
  const backupArn = known ?? (await makeBackup(runtime, scope).catch(unlessTooYoung(runtime, scope)));
  if (backupArn === TOO_YOUNG) return { kind: 'wait' };
  if (known === undefined) await note(runtime, scope, { net: 'BACKUP', backupArn, backupFor: markedAt });
  return (await isAvailable(runtime, backupArn)) ? userBackup(backupArn) : { kind: 'wait' };
}

const TOO_YOUNG = Symbol('DynamoDB has not enabled backups for the table yet');
/** DynamoDB enables them within minutes of a table's creation. */
const YOUNG_MILLIS = 10 * 60_000;

/** @throws every other error, and this one after ten minutes */
function unlessTooYoung(runtime: Runtime, scope: NetScope) {
  return async (error: unknown): Promise<typeof TOO_YOUNG> => {
    if (!isNamed(error, 'ContinuousBackupsUnavailableException')) throw error;
    const { markedAt = 0 } = scope.run;
    const now = runtime.clock.now();
    const { backupAwaited: awaited } = scope.record;
    if (awaited?.markedAt !== markedAt)
      await note(runtime, scope, { backupAwaited: { markedAt, since: now } });
    else if (now - awaited.since > YOUNG_MILLIS) throw error;
    return TOO_YOUNG;
  };
}

/**
 * Makes one backup of a table that stays. It is AVAILABLE before any item is removed. Idempotent.
 *
 * @throws RunClosedError, and the SDK's errors; safe to repeat
 */
export async function keepBackup(runtime: Runtime, scope: NetScope): Promise<Net> {
  try {
    return await findBackedUp(runtime, scope);
  } catch (error) {
    if (isNotOffered(error)) return noNet(runtime, scope);
    throw error;
  }
}

/**
 * Makes sure that a table that was in use can be recovered. DynamoDB makes a system backup of a deleted table if it has
 * point-in-time recovery. Otherwise this makes one backup, and the table may be deleted once that is AVAILABLE. Call it
 * once the table has been closed for a minute or longer, because a backup may hold the state of about a minute before its
 * request. Idempotent.
 *
 * @throws RunClosedError, and the SDK's errors; safe to repeat
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
 */
export async function keepNet(runtime: Runtime, scope: NetScope): Promise<Net> {
  try {
    return await findNet(runtime, scope);
  } catch (error) {
    if (!isNotOffered(error)) throw error;
    return noNet(runtime, scope);
  }
}
