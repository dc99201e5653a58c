import { lambdaHandler } from '../shared/handler.ts';
import { recoverRunSchema } from '../shared/state.ts';
import { recoverRuns } from './recover-run.ts';

export const handler = lambdaHandler({
  input: recoverRunSchema,
  run: recoverRuns,
  alone: (runtime) => recoverRuns(runtime),
});
