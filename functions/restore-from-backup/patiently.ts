import { isTransientOr, retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';

/** A table whose settings are being changed takes no other change for a while. */
const patienceMillis = 120_000;

/** Whether a change of a table's settings may well succeed later. */
export function isBusyOrTransient(error: unknown): boolean {
  return isTransientOr(error, 'ResourceInUseException');
}

/** Tries for two minutes, until a busy table takes the change. */
export function patiently<T>({ clock }: Pick<Runtime, 'clock'>, attempt: () => Promise<T>): Promise<T> {
  const deadline = clock.now() + patienceMillis;
  return retry({ clock, deadline, patienceMillis, isRetryable: isBusyOrTransient }, attempt);
}
