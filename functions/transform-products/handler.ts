import { lambdaHandler } from '../shared/handler.ts';
import { workerSchema } from '../shared/state.ts';
import { transformShard } from '../shared/copy/transform/transform-shard.ts';

/** One shard of the backup. */
export const handler = lambdaHandler({ input: workerSchema, run: transformShard });
