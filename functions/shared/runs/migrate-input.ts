import * as z from 'zod';
import { runIdSchema } from '../state.ts';
import { INPUT_FIELDS, parseInput } from './parse-input.ts';

const { maxConcurrency, unitsPerSecond, maxCost, writeEngine, note, Comment } = INPUT_FIELDS;

/** Input of the `migrate` machine. Every field is optional. */
const migrateInputSchema = z.strictObject({
  dryRun: z.boolean().default(false),
  onFailure: z.enum(['rollback', 'hold']).default('rollback'),
  resume: runIdSchema.optional(),
  maxQuarantined: z.number().int().min(0).default(0),
  onExisting: z.enum(['keep', 'replace']).default('keep'),
  maxConcurrency,
  readUnitsPerSecond: unitsPerSecond,
  writeUnitsPerSecond: unitsPerSecond,
  maxCost,
  writeEngine,
  /** A source without products is more often the wrong table than intended. */
  allowEmpty: z.boolean().default(false),
  /** New tables stay closed to everybody but the migration until a sync has switched to them. */
  keepClosed: z.boolean().default(false),
  /** For tables that the shop has switched to: the id of that sync. */
  confirm: runIdSchema.optional(),
  note,
  Comment,
});

/** Input of `migrate`, defaults filled in; `maxConcurrency` is absent where the deployment's value serves. */
export type MigrateInput = z.infer<typeof migrateInputSchema>;

/** {@link parseInput} of `migrate`. @throws InvalidInputError; not retried. */
export function parseMigrateInput(typed: unknown): MigrateInput {
  return parseInput(typed, {
    schema: migrateInputSchema,
    of: 'the migration',
    help: 'Nothing was created. The README has a table of the inputs. Without any field, a run is a normal one.',
  });
}
