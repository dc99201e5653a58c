/** Runs a task when every earlier one for the same name has ended. */
export type KeyLocks = <T>(name: string, task: () => Promise<T>) => Promise<T>;

/** One queue per name; names without a queue cost nothing. */
export function createKeyLocks(): KeyLocks {
  const tails = new Map<string, Promise<unknown>>();
  return async (name, task) => {
    const previous = tails.get(name) ?? Promise.resolve();
    const run = previous.then(task, task);
    const tail = run.catch(() => undefined);
    tails.set(name, tail);
    try {
      return await run;
    } finally {
      if (tails.get(name) === tail) tails.delete(name);
    }
  };
}
