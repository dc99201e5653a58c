import * as z from 'zod';
import { InvalidInputError } from '../errors.ts';
import { runIdSchema } from '../state.ts';
import { cut } from '../text.ts';

/** Longer input than this is a mistake. Step Functions itself would take 256 KiB. */
const maxInputCharacters = 4_096;

const capacity = z.number().positive().max(1_000_000);

/** Free text for the report. Step Functions may pass on half a character in it, which no store takes. */
export const noteSchema = z
  .string()
  .max(500)
  .transform((text) => text.toWellFormed());

/** Input of the `migrate` machine. Every field is optional. */
const migrateInputSchema = z.strictObject({
  dryRun: z.boolean().default(false),
  onFailure: z.enum(['rollback', 'hold']).default('rollback'),
  resume: runIdSchema.optional(),
  maxQuarantined: z.number().int().min(0).default(0),
  onExisting: z.enum(['keep', 'replace']).default('keep'),
  maxConcurrency: z.number().int().min(1).max(1_000).optional(),
  readUnitsPerSecond: capacity.optional(),
  writeUnitsPerSecond: capacity.optional(),
  /** A source without products is more often the wrong table than intended. */
  allowEmpty: z.boolean().default(false),
  note: noteSchema.optional(),
  /** The console fills this in; ignored. */
  Comment: z.unknown().optional(),
});

/** Input of `migrate`, defaults filled in; `maxConcurrency` is absent where the deployment's value serves. */
export type MigrateInput = z.infer<typeof migrateInputSchema>;

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys')
    return `unknown field${issue.keys.length > 1 ? 's' : ''} ${issue.keys.map((key) => `"${cut(key, 80)}"`).join(', ')}`;
  return `"${issue.path.join('.')}": ${issue.message}`;
}

/**
 * Parses the input of `migrate`.
 *
 * @throws InvalidInputError naming every field that is unknown or of the wrong type; not retried.
 */
export function parseMigrateInput(typed: unknown): MigrateInput {
  const help =
    'Nothing was created. Start again with {} for a normal run, or see the table of inputs in the README.';
  if (typeof typed !== 'object' || typed === null || Array.isArray(typed)) {
    const what = Array.isArray(typed) ? 'a list' : typed === null ? 'null' : `a ${typeof typed}`;
    throw new InvalidInputError(`The input of the migration must be a JSON object, not ${what}. ${help}`);
  }
  if (JSON.stringify(typed).length > maxInputCharacters)
    throw new InvalidInputError(
      `The input of the migration is longer than ${maxInputCharacters} characters. ${help}`,
    );
  const parsed = migrateInputSchema.safeParse(typed);
  if (!parsed.success)
    throw new InvalidInputError(
      `The input of the migration cannot be used: ${parsed.error.issues.map(sentence).join('; ')}. ${help}`,
    );
  return parsed.data;
}
