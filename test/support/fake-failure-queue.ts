import type { FailureQueue } from '../../functions/shared/aws/failure-queue.ts';

/** A queue of failed batches in memory, for stages alone. `batches` can be changed by the test at any time. */
export function fakeFailureQueue(): FailureQueue & { batches: number } {
  const queue = { batches: 0, count: () => Promise.resolve(queue.batches) };
  return queue;
}
