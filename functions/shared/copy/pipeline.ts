/** Runs a bounded number of tasks side by side. */
export interface Pipeline {
  /** Returns as soon as the task has begun. @throws the first failure of an earlier task; then nothing begins any more */
  start(task: () => Promise<void>): Promise<void>;
  /** Returns when one of the tasks under way has settled; at once where there is none. */
  next(): Promise<void>;
  /** Returns when no task is under way. @throws the first failure */
  finish(): Promise<void>;
  /** Returns when no task is under way. Never throws. */
  settle(): Promise<void>;
  isIdle(): boolean;
}

/** Does something for each item, this many at once. @throws the first failure, once all have settled */
export async function sideBySide<T>(
  slots: number,
  items: readonly T[],
  task: (item: T) => Promise<void>,
): Promise<void> {
  const pipeline = createPipeline(slots);
  try {
    for (const item of items) await pipeline.start(() => task(item));
    await pipeline.finish();
  } finally {
    await pipeline.settle();
  }
}

/** A pipeline of this many tasks at once. */
export function createPipeline(slots: number): Pipeline {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;

  const throwFailure = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  const run = async (task: () => Promise<void>): Promise<void> => {
    try {
      await task();
    } catch (error) {
      failure ??= { error };
    }
  };
  const next = async (): Promise<void> => {
    if (running.size > 0) await Promise.race(running);
  };
  const settle = async (): Promise<void> => {
    while (running.size > 0) await Promise.all(running);
  };

  return {
    async start(task) {
      while (running.size >= slots) await next();
      throwFailure();
      const begun: Promise<void> = run(task).finally(() => running.delete(begun));
      running.add(begun);
    },
    next,
    async finish() {
      await settle();
      throwFailure();
    },
    settle,
    isIdle: () => running.size === 0,
  };
}
