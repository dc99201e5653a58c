import { isTransientOr, retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';

/** A table whose settings are being changed accepts no other change for a while. */
const PATIENCE_MILLIS = 120_000;

/** Whether a change of a table's settings may succeed later. */
export function isBusyOrTransient(error: unknown): boolean {
  return isTransientOr(error, 'ResourceInUseException');
}

/** Tries for up to two minutes, until a busy table accepts the change. */
export function patiently<T>({ clock }: Pick<Runtime, 'clock'>, attempt: () => Promise<T>): Promise<T> {
  const deadline = clock.now() + PATIENCE_MILLIS;
  return retry({ clock, deadline, patienceMillis: PATIENCE_MILLIS, isRetryable: isBusyOrTransient }, attempt);
}
