import { lambdaHandler } from '../shared/handler.ts';
import { recordCaughtFailure, recordFailureSchema } from './record-failure.ts';

export const handler = lambdaHandler({ input: recordFailureSchema, run: recordCaughtFailure });
