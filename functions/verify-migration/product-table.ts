import { hash } from 'node:crypto';

/** How a product of the source compares with the backup. */
export type ProductMatch = 'same' | 'changed' | 'added';

/**
 * What a backup holds of one segment, so small that a worker can hold it: 64 bits of a hash of each id
 * and 64 bits of each item's digest, 17 bytes a product at half load. Two ids that share 64 bits would be
 * taken for one; among ten million products the odds of that are one to 370,000.
 */
export interface ProductTable {
  /** @param digest the item's digest, 64 hex digits */
  add(id: string, digest: string): void;
  /** Compares, and remembers that the id was seen. */
  match(id: string, digest: string): ProductMatch;
  /** Whether {@link match} was asked for this id. */
  isSeen(id: string): boolean;
  /** Products added. */
  size(): number;
}

const EMPTY = 0;
const UNSEEN = 1;
const SEEN = 2;

/** A table with room for this many products. */
export function createProductTable(capacity: number): ProductTable {
  const slotCount = 2 ** Math.ceil(Math.log2(Math.max(2, capacity * 2)));
  const mask = slotCount - 1;
  const states = new Uint8Array(slotCount);
  /** Four words a slot: two of the id's hash, two of the digest. */
  const words = new Uint32Array(slotCount * 4);
  let size = 0;

  /** The slot of this id, or the empty one where it belongs. Half the slots are empty, so that the search ends. */
  const slotOf = (high: number, low: number): number => {
    let slot = low & mask;
    while (states[slot] !== EMPTY && (words[slot * 4] !== high || words[slot * 4 + 1] !== low))
      slot = (slot + 1) & mask;
    return slot;
  };
  const find = (id: string): { readonly slot: number; readonly high: number; readonly low: number } => {
    const [high, low] = firstWords(hash('sha256', id));
    return { slot: slotOf(high, low), high, low };
  };

  return {
    add(id, digest) {
      const { slot, high, low } = find(id);
      if (states[slot] === EMPTY) size += 1;
      states[slot] = UNSEEN;
      words.set([high, low, ...firstWords(digest)], slot * 4);
    },
    match(id, digest) {
      const { slot } = find(id);
      if (states[slot] === EMPTY) return 'added';
      states[slot] = SEEN;
      const [high, low] = firstWords(digest);
      return words[slot * 4 + 2] === high && words[slot * 4 + 3] === low ? 'same' : 'changed';
    },
    isSeen: (id) => states[find(id).slot] === SEEN,
    size: () => size,
  };
}

function firstWords(hex: string): readonly [number, number] {
  return [Number.parseInt(hex.slice(0, 8), 16), Number.parseInt(hex.slice(8, 16), 16)];
}
