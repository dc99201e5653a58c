/**
 * Keeps a table's creation apart from every request about it: a policy that is given at creation holds for every
 * request, so none may be judged before the table is there and carried out after.
 */
export interface RequestsUnderWay {
  /** Resolves once none of these tables is being created; the request is then under way until `end` is called. */
  begin(tables: readonly string[]): Promise<() => void>;
  /** Waits for what is under way, and keeps the table's later requests waiting meanwhile. */
  alone<T>(table: string, create: () => Promise<T>): Promise<T>;
}

export function createRequestsUnderWay(): RequestsUnderWay {
  const creations = new Map<string, Promise<void>>();
  const requests = new Map<string, Set<Promise<void>>>();

  const add = (table: string, request: Promise<void>): void => {
    const known = requests.get(table);
    if (known === undefined) requests.set(table, new Set([request]));
    else known.add(request);
  };
  const remove = (table: string, request: Promise<void>): void => {
    const known = requests.get(table);
    known?.delete(request);
    if (known?.size === 0) requests.delete(table);
  };

  return {
    async begin(tables) {
      for (;;) {
        const pending = tables.flatMap((table) => creations.get(table) ?? []);
        if (pending.length === 0) break;
        await Promise.all(pending);
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      for (const table of tables) add(table, promise);
      return () => {
        for (const table of tables) remove(table, promise);
        resolve();
      };
    },
    async alone(table, create) {
      while (creations.has(table)) await creations.get(table);
      const { promise, resolve } = Promise.withResolvers<void>();
      creations.set(table, promise);
      try {
        const known = requests.get(table);
        if (known !== undefined) await Promise.all(known);
        return await create();
      } finally {
        creations.delete(table);
        resolve();
      }
    },
  };
}
