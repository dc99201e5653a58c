import type {
  CreateBackupCommandInput,
  DescribeBackupCommandInput,
  ListBackupsCommandInput,
} from '@aws-sdk/client-dynamodb';
import { dynamoError, invalid } from '../errors.ts';
import { type Aws, nextId } from '../state.ts';
import { operation, whole } from '../work.ts';
import { type Backup, presentTable, statusOf, type Table } from './table-state.ts';

/** How long a backup may be CREATING; the first is the ordinary way. */
const CREATING_MILLIS = [0, 5_000, 60_000, 300_000] as const;
/** Backups and point-in-time recovery may be refused for a table younger than this. */
const YOUNG_MILLIS = 120_000;
/** A page of ListBackups may end after 1 to this many. */
const SHORT_PAGES = 2;
const NAME = /^[a-zA-Z0-9_.-]{3,255}$/;

function detailsOf({ now }: Aws, backup: Backup) {
  return {
    BackupArn: backup.arn,
    BackupName: backup.name,
    BackupStatus: now() < backup.availableAt ? 'CREATING' : 'AVAILABLE',
    BackupType: 'USER',
    BackupCreationDateTime: new Date(backup.createdAt),
  };
}

/** @throws ContinuousBackupsUnavailableException where DynamoDB has not enabled backups for the table yet */
export function assertBackupsEnabled(aws: Aws, table: Table): void {
  const isYoung = aws.now() < table.activeAt + YOUNG_MILLIS;
  if (
    statusOf(aws, table) === 'CREATING' ||
    (isYoung && aws.choose(2, `backups of ${table.name} are being enabled`) === 1)
  )
    throw dynamoError(
      'ContinuousBackupsUnavailableException',
      'Backups are being enabled for the table. Please retry later',
    );
}

function createBackup(
  aws: Aws,
  { TableName = '', BackupName: name = '' }: CreateBackupCommandInput,
): unknown {
  if (!NAME.test(name)) throw invalid(`Invalid backup name: ${name}`);
  const table = presentTable(aws, TableName);
  if (table === undefined) throw dynamoError('TableNotFoundException', `Table not found: ${TableName}`);
  const status = statusOf(aws, table);
  if (status === 'CREATING' || status === 'DELETING')
    throw dynamoError('TableInUseException', `Table is ${status}: ${TableName}`);
  assertBackupsEnabled(aws, table);
  const createdAt = aws.now();
  const millis =
    CREATING_MILLIS[aws.choose(CREATING_MILLIS.length, `how long the backup of ${TableName} is CREATING`)];
  const backup: Backup = {
    arn: `${table.arn}/backup/${String(createdAt).padStart(14, '0')}-${String(nextId(aws)).padStart(8, '0')}`,
    name,
    tableName: TableName,
    tableId: table.id,
    createdAt,
    availableAt: createdAt + (millis ?? 0),
    items: table.inOrder.map(({ item }) => item),
  };
  aws.state.backups.set(backup.arn, backup);
  return { BackupDetails: detailsOf(aws, backup) };
}

function describeBackup(aws: Aws, { BackupArn = '' }: DescribeBackupCommandInput): unknown {
  const backup = aws.state.backups.get(BackupArn);
  if (backup === undefined) throw dynamoError('BackupNotFoundException', `Backup not found: ${BackupArn}`);
  return { BackupDescription: { BackupDetails: detailsOf(aws, backup) } };
}

function listBackups(
  aws: Aws,
  { TableName, ExclusiveStartBackupArn: start }: ListBackupsCommandInput,
): unknown {
  const all = [...aws.state.backups.values()].filter(({ tableName }) => tableName === TableName);
  const left = all.slice(1 + all.findIndex(({ arn }) => arn === start));
  const short = aws.choose(SHORT_PAGES + 1, 'backups after which a list ends');
  const page = short === 0 ? left : left.slice(0, short);
  return {
    BackupSummaries: page.map((backup) => ({
      ...detailsOf(aws, backup),
      TableName: backup.tableName,
      TableId: backup.tableId,
    })),
    ...(page.length < left.length && { LastEvaluatedBackupArn: page.at(-1)?.arn }),
  };
}

/** On-demand backups. */
export const BACKUP_OPERATIONS = {
  CreateBackup: operation('TableName BackupName', (aws, _caller, input: CreateBackupCommandInput) =>
    whole(input.TableName ?? '', () => createBackup(aws, input)),
  ),
  DescribeBackup: operation('BackupArn', (aws, _caller, input: DescribeBackupCommandInput) =>
    whole(input.BackupArn ?? '', () => describeBackup(aws, input)),
  ),
  ListBackups: operation(
    'TableName ExclusiveStartBackupArn',
    (aws, _caller, input: ListBackupsCommandInput) =>
      whole(input.TableName ?? '', () => listBackups(aws, input)),
  ),
};
