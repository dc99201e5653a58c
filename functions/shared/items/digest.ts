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

const SUM_BITS = 256;
const SUM_HEX_DIGITS = SUM_BITS / 4;

/** SHA-256 of the item's canonical JSON, as 64 lower-case hex digits. Equal items, and only they, have equal digests. */
export function itemDigest(item: WireItem): string {
  return hash('sha256', canonicalJson(item));
}

/** A sum to which items are added, starting at `start` (default: no items). */
export function createDigestSum(start: Digest = EMPTY_DIGEST): DigestSum {
  let sum = numberOf(start.sum);
  let { count } = start;
  return {
    add(itemOrDigest): void {
      sum += numberOf(typeof itemOrDigest === 'string' ? itemOrDigest : itemDigest(itemOrDigest));
      count += 1;
    },
    value: () => ({ count, sum: hexOf(sum) }),
  };
}

/** The digest of all the sets together; an item that is in two of them counts twice. */
export function combineDigests(digests: readonly Digest[]): Digest {
  const sum = digests.reduce((total, digest) => total + numberOf(digest.sum), 0n);
  const count = digests.reduce((total, digest) => total + digest.count, 0);
  return { count, sum: hexOf(sum) };
}

/** Whether both are of the same items, as far as SHA-256 can tell. */
export function equalDigests(one: Digest, other: Digest): boolean {
  return one.count === other.count && one.sum === other.sum;
}

function numberOf(hex: string): bigint {
  return BigInt(`0x${hex}`);
}

/** Dropping what is above 2^256 once is enough: a sum of a billion digests is only 30 bits longer. */
function hexOf(sum: bigint): string {
  return BigInt.asUintN(SUM_BITS, sum).toString(16).padStart(SUM_HEX_DIGITS, '0');
}
