import { lambdaHandler } from '../shared/handler.ts';
import { runStepSchema } from '../shared/state.ts';
import { completeRun } from './complete-run.ts';

export const handler = lambdaHandler({ input: runStepSchema, run: completeRun });
