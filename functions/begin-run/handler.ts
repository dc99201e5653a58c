import { lambdaHandler } from '../shared/handler.ts';
import { beginRunSchema } from '../shared/state.ts';
import { beginMigration } from './begin-run.ts';

export const handler = lambdaHandler({ input: beginRunSchema, run: beginMigration });
