import { arnOf } from '../account.ts';
import { AwsError, jsonAnswer } from '../gateway/aws-answers.ts';
import type { AwsRequest, AwsResponse } from '../gateway/aws-request.ts';

type CarryOut = (request: AwsRequest) => Promise<AwsResponse>;

/** On-demand backups of tables, in front of an engine that has none. They are only listed, because nothing here restores one. */
export interface Backups {
  /**
   * Answers what is asked about backups, refuses to delete a table while a backup of it is being made, and has
   * everything else carried out.
   *
   * @throws AwsError in AWS's words
   */
  serve(request: AwsRequest, carryOut: CarryOut): Promise<AwsResponse>;
}

/** What the backups need to know. */
export interface BackupParts {
  /** The id of the table that has this name now; `undefined`: there is none. */
  readonly tableIdOf: (table: string) => Promise<string | undefined>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface Backup {
  readonly arn: string;
  readonly name: string;
  readonly table: string;
  readonly tableId: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** On AWS seconds to minutes; long enough here to be met. */
const CREATING_MILLIS = 300;
/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateBackup.html */
const NAME = /^[a-zA-Z0-9_.-]{3,255}$/;

const tableNotFound = (table: string): AwsError =>
  new AwsError(400, 'TableNotFoundException', `Table not found: ${table}`);

/** The service behind the functions that roll back. */
export function createBackups({ tableIdOf, now }: BackupParts): Backups {
  const backups = new Map<string, Backup>();

  const isCreating = ({ createdAt }: Backup): boolean => now() < createdAt + CREATING_MILLIS;
  const details = (backup: Backup) => ({
    BackupArn: backup.arn,
    BackupName: backup.name,
    BackupStatus: isCreating(backup) ? 'CREATING' : 'AVAILABLE',
    BackupType: 'USER',
    BackupCreationDateTime: backup.createdAt / 1_000,
  });
  const create = async ({ TableName: table = '', BackupName: name = '' }: Named): Promise<object> => {
    if (!NAME.test(name)) throw new AwsError(400, 'ValidationException', `Invalid backup name: ${name}`);
    const tableId = await tableIdOf(table);
    if (tableId === undefined) throw tableNotFound(table);
    const createdAt = now();
    const id = `${String(createdAt).padStart(14, '0')}-${crypto.randomUUID().slice(0, 8)}`;
    const arn = `${arnOf('dynamodb', `table/${table}`)}/backup/${id}`;
    const backup = { arn, name, table, tableId, createdAt };
    backups.set(arn, backup);
    return { BackupDetails: details(backup) };
  };
  const describe = ({ BackupArn: arn = '' }: Named): object => {
    const backup = backups.get(arn);
    if (backup === undefined) throw new AwsError(400, 'BackupNotFoundException', `Backup not found: ${arn}`);
    return { BackupDescription: { BackupDetails: details(backup) } };
  };
  const list = ({ TableName: table }: Named): object => ({
    BackupSummaries: [...backups.values()]
      .filter((backup) => table === undefined || backup.table === table)
      .map((backup) => ({ ...details(backup), TableName: backup.table, TableId: backup.tableId })),
  });
  const assertDeletable = ({ TableName: table }: Named): void => {
    if (![...backups.values()].some((backup) => backup.table === table && isCreating(backup))) return;
    throw new AwsError(
      400,
      'ResourceInUseException',
      `Attempt to change a resource which is still in use: a backup of table ${table} is in progress`,
    );
  };
  return {
    async serve(request, carryOut) {
      const named = (request.json ?? {}) as Named;
      switch (request.operation) {
        case 'CreateBackup':
          return jsonAnswer(await create(named));
        case 'DescribeBackup':
          return jsonAnswer(describe(named));
        case 'ListBackups':
          return jsonAnswer(list(named));
        case 'DeleteTable':
          assertDeletable(named);
          return carryOut(request);
        default:
          return carryOut(request);
      }
    },
  };
}

interface Named {
  readonly TableName?: string;
  readonly BackupName?: string;
  readonly BackupArn?: string;
}
