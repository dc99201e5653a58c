import { lambdaHandler } from '../shared/handler.ts';
import { restoreSchema } from './payloads.ts';
import { restoreAlone } from './restore-alone.ts';
import { restoreFromBackup } from './restore-from-backup.ts';

/** One step of the restore, or the whole restore if it is called alone. */
export const handler = lambdaHandler({ input: restoreSchema, run: restoreFromBackup, alone: restoreAlone });
