/** An error as Step Functions hands it from state to state: a name to match, and a cause. */
export class StateError extends Error {
  override readonly name: string;
  /** Read by the engine: whether a Retry may match. */
  readonly isRetryable: boolean;
  /** Read by the engine: whether a Catch may match. */
  readonly isCatchable: boolean;

  /** @param cause absent: a Catch sees no `Cause` then, as it may happen on AWS */
  constructor(error: string, cause?: string, terminal = false) {
    super(cause);
    if (cause === undefined) Object.defineProperty(this, 'message', { value: undefined });
    this.name = error;
    this.isRetryable = !terminal;
    this.isCatchable = !terminal;
  }
}

/** What stops a line of states for good: its execution has ended, or its Map or Parallel has failed. */
export function abandoned(): StateError {
  return new StateError('States.Abandoned', 'Nobody waits for this state any more.', true);
}

/** The error that ended a machine, out of what the engine wraps around it. */
export function stateErrorOf(thrown: unknown): StateError {
  if (thrown instanceof StateError) return thrown;
  const inner = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  if (inner instanceof StateError) return inner;
  if (!(inner instanceof Error)) return new StateError('States.Runtime', String(inner), true);
  const terminal = 'isCatchable' in inner && inner.isCatchable === false;
  return new StateError(inner.name, inner.message, terminal);
}
