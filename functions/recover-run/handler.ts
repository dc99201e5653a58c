import * as z from 'zod';
import { sqsFailureQueue } from '../shared/aws/failure-queue.ts';
import { lambdaMappings } from '../shared/aws/event-source-mapping.ts';
import { lambdaHandler } from '../shared/handler.ts';
import type { Runtime } from '../shared/runtime.ts';
import { recoverRuns } from './recover-run.ts';

const recover = (runtime: Runtime) =>
  recoverRuns({
    ...runtime,
    mappings: lambdaMappings(runtime.clients),
    failureQueue: sqsFailureQueue(runtime.clients),
  });

/** An EventBridge event of any kind. It is only a hint, and nothing in it is used. */
const inputSchema = z.looseObject({
  source: z.string().optional(),
  'detail-type': z.string().optional(),
});

/** What an EventBridge event and the schedule call. */
export const handler = lambdaHandler({ input: inputSchema, run: recover, alone: recover });
