import type { FunctionSpec } from '../deploy/read-deployment.ts';
import type { FunctionRunner } from './function-runner.ts';

/** Pauses before the second and the third try; AWS waits 1 and 2 minutes. */
const RETRY_PAUSES_MILLIS = [1000, 2000];

/** One asynchronous call. */
export interface LaterInvocation {
  readonly runner: FunctionRunner;
  readonly spec: FunctionSpec;
  /** JSON. */
  readonly payload: string;
  /** Takes the place of the pauses between the tries. */
  readonly pauseMillis: number | undefined;
}

/**
 * Calls a function as an asynchronous invocation does: up to three times, until it ends well. Never rejects; what a function
 * fails with is in its log.
 */
export async function invokeWithRetries({
  runner,
  spec,
  payload,
  pauseMillis,
}: LaterInvocation): Promise<void> {
  for (const pause of [...RETRY_PAUSES_MILLIS, undefined]) {
    const result = await runner.invoke(spec, payload).catch(() => undefined);
    if (result?.error === undefined || pause === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMillis ?? pause).unref());
  }
}
