/** What the scheduler may do with a request besides answering it. */
export interface RequestTraits {
  /** It changes the target: it may land although its sender has died. */
  readonly isWrite?: boolean;
  /** Its answer may be lost, and the sender then sends it again. */
  readonly isRepeatable?: boolean;
  /** Its sender does not die before the answer. */
  readonly isCertain?: boolean;
}

/** Sends one request: `apply` happens at once when the scheduler says so. */
export type Send = <T>(apply: () => T, traits?: RequestTraits) => Promise<T>;

/** A worker that waits for the answer to one request, or has ended. */
export interface Actor {
  readonly isDone: boolean;
  /** Of the request that it waits for. */
  readonly traits: RequestTraits;
  /** Carries the request out without answering it. */
  apply(): void;
  /** Carries the request out, answers it, and returns when the worker has sent the next one or has ended. */
  step(): Promise<void>;
}

const NO_TRAITS: RequestTraits = {};

/** Starts a worker and returns when it has sent its first request, or has ended. To kill it, forget it. */
export async function startActor(work: (send: Send) => Promise<void>): Promise<Actor> {
  let carryOut: () => unknown = () => undefined;
  let answer: (value: unknown) => void = () => undefined;
  let traits = NO_TRAITS;
  let wake: (end?: Promise<never>) => void = () => undefined;
  let isDone = false;
  const nextRequest = (): Promise<void> => new Promise((resolve) => (wake = resolve as typeof wake));

  const send: Send = (apply, newTraits = NO_TRAITS) =>
    new Promise((resolve) => {
      carryOut = apply;
      answer = resolve as (value: unknown) => void;
      traits = newTraits;
      wake();
    });
  const first = nextRequest();
  const end = work(send).finally(() => (isDone = true));
  end.then(
    () => wake(),
    (error: unknown) => wake(Promise.reject(error)),
  );
  await first;
  return {
    get isDone() {
      return isDone;
    },
    get traits() {
      return traits;
    },
    apply: () => void carryOut(),
    step() {
      if (isDone) return Promise.resolve();
      const next = nextRequest();
      answer(carryOut());
      return next;
    },
  };
}
