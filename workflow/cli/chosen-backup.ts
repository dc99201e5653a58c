import type { ObjectStore } from '../../functions/shared/aws/object-store.ts';
import { commandsOf, stepText, type StagePlace } from '../../functions/shared/commands.ts';
import { BackupNotFoundError } from '../../functions/shared/errors.ts';
import { listBackups, newestBackup } from '../../functions/shared/files/backup-catalog.ts';
import type { OperatorContext } from './context.ts';
import { deployedSource } from './deployed-variables.ts';
import { REFUSED } from './exit-codes.ts';
import { OperatorError } from './operator-error.ts';

/** Where backups are looked for. */
export type BackupScope = Pick<OperatorContext, 'lambda' | 'service' | 'stage' | 'region'> &
  Partial<Pick<OperatorContext, 'typed'>> & { readonly objects: ObjectStore };

/** What names a backup. */
export interface BackupChoice {
  readonly backup?: string;
  readonly table?: string;
}

/**
 * Id of the backup that is meant: by default the newest of the table that the stage reads.
 *
 * @throws OperatorError naming the tables that do have backups; BackupNotFoundError where none has
 */
export async function chosenBackup(scope: BackupScope, { backup, table }: BackupChoice): Promise<string> {
  if (backup !== undefined) return backup;
  const name = table ?? (await deployedSource(scope));
  return newestBackup(scope.objects, name).catch((error: unknown) => sayOthers(error, scope, name));
}

async function sayOthers(error: unknown, scope: BackupScope, name: string): Promise<never> {
  if (!(error instanceof BackupNotFoundError)) throw error;
  const { backups } = await listBackups(scope.objects);
  if (backups.length === 0) throw error;
  const tables = [...new Set(backups.map(({ tableName }) => tableName))].toSorted();
  throw new OperatorError(
    `Stage ${scope.stage} has no sealed backup of table ${name}. It has backups of: ${tables.join(', ')}. Name one of these with --table, or a backup with --backup.`,
    REFUSED,
    listStep(scope),
  );
}

/** Work on a backup. Where it is not there, it has probably been mistyped, so the others are listed. */
export async function onBackup<T>(
  scope: BackupScope,
  { backup }: BackupChoice,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (backup === undefined || !(error instanceof BackupNotFoundError)) throw error;
    throw new OperatorError(error.message, REFUSED, listStep(scope));
  }
}

const listStep = (place: StagePlace): string => stepText(['List the backups', commandsOf(place).backups()]);
