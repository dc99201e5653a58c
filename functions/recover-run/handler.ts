import { sqsFailureQueue } from '../shared/aws/failure-queue.ts';
import { lambdaMappings } from '../shared/aws/event-source-mapping.ts';
import { lambdaHandler } from '../shared/handler.ts';
import type { Runtime } from '../shared/runtime.ts';
import { recoverRunSchema } from '../shared/state.ts';
import { recoverRuns } from './recover-run.ts';

const recover = (runtime: Runtime) =>
  recoverRuns({
    ...runtime,
    mappings: lambdaMappings(runtime.clients),
    failureQueue: sqsFailureQueue(runtime.clients),
  });

/** What an EventBridge event and the schedule call. */
export const handler = lambdaHandler({ input: recoverRunSchema, run: recover, alone: recover });
