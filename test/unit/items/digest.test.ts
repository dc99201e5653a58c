import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import {
  combineDigests,
  createDigestSum,
  type Digest,
  EMPTY_DIGEST,
  equalDigests,
  itemDigest,
} from '../../../functions/shared/items/digest.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { arbitraryItem } from '../../support/arbitrary-items.ts';
import { respelled } from '../../support/respell.ts';

const items = fc.array(arbitraryItem, { maxLength: 12 });
const hexDigits = fc.stringMatching(/^[0-9a-f]{64}$/);
const HIGHEST = 'f'.repeat(64);

function digestOf(all: readonly (WireItem | string)[]): Digest {
  const sum = createDigestSum();
  for (const one of all) sum.add(one);
  return sum.value();
}

describe("an item's digest", () => {
  it('is the SHA-256 of its canonical JSON', () => {
    const item: WireItem = { b: { N: '1.0' }, a: { S: 'é' } };
    expect(itemDigest(item)).toBe(createHash('sha256').update('{"a":{"S":"é"},"b":{"N":"1"}}').digest('hex'));
  });

  it('is the same for every spelling of the item, and for no other item', () => {
    fc.assert(
      fc.property(arbitraryItem, arbitraryItem, fc.infiniteStream(fc.nat()), (one, other, choices) => {
        expect(itemDigest(respelled(one, choices))).toBe(itemDigest(one));
        expect(itemDigest(one) === itemDigest(other)).toBe(canonicalJson(one) === canonicalJson(other));
      }),
    );
  });
});

describe('the digest of a set of items', () => {
  it('is zero for no items', () => {
    expect(digestOf([])).toEqual({ count: 0, sum: '0'.repeat(64) });
    expect(combineDigests([])).toEqual(EMPTY_DIGEST);
  });

  it('is the sum modulo 2^256', () => {
    fc.assert(
      fc.property(fc.array(hexDigits, { maxLength: 20 }), (digests) => {
        const sum = digests.reduce((total, digest) => (total + BigInt(`0x${digest}`)) % (1n << 256n), 0n);
        expect(digestOf(digests)).toEqual({ count: digests.length, sum: sum.toString(16).padStart(64, '0') });
      }),
    );
  });

  it('carries over all its digits, and beyond them drops the carry', () => {
    expect(digestOf([HIGHEST, `${'0'.repeat(63)}1`]).sum).toBe('0'.repeat(64));
    expect(digestOf([HIGHEST, HIGHEST]).sum).toBe(`${'f'.repeat(63)}e`);
  });

  it('stays exact over millions of additions', () => {
    const count = 2 ** 21 + 3;
    const sum = createDigestSum();
    for (let index = 0; index < count; index += 1) sum.add(HIGHEST);
    const expected = (1n << 256n) - BigInt(count);
    expect(sum.value()).toEqual({ count, sum: expected.toString(16).padStart(64, '0') });
  });

  it('does not depend on the order', () => {
    fc.assert(
      fc.property(items, (all) => {
        expect(digestOf(all.toReversed())).toEqual(digestOf(all));
      }),
    );
  });

  it('adds up over parts, however they are cut', () => {
    fc.assert(
      fc.property(items, fc.nat({ max: 12 }), (all, cut) => {
        const parts = [digestOf(all.slice(0, cut)), digestOf(all.slice(cut))];
        expect(combineDigests(parts)).toEqual(digestOf(all));
      }),
    );
  });

  it('goes on where an earlier sum stopped', () => {
    fc.assert(
      fc.property(items, items, (before, after) => {
        const sum = createDigestSum(digestOf(before));
        for (const item of after) sum.add(item);
        expect(sum.value()).toEqual(digestOf([...before, ...after]));
      }),
    );
  });

  it('takes an item and its digest for the same', () => {
    fc.assert(
      fc.property(items, (all) => {
        expect(digestOf(all.map(itemDigest))).toEqual(digestOf(all));
      }),
    );
  });

  it('tells one item from two equal ones and from none', () => {
    fc.assert(
      fc.property(arbitraryItem, (item) => {
        const digests = [digestOf([]), digestOf([item]), digestOf([item, item])];
        expect(new Set(digests.map(({ sum }) => sum)).size).toBe(3);
      }),
    );
  });

  it('may be read in between', () => {
    const sum = createDigestSum();
    sum.add(HIGHEST);
    sum.value();
    sum.add(HIGHEST);
    expect(sum.value()).toEqual(digestOf([HIGHEST, HIGHEST]));
  });

  it('is equal only where count and sum are', () => {
    const digest = digestOf(['1'.repeat(64)]);
    expect(equalDigests(digest, { ...digest })).toBe(true);
    expect(equalDigests(digest, { ...digest, count: 2 })).toBe(false);
    expect(equalDigests(digest, { ...digest, sum: HIGHEST })).toBe(false);
  });
});
