import * as z from 'zod';
import { isBackupId } from '../shared/files/layout.ts';
import { INPUT_FIELDS, parseInput } from '../shared/runs/parse-input.ts';

export const backupIdSchema = z
  .string()
  .refine(isBackupId, 'must be a backup id: 14 digits, a dash, 8 hex digits');
export const tableNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{3,255}$/, 'must be the name of a table: 3 to 255 letters, digits, _, . and -');

const { maxConcurrency, unitsPerSecond, maxCost, writeEngine, note, Comment } = INPUT_FIELDS;

const restoreInputSchema = z.strictObject({
  /** Default: the newest sealed backup of the source table. */
  backupId: backupIdSchema.optional(),
  /** Default: a new table `<source>-restored-<yyyymmddThhmmssZ>`. An existing table gets only the items it lacks. */
  targetTable: tableNameSchema.optional(),
  /** The name of the source table again. Required to restore into it. */
  confirm: tableNameSchema.optional(),
  maxConcurrency,
  writeUnitsPerSecond: unitsPerSecond,
  maxCost,
  /** Default: batch. */
  writeEngine: writeEngine.optional(),
  note,
  Comment,
});

/** Input of `restore`; every field may be left out. */
export type RestoreInput = z.infer<typeof restoreInputSchema>;

/** {@link parseInput} of `restore`. @throws InvalidInputError; not retried. */
export function parseRestoreInput(typed: unknown): RestoreInput {
  return parseInput(typed, {
    schema: restoreInputSchema,
    of: 'the restore',
    help: 'Nothing was created. Start again with {} to restore the newest backup into a new table.',
  });
}
