import { lambdaHandler } from '../shared/handler.ts';
import { runStepSchema } from '../shared/state.ts';
import { bulkLoad } from './bulk-load.ts';

export const handler = lambdaHandler({ input: runStepSchema, run: bulkLoad });
