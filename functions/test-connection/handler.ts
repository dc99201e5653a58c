import { lambdaHandler } from '../shared/handler.ts';
import { testConnectionSchema } from '../shared/state.ts';
import { checkAlone, testConnection } from './test-connection.ts';

export const handler = lambdaHandler({ input: testConnectionSchema, run: testConnection, alone: checkAlone });
