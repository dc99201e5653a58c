import { lambdaHandler } from '../shared/handler.ts';
import { verifyBackupSchema, verifyOne } from './verify-backup.ts';

/** Verifies a backup by its id. Called alone: the newest. */
export const handler = lambdaHandler({
  input: verifyBackupSchema,
  run: verifyOne,
  alone: (runtime, turn) => verifyOne(runtime, {}, turn),
});
