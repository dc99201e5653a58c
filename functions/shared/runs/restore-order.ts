import * as z from 'zod';
import { BackupDamagedError } from '../errors.ts';
import { isBackupId } from '../files/layout.ts';
import type { Input } from '../commands.ts';
import type { Run } from '../ledger/run.ts';
import { inputOf } from './again-input.ts';

export const backupIdSchema = z
  .string()
  .refine(isBackupId, 'must be a backup id: 14 digits, a dash, 8 hex digits');
export const tableNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{3,255}$/, 'must be the name of a table: 3 to 255 letters, digits, _, . and -');

/** What is restored, and into which table. */
export const restoreOrderSchema = z.object({
  backupId: backupIdSchema,
  targetTable: tableNameSchema,
});
export type RestoreOrder = z.infer<typeof restoreOrderSchema>;

/** What the run of a restore keeps of it. */
const keptOrderSchema = restoreOrderSchema.extend({
  /** Whether the operator named the target. Absent: nobody did, or the run began before it was noted. */
  isTargetNamed: z.boolean().optional(),
});
export type KeptOrder = z.infer<typeof keptOrderSchema>;

/** The input that asks for the same restore again. Where nobody named the target, it is another new table. */
export function restoreInputOf({ details, parameters, sourceTable, step }: Run): Input {
  const order = keptOrderSchema.safeParse(details);
  // A step called alone was asked for nothing.
  const asked = step === undefined ? inputOf(parameters) : {};
  if (!order.success) return asked;
  const { backupId, targetTable, isTargetNamed = false } = order.data;
  const confirm = targetTable === sourceTable ? targetTable : undefined;
  return { backupId, ...(isTargetNamed && { targetTable, confirm }), ...asked };
}

/** What a restore's run restores. @throws BackupDamagedError if the run is not a restore; not retried. */
export function orderOf(run: Run): RestoreOrder {
  const order = restoreOrderSchema.safeParse(run.details);
  if (order.success) return order.data;
  throw new BackupDamagedError(
    `Run ${run.runId} is not a restore, because it names no backup and no target table.`,
  );
}
