import { lambdaHandler } from '../shared/handler.ts';
import { workerSchema } from '../shared/state.ts';
import { migrateAlone } from './migrate-alone.ts';
import { migrateShard } from './migrate-shard.ts';

/** One shard of the backup; alone, the newest sealed backup. */
export const handler = lambdaHandler({ input: workerSchema, run: migrateShard, alone: migrateAlone });
