import * as z from 'zod';
import { lambdaHandler } from '../shared/handler.ts';
import { runStepSchema, workerSchema } from '../shared/state.ts';
import { compareSource } from './compare-source.ts';
import { compareTarget } from './compare-target.ts';
import { judgeCompare } from './judge-compare.ts';

/** CompareSource's and CompareTarget's workers, and JudgeCompare behind them. */
const inputSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('source'), worker: workerSchema }),
  z.object({ action: z.literal('target'), worker: workerSchema }),
  z.object({ action: z.literal('judge'), run: runStepSchema }),
]);

/** One segment of the source, one of every filled table, or the judgement. */
export const handler = lambdaHandler({
  input: inputSchema,
  run: async (runtime, input, turn): Promise<unknown> => {
    if (input.action === 'judge') return judgeCompare(runtime, input.run);
    const worker = input.action === 'source' ? compareSource : compareTarget;
    return worker(runtime, input.worker, turn);
  },
});
