/** Runs a bounded number of tasks at once. */
export interface TaskPool {
  /** Starts the task as soon as there is room. @throws the first failure of an earlier task. */
  run(task: () => Promise<void>): Promise<void>;
  /** Returns when no task is running. @throws the first failure. */
  settle(): Promise<void>;
  /** Like {@link settle}, for a caller that has an error of its own to throw. */
  settleQuietly(): Promise<void>;
}

/** After the first failure no task begins; those under way are still waited for. */
export function taskPool(maxInFlight: number): TaskPool {
  const inFlight = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const assertSound = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  const settleQuietly = async (): Promise<void> => {
    await Promise.all(inFlight);
  };
  return {
    async run(task) {
      while (inFlight.size >= maxInFlight) await Promise.race(inFlight);
      assertSound();
      const running = task()
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => inFlight.delete(running));
      inFlight.add(running);
    },
    async settle() {
      await settleQuietly();
      assertSound();
    },
    settleQuietly,
  };
}
