import * as z from 'zod';
import { restoreOrderSchema } from '../shared/runs/restore-order.ts';
import { beginningSchema, planSchema, runStepSchema, workerSchema } from '../shared/state.ts';

/** PrepareRestore's answer. */
const preparedRestoreSchema = z.object({ order: restoreOrderSchema, plan: planSchema });
export type PreparedRestore = z.infer<typeof preparedRestoreSchema>;

/** BeginRestore's payload: the whole state so far. */
const beginRestoreSchema = z.object({
  machine: z.literal('restore'),
  input: z.unknown(),
  execution: beginningSchema,
  tested: preparedRestoreSchema,
});
export type BeginRestoreInput = z.infer<typeof beginRestoreSchema>;

/** BeginRestore's answer, which replaces the state. */
export interface BeginRestoreOutput extends Omit<BeginRestoreInput, 'tested'> {
  /** Only kept for `RECOVER`, because BeginRestore is called again. */
  readonly tested?: PreparedRestore;
  readonly run: {
    readonly outcome: 'BEGUN' | 'RECOVER';
    readonly runId: string;
    /** Which of RestoreProducts and BulkLoad fills the table. */
    readonly writeEngine: 'batch' | 'bulk';
    readonly shards: readonly number[];
    readonly workers: number;
  };
}

/** Everything that the function is called with, by `action`. */
export const restoreSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('prepare'), input: z.unknown(), execution: beginningSchema }),
  z.object({ action: z.literal('begin'), state: beginRestoreSchema }),
  z.object({ action: z.literal('prove'), worker: workerSchema }),
  z.object({ action: z.literal('create'), run: runStepSchema }),
  z.object({ action: z.literal('restore'), worker: workerSchema }),
  z.object({ action: z.literal('verify'), worker: workerSchema }),
  z.object({ action: z.literal('complete'), run: runStepSchema }),
]);
export type RestorePayload = z.infer<typeof restoreSchema>;
