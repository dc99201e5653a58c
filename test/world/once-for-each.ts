/** As many as the tables of a world hold, with some of their former items. */
const MAX_KNOWN = 4_096;

/**
 * Works something out once for each object that is never changed. It forgets everything now and then. A WeakMap would
 * forget by itself, but costs the garbage collector more than this saves.
 */
export function onceForEach<One extends object, Result>(work: (one: One) => Result): (one: One) => Result {
  const known = new Map<One, Result>();
  return (one) => {
    const before = known.get(one);
    if (before !== undefined) return before;
    if (known.size >= MAX_KNOWN) known.clear();
    const result = work(one);
    known.set(one, result);
    return result;
  };
}
