import { lambdaHandler } from '../shared/handler.ts';
import { workerSchema } from '../shared/state.ts';
import { backupAlone } from './backup-alone.ts';
import { backupSegment } from './backup-segment.ts';

/** Backs up one segment of the source. Called alone: makes the whole backup, proved and sealed. */
export const handler = lambdaHandler({ input: workerSchema, run: backupSegment, alone: backupAlone });
