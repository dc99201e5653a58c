import { newestBackup, noteVerification } from '../shared/files/backup-catalog.ts';
import type { Finding } from '../shared/files/check-manifests.ts';
import { isBackupId } from '../shared/files/layout.ts';
import { verifyBackup } from '../shared/files/verify.ts';
import { counted } from '../shared/counted.ts';
import { errorSummary } from '../shared/errors.ts';
import { type Runtime, RESERVE_MILLIS, type Turn } from '../shared/runtime.ts';
import * as z from 'zod';

/** What `verifyBackup` is called with. Every field is optional. */
export const verifyBackupSchema = z.strictObject({
  /** Default: the newest sealed backup of the source table. */
  backupId: z.string().refine(isBackupId, 'must be a backup id: 14 digits, a dash, 8 hex digits').optional(),
  /** From `next` of an earlier answer, together. Where they do not fit the backup's list of files, all files are read. */
  fromFile: z.number().int().min(0).optional(),
  findingsBefore: z.number().int().min(0).optional(),
  filesSha256: z.string().optional(),
});
export type VerifyBackupInput = z.infer<typeof verifyBackupSchema>;

/** Answer of `verifyBackup`. */
export interface VerifyBackupOutput {
  readonly backupId: string;
  /** True: everything was read, and nothing is wrong. */
  readonly sound: boolean;
  /** False: time was short; call again with `next` as the payload. */
  readonly done: boolean;
  readonly files: number;
  readonly items: number;
  /** At most 100. The first ones show what has happened. */
  readonly findings: readonly Finding[];
  readonly findingCount: number;
  readonly message: string;
  readonly next?: VerifyBackupInput;
}

const MAX_FINDINGS = 100;

/**
 * Compares a backup with its manifests and names each fault in one sentence. Changes nothing but its own note of the
 * outcome.
 *
 * @throws BackupNotFoundError, InvalidInputError (neither retried).
 */
export async function verifyOne(
  runtime: Runtime,
  input: VerifyBackupInput,
  turn: Turn,
): Promise<VerifyBackupOutput> {
  const { fromFile = 0, findingsBefore = 0, filesSha256 = '' } = input;
  const backupId = input.backupId ?? (await newestBackup(runtime.objects, runtime.config.sourceTable));
  const reserve = Math.min(RESERVE_MILLIS, turn.remainingMillis() / 4);
  const isShort = (): boolean => turn.remainingMillis() < reserve;
  const { files, items, findings, findingCount, next } = await verifyBackup(runtime.objects, {
    backupId,
    before: { fromFile, findingsBefore, filesSha256 },
    isShort,
  });
  const done = next === undefined;
  if (done) await note(runtime, backupId, findingCount);
  const facts = { backupId, sound: done && findingCount === 0, done, files, items, findingCount };
  return {
    ...facts,
    findings: findings.slice(0, MAX_FINDINGS),
    message: messageFor(facts),
    ...(done ? {} : { next: { backupId, ...next } }),
  };
}

/** The note is only for the list of backups. A role that may not write it can verify all the same. */
async function note(runtime: Runtime, backupId: string, findingCount: number): Promise<void> {
  try {
    await noteVerification(runtime.objects, { backupId, findingCount }, runtime.clock.now());
  } catch (error) {
    runtime.logger.warn('The verification could not be noted beside the backup.', {
      backupId,
      error: errorSummary(error).name,
    });
  }
}

function messageFor(
  answer: Pick<VerifyBackupOutput, 'backupId' | 'done' | 'findingCount' | 'items' | 'files'>,
): string {
  const { backupId, done, findingCount, items, files } = answer;
  if (!done) return `Time was short. Call again with the payload in "next" to continue.`;
  if (findingCount > 0)
    return `Backup ${backupId} is damaged in ${counted(findingCount, 'place')}: do not rely on it.`;
  return `Backup ${backupId} is sound: ${counted(items, 'item')} in ${counted(files, 'file')}, every one read and compared.`;
}
