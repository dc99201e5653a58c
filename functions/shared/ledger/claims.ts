import { MigrationError } from '../errors.ts';

/**
 * The claim protocol as pure decisions. Every call that changes anything first writes its own id into the record
 * that it works on, and only then reads the run. A call that takes over an open claim remembers that requests of the
 * earlier call may still be on their way. A call that seals, commits, resumes, looks or ends waits for that time.
 */

/**
 * Another call works on the record now. Never retried inside the call that has lost it; the state retries it like
 * any TransientError, and then takes over in turn.
 */
export class ClaimLostError extends MigrationError {
  override readonly name = 'TransientError';
}

/** What a ledger record says of the calls that work on it. */
export interface Claims {
  /** Id of the call that works on the record now. Absent: no call does. */
  readonly claim?: string | undefined;
  /** Epoch milliseconds: until then, requests of earlier calls may still take effect. Absent: none can. */
  readonly quietAt?: number | undefined;
}

function latest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** The record once this call has claimed it. Taking over an open claim is remembered as `quietAt`. */
export function claimed(
  before: Claims,
  { call, now, fenceMillis }: { readonly call: string; readonly now: number; readonly fenceMillis: number },
): Claims {
  const isTakeover = before.claim !== undefined && before.claim !== call;
  return { claim: call, quietAt: latest(before.quietAt, isTakeover ? now + fenceMillis : undefined) };
}

/** The record once its call has closed its claim; a request without an answer keeps it unquiet until `inDoubtUntil`. */
export function released(before: Claims, inDoubtUntil: number | undefined): Claims {
  return { claim: undefined, quietAt: latest(before.quietAt, inDoubtUntil) };
}

/**
 * The longest that the protocol ever waits: a fence for the last request of a stopped call, and two for its answer
 * that does not come. A later time was written by hand, or by a clock that is wrong.
 */
export function longestWaitMillis(fenceMillis: number): number {
  return 3 * fenceMillis;
}

/**
 * Epoch milliseconds from which nothing that was sent before can take effect any more; 0: it is quiet already.
 *
 * @param stoppedAt when workers were told to stop; a call with an open claim may send until a fence later
 */
export function quietFrom(records: readonly Claims[], stoppedAt: number, fenceMillis: number): number {
  const times = records.map(({ claim, quietAt = 0 }) =>
    claim === undefined ? quietAt : Math.max(quietAt, stoppedAt + fenceMillis),
  );
  return Math.min(Math.max(0, ...times), stoppedAt + longestWaitMillis(fenceMillis));
}
