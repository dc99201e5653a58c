import * as z from 'zod';
import { isBackupId } from '../shared/files/layout.ts';
import { InvalidInputError } from '../shared/errors.ts';
import { noteSchema } from '../shared/runs/migrate-input.ts';
import { cut } from '../shared/text.ts';

/** Longer input than this is a mistake; Step Functions itself would take 256 KiB. */
const maxInputCharacters = 4_096;

export const backupIdSchema = z
  .string()
  .refine(isBackupId, 'must be a backup id: 14 digits, a dash, 8 hex digits');
export const tableNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{3,255}$/, 'must be the name of a table: 3 to 255 letters, digits, _, . and -');

const restoreInputSchema = z.strictObject({
  /** Default: the newest sealed backup of the source table. */
  backupId: backupIdSchema.optional(),
  /** Default: a new table `<source>-restored-<yyyymmddThhmmssZ>`. One that exists gets only what it lacks. */
  targetTable: tableNameSchema.optional(),
  /** Repeats the name of the source table: needed to restore into it. */
  confirm: tableNameSchema.optional(),
  maxConcurrency: z.number().int().min(1).max(1_000).optional(),
  writeUnitsPerSecond: z.number().positive().max(1_000_000).optional(),
  note: noteSchema.optional(),
  /** The console fills this in; ignored. */
  Comment: z.unknown().optional(),
});

/** Input of `restore`; every field may be left out. */
export type RestoreInput = z.infer<typeof restoreInputSchema>;

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys')
    return `unknown field${issue.keys.length > 1 ? 's' : ''} ${issue.keys.map((key) => `"${cut(key, 80)}"`).join(', ')}`;
  return `"${issue.path.join('.')}": ${issue.message}`;
}

/**
 * Reads what was typed as input of `restore`.
 *
 * @throws InvalidInputError naming every field that is unknown or of the wrong type; not retried.
 */
export function parseRestoreInput(typed: unknown): RestoreInput {
  const help = 'Nothing was created. Start again with {} to restore the newest backup into a new table.';
  if (typeof typed !== 'object' || typed === null || Array.isArray(typed))
    throw new InvalidInputError(`The input of the restore must be a JSON object. ${help}`);
  if (JSON.stringify(typed).length > maxInputCharacters)
    throw new InvalidInputError(
      `The input of the restore is longer than ${maxInputCharacters} characters. ${help}`,
    );
  const parsed = restoreInputSchema.safeParse(typed);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(
    `The input of the restore cannot be used: ${parsed.error.issues.map(sentence).join('; ')}. ${help}`,
  );
}
