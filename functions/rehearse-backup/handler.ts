import { lambdaHandler } from '../shared/handler.ts';
import { workerSchema } from '../shared/state.ts';
import { rehearseShard } from './rehearse-shard.ts';

/** One shard of the backup. */
export const handler = lambdaHandler({ input: workerSchema, run: rehearseShard });
