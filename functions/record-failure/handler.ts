import { lambdaHandler } from '../shared/handler.ts';
import { recordFailureSchema } from '../shared/state.ts';
import { recordCaughtFailure } from './record-failure.ts';

export const handler = lambdaHandler({ input: recordFailureSchema, run: recordCaughtFailure });
