import * as z from 'zod';
import { sqsFailureQueue } from '../shared/aws/failure-queue.ts';
import { lambdaMappings } from '../shared/aws/event-source-mapping.ts';
import { lambdaHandler } from '../shared/handler.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { recoverRuns } from './recover-run.ts';

const recover = (runtime: Runtime, turn: Turn) =>
  recoverRuns(
    {
      ...runtime,
      mappings: lambdaMappings(runtime.clients),
      failureQueue: sqsFailureQueue(runtime.clients),
    },
    turn,
  );

/** An EventBridge event of any kind. It is only a hint, and nothing in it is used. */
const inputSchema = z.looseObject({
  source: z.string().optional(),
  'detail-type': z.string().optional(),
});

/** What an EventBridge event and the schedule call. */
export const handler = lambdaHandler({
  input: inputSchema,
  run: (runtime, _event, turn) => recover(runtime, turn),
  alone: recover,
});
