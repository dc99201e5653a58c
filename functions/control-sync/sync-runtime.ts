import type { WithFailureQueue } from '../shared/aws/failure-queue.ts';
import type { WithMappings } from '../shared/aws/event-source-mapping.ts';
import type { Runtime } from '../shared/runtime.ts';

/** What a step of the sync depends on. */
export type SyncRuntime = Runtime & WithMappings & WithFailureQueue;
