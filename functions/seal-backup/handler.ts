import { lambdaHandler } from '../shared/handler.ts';
import { runStepSchema } from '../shared/state.ts';
import { sealBackup } from '../shared/runs/seal-backup.ts';

/** The backup as a whole. */
export const handler = lambdaHandler({ input: runStepSchema, run: sealBackup });
