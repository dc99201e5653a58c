import * as z from 'zod';
import { INPUT_FIELDS, parseInput } from '../shared/runs/parse-input.ts';
import { runIdSchema } from '../shared/state.ts';

const { maxConcurrency, unitsPerSecond, note, Comment } = INPUT_FIELDS;

/** Input of the `sync` machine. Every field is optional. */
const syncInputSchema = z.strictObject({
  action: z.enum(['start', 'compare', 'cutover', 'cancel']).default('start'),
  /**
   * With `start`: the migration to follow. With a compare without a sync: the same, or a sync that has followed it. With
   * the others: the sync. Default: the newest.
   */
  runId: runIdSchema.optional(),
  /** With `cutover`: the operator says that writes to the source have stopped. */
  frozen: z.boolean().optional(),
  /** With `cutover`: only lists checks and actions. */
  dryRun: z.boolean().optional(),
  /** With `start`, into tables that the shop has switched to: the id of that sync. */
  confirm: runIdSchema.optional(),
  /** With `start`, over another source table than the one that the migration has read: its TableId. */
  confirmSource: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'must be a TableId')
    .optional(),
  /** With `start` and `compare`: an empty source may empty the target. */
  allowEmpty: z.boolean().optional(),
  /** With `cancel`: set by recoverRun, which cancels only what nobody works on. */
  recover: z.literal(true).optional(),
  /** With `cutover`: more source items than this that cannot be transformed refuse the switch. */
  maxQuarantined: z.number().int().min(0).default(0),
  maxConcurrency,
  readUnitsPerSecond: unitsPerSecond,
  writeUnitsPerSecond: unitsPerSecond,
  note,
  Comment,
});
export type SyncInput = z.infer<typeof syncInputSchema>;
export type SyncAction = SyncInput['action'];

/** {@link parseInput} of `sync`. @throws InvalidInputError; not retried. */
export function parseSyncInput(typed: unknown): SyncInput {
  return parseInput(typed, {
    schema: syncInputSchema,
    of: 'the sync',
    help: 'Nothing was changed. {} starts a sync; {"action": "compare"}, {"action": "cutover"} and {"action": "cancel"} work on it.',
  });
}
