import { lambdaHandler } from '../shared/handler.ts';
import { workerSchema } from '../shared/state.ts';
import { backupAlone } from './backup-alone.ts';
import { backupSegment } from './backup-segment.ts';

/** One segment of the source; called alone, the whole backup, rehearsed and sealed. */
export const handler = lambdaHandler({ input: workerSchema, run: backupSegment, alone: backupAlone });
