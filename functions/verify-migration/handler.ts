import * as z from 'zod';
import { lambdaHandler } from '../shared/handler.ts';
import { runStepSchema, workerSchema } from '../shared/state.ts';
import { compareShard } from './compare-shard.ts';
import { judgeDigests } from './judge-digests.ts';
import { scanSegment } from './scan-segment.ts';

/** VerifyMigration's and CompareByKey's workers, and JudgeDigests between them. */
const inputSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('scan'), worker: workerSchema }),
  z.object({ action: z.literal('compare'), worker: workerSchema }),
  z.object({ action: z.literal('judge'), run: runStepSchema }),
]);

/** One segment, one shard, or the judgement. */
export const handler = lambdaHandler({
  input: inputSchema,
  run: async (runtime, input, turn): Promise<unknown> => {
    if (input.action === 'judge') return judgeDigests(runtime, input.run);
    const worker = input.action === 'scan' ? scanSegment : compareShard;
    return worker(runtime, input.worker, turn);
  },
});
