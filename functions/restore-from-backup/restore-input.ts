import * as z from 'zod';
import { INPUT_FIELDS, parseInput } from '../shared/runs/parse-input.ts';
import { backupIdSchema, tableNameSchema } from '../shared/runs/restore-order.ts';

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
  writeEngine,
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
    help: 'Nothing was created. Without any field, the newest backup is restored into a new table.',
  });
}
