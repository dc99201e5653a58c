import { lambdaHandler } from '../shared/handler.ts';
import { rollBackSchema } from '../shared/state.ts';
import { rollBack } from './roll-back.ts';

export const handler = lambdaHandler({ input: rollBackSchema, run: rollBack });
