import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { WireItem } from './wire-item.ts';

/**
 * The digest of a set of items: how many, and the sum of their {@link itemDigest}s modulo 2^256 as
 * 64 lower-case hex digits. Free of order and additive, so that workers need not agree on either.
 * A sum and not an exclusive-or, under which two equal items would cancel out.
 */
export interface Digest {
  readonly count: number;
  readonly sum: string;
}

/** Adds items up one by one; mutable, because a worker adds millions. */
export interface DigestSum {
  /** Adds an item, or the {@link itemDigest} of one that has been hashed before. */
  add(itemOrDigest: WireItem | string): void;
  /** What has been added so far; more may be added afterwards. */
  value(): Digest;
}

/** The digest of no items at all. */
export const EMPTY_DIGEST: Digest = { count: 0, sum: '0'.repeat(64) };

const LIMB_COUNT = 8;
const LIMB_HEX_DIGITS = 8;
const LIMB_BASE = 2 ** 32;
/** A limb is a double: 2^20 sums of 32 bits stay below 2^53 and so exact; then the carries must be moved on. */
const ADDITIONS_PER_CARRY = 2 ** 20;

/** SHA-256 of the item's canonical JSON, as 64 lower-case hex digits. Equal items, and only they, have equal digests. */
export function itemDigest(item: WireItem): string {
  return hash('sha256', canonicalJson(item));
}

/** A sum to which items are added, starting at `start` (default: no items). */
export function createDigestSum(start: Digest = EMPTY_DIGEST): DigestSum {
  const limbs = new Float64Array(LIMB_COUNT);
  let count = start.count;
  let pending = 0;
  const addLimbs = (digest: string): void => {
    for (let index = 0; index < LIMB_COUNT; index += 1) {
      const from = index * LIMB_HEX_DIGITS;
      limbs[index] = (limbs[index] ?? 0) + Number.parseInt(digest.slice(from, from + LIMB_HEX_DIGITS), 16);
    }
    pending += 1;
    if (pending < ADDITIONS_PER_CARRY) return;
    moveCarries(limbs);
    pending = 0;
  };
  addLimbs(start.sum);
  return {
    add(itemOrDigest): void {
      addLimbs(typeof itemOrDigest === 'string' ? itemOrDigest : itemDigest(itemOrDigest));
      count += 1;
    },
    value(): Digest {
      moveCarries(limbs);
      pending = 0;
      return { count, sum: Array.from(limbs, limbHex).join('') };
    },
  };
}

/** The digest of all the sets together; an item that is in two of them counts twice. */
export function combineDigests(digests: readonly Digest[]): Digest {
  const modulus = 1n << 256n;
  const sum = digests.reduce((total, digest) => (total + BigInt(`0x${digest.sum}`)) % modulus, 0n);
  const count = digests.reduce((total, digest) => total + digest.count, 0);
  return { count, sum: sum.toString(16).padStart(64, '0') };
}

/** Whether both are of the same items, as far as SHA-256 can tell. */
export function equalDigests(one: Digest, other: Digest): boolean {
  return one.count === other.count && one.sum === other.sum;
}

/** Brings every limb below 2^32, the first one (the most significant) by dropping what is above 2^256. */
function moveCarries(limbs: Float64Array): void {
  let carry = 0;
  for (let index = LIMB_COUNT - 1; index >= 0; index -= 1) {
    const total = (limbs[index] ?? 0) + carry;
    carry = Math.floor(total / LIMB_BASE);
    limbs[index] = total - carry * LIMB_BASE;
  }
}

function limbHex(limb: number): string {
  return limb.toString(16).padStart(LIMB_HEX_DIGITS, '0');
}
