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

const START: readonly SyncAction[] = ['start'];
const CUT_OVER: readonly SyncAction[] = ['cutover'];
const COMPARING: readonly SyncAction[] = ['start', 'compare'];

/** The actions that a field belongs to; absent: all. Ignored, `dryRun` with a compare would let it repair the target. */
export const ACTIONS_OF: Readonly<Partial<Record<keyof SyncInput, readonly SyncAction[]>>> = {
  frozen: CUT_OVER,
  dryRun: CUT_OVER,
  maxQuarantined: CUT_OVER,
  confirm: START,
  confirmSource: START,
  allowEmpty: COMPARING,
  recover: ['cancel'],
  maxConcurrency: COMPARING,
  readUnitsPerSecond: COMPARING,
  writeUnitsPerSecond: COMPARING,
  note: COMPARING,
};

/** A clause for each field that the action would ignore. `false` asks for nothing. */
function strayFields(typed: Readonly<Record<string, unknown>>, { action }: SyncInput): readonly string[] {
  return Object.entries(ACTIONS_OF)
    .filter(([field, actions]) => (typed[field] ?? false) !== false && !actions.includes(action))
    .map(([field, actions]) => {
      const those = actions.map((one) => `"${one}"`).join(' and ');
      return `"${field}" is for "action": ${those} only, and the action is "${action}"`;
    });
}

/** {@link parseInput} of `sync`. @throws InvalidInputError; not retried. */
export function parseSyncInput(typed: unknown): SyncInput {
  return parseInput(typed, {
    schema: syncInputSchema,
    of: 'the sync',
    problems: strayFields,
    help: 'Nothing was changed. {} starts a sync; {"action": "compare"}, {"action": "cutover"} and {"action": "cancel"} work on it.',
  });
}
