import { lambdaHandler } from '../shared/handler.ts';
import { settleRunSchema } from '../shared/state.ts';
import { settleRuns } from './settle-run.ts';

export const handler = lambdaHandler({
  input: settleRunSchema,
  run: settleRuns,
  alone: (runtime) => settleRuns(runtime),
});
