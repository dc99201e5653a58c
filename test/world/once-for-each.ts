const forgets: (() => void)[] = [];

/**
 * Works something out once for each object that is never changed, until everything is forgotten. A WeakMap would forget by
 * itself, but costs the garbage collector more than this saves.
 */
export function onceForEach<One extends object, Result>(work: (one: One) => Result): (one: One) => Result {
  let known = new Map<One, Result>();
  // A map that was cleared leads to what it holds next, and a garbage collector that has not come by takes that for use.
  forgets.push(() => {
    known = new Map();
  });
  return (one) => {
    const before = known.get(one);
    if (before !== undefined) return before;
    const result = work(one);
    known.set(one, result);
    return result;
  };
}

/** For a new world, which shares no item with the one before. */
export function forgetEach(): void {
  for (const forget of forgets) forget();
}
