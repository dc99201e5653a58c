import { sqsFailureQueue } from '../shared/aws/failure-queue.ts';
import { lambdaMappings } from '../shared/aws/event-source-mapping.ts';
import { lambdaHandler } from '../shared/handler.ts';
import { controlSync } from './control-sync.ts';
import { controlSyncSchema } from './payloads.ts';

/** One step of the machine `sync`, but for the compare. */
export const handler = lambdaHandler({
  input: controlSyncSchema,
  run: (runtime, payload) =>
    controlSync(
      {
        ...runtime,
        mappings: lambdaMappings(runtime.clients),
        failureQueue: sqsFailureQueue(runtime.clients),
      },
      payload,
    ),
});
