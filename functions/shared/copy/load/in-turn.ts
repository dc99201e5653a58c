/**
 * Groups of exactly `size`, fewer only at the end, of several sources in turn. The order depends on nothing but what the
 * sources hold, so that it is the same in every turn.
 */
export async function* inTurn<T>(
  sources: readonly AsyncGenerator<readonly T[]>[],
  size: number,
): AsyncGenerator<readonly T[]> {
  let open = sources.map((source) => groupsOf(source, size));
  try {
    while (open.length > 0) {
      const ended = new Set<AsyncGenerator<readonly T[]>>();
      for (const source of open) {
        const next = await source.next();
        if (next.done === true) ended.add(source);
        else yield next.value;
      }
      open = open.filter((source) => !ended.has(source));
    }
  } finally {
    await Promise.all(open.map((source) => source.return(undefined)));
  }
}

async function* groupsOf<T>(
  chunks: AsyncGenerator<readonly T[]>,
  size: number,
): AsyncGenerator<readonly T[]> {
  let group: T[] = [];
  for await (const chunk of chunks)
    for (const one of chunk) {
      group.push(one);
      if (group.length < size) continue;
      yield group;
      group = [];
    }
  if (group.length > 0) yield group;
}
