import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backupProblems,
  existingTableProblems,
  newTableProblems,
  passProblems,
  tableProblems,
  transformProblems,
} from '../../../functions/shared/runs/equations.ts';
import type { Digest } from '../../../functions/shared/items/digest.ts';

const hex = fc
  .array(fc.constantFrom('0', '1', '7', 'a', 'e', 'f'), { minLength: 64, maxLength: 64 })
  .map((digits) => digits.join(''));
const digests: fc.Arbitrary<Digest> = fc.record({ count: fc.nat(1_000_000), sum: hex });
const count = fc.nat(100_000);
/** What somebody may write over a count. */
const anything = fc.oneof(
  fc.integer(),
  fc.constantFrom(-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1),
);

/** The facts with one thing changed, for each number and digest in them. */
function tamperings<Facts extends object>(
  sound: Facts,
  other: number,
): readonly (readonly [string, Facts])[] {
  return Object.entries(sound).flatMap(([name, value]) => {
    const changed: readonly unknown[] =
      typeof value === 'number'
        ? [other].filter((number) => !Object.is(number, value))
        : [{ ...value, sum: 'f'.repeat(63) }, ...(value.count === other ? [] : [{ ...value, count: other }])];
    return changed.map((one) => [name, { ...sound, [name]: one }] as const);
  });
}

/** Every number of the facts, one after the other, must be worth a problem when another stands in its place. */
function expectEachCountToCount<Facts extends object>(
  facts: fc.Arbitrary<Facts>,
  problemsOf: (facts: Facts) => readonly string[],
): void {
  fc.assert(
    fc.property(facts, anything, (sound, other) => {
      const unnoticed = tamperings(sound, other).filter(([, changed]) => problemsOf(changed).length === 0);
      expect({ sound: problemsOf(sound), unnoticed }).toEqual({ sound: [], unnoticed: [] });
    }),
  );
}

describe('the equations of a commit', () => {
  it('hold for a backup only where every count and digest is the same', () => {
    const sound = digests.map((digest) => ({
      scanned: digest,
      filed: { ...digest },
      reread: { ...digest },
      manifest: { ...digest },
      sealed: { ...digest },
    }));
    expectEachCountToCount(sound, backupProblems);
  });
  it('hold for a new table only where it holds what was sent, and nothing else', () => {
    const sound = digests.map((expected) => ({
      expected,
      found: { ...expected },
      sent: expected.count,
      present: 0,
      missing: 0,
      different: 0,
      extra: 0,
    }));
    expectEachCountToCount(sound, newTableProblems);
  });
  it('hold for an existing table only where both sums are what is expected', () => {
    const parts = fc.tuple(count, count, count, count, count, count);
    const sound = parts.map(([written, replaced, present, ownEqual, ownChanged, otherEqual]) => {
      const expected = Math.max(written + replaced + present, ownEqual + ownChanged + otherEqual);
      return {
        expected,
        written: expected - replaced - present,
        replaced,
        present,
        ownEqual,
        ownChanged,
        otherEqual,
        otherDifferent: expected - ownEqual - ownChanged - otherEqual,
        missing: 0,
      };
    });
    expectEachCountToCount(sound, existingTableProblems);
  });
  it('are not met by counts that make good for one another below zero', () => {
    const facts = {
      expected: 10,
      written: 12,
      replaced: -2,
      present: 0,
      ownEqual: 10,
      ownChanged: 0,
      otherEqual: 0,
      otherDifferent: 0,
      missing: 0,
    };
    expect(existingTableProblems(facts)).toEqual(['the count of replaced is -2']);
  });
  it('hold for a transform only where every product is somewhere, and few enough are in quarantine', () => {
    fc.assert(
      fc.property(count, count, digests, fc.nat(10), (transformed, quarantined, expected, spare) => {
        const sound = {
          sourceItems: transformed + quarantined,
          transformed,
          quarantined,
          maxQuarantined: quarantined + spare,
          targetItems: expected.count,
          expected,
          remembered: expected,
        };
        expect(transformProblems(sound)).toEqual([]);
        expect(transformProblems({ ...sound, maxQuarantined: undefined })).toEqual([]);
        expect(transformProblems({ ...sound, maxQuarantined: quarantined - 1 })).toHaveLength(1);
        expect(transformProblems({ ...sound, sourceItems: transformed + quarantined + 1 })).toHaveLength(1);
        expect(transformProblems({ ...sound, targetItems: expected.count + 1 })).toHaveLength(1);
      }),
    );
  });
  it('hold for a pass only where every shard of the plan is there and done, and no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(49), (cut, at) => {
        const planned = Array.from({ length: cut }, (_, index) => index);
        const shards = planned.map((shard) => ({ shard, done: true }));
        const state = 'MigrateProducts';
        expect(passProblems({ state, planned, shards })).toEqual([]);
        const index = at % cut;
        const others = shards.filter(({ shard }) => shard !== index);
        expect(passProblems({ state, planned, shards: others })).toHaveLength(1);
        const open = [...others, { shard: index, done: false }];
        expect(passProblems({ state, planned, shards: open })).toHaveLength(1);
        expect(
          passProblems({ state, planned, shards: [...others, { shard: cut, done: true }] }),
        ).toHaveLength(2);
      }),
    );
  });
  it.each([
    ['is gone', { recorded: { outcome: 'CREATED', tableId: 'a' } }, 'is gone'],
    [
      'was replaced',
      {
        recorded: { outcome: 'EXISTED', tableId: 'a' },
        existing: { tableId: 'b', status: 'ACTIVE' },
      },
      'is not the one',
    ],
    [
      'is being deleted',
      {
        recorded: { outcome: 'CREATED', tableId: 'a' },
        existing: { tableId: 'a', status: 'DELETING' },
      },
      'is DELETING',
    ],
    [
      'was only announced',
      { recorded: { outcome: 'INTENT' }, existing: { tableId: 'a', status: 'ACTIVE' } },
      'never made ready',
    ],
    ['is not in the ledger', { existing: { tableId: 'a', status: 'ACTIVE' } }, 'no record'],
  ])('do not hold when a table %s', (_, facts, words) => {
    expect(tableProblems({ name: 'orders', ...facts })).toEqual([expect.stringContaining(words)]);
  });
  it.each(['ACTIVE', 'UPDATING'])('hold for the same table, %s', (status) => {
    const recorded = { outcome: 'EXISTED', tableId: 'a' };
    expect(tableProblems({ name: 'orders', recorded, existing: { tableId: 'a', status } })).toEqual([]);
  });
});
