import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ItemTable } from '../../../functions/shared/aws/item-table.ts';
import { compareByKey, isEqual } from '../../../functions/shared/copy/verify/compare-by-key.ts';
import { createTally } from '../../../functions/shared/copy/verify/tally.ts';
import { keyIdentity, type TableKey } from '../../../functions/shared/items/item-key.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { respelled } from '../../support/respell.ts';

const KEY: TableKey = [
  { name: 'id', type: 'S' },
  { name: 'at', type: 'N' },
];

/** A table that answers as many keys of a request as it likes, in its own spelling of numbers. */
function tableOf(items: readonly WireItem[], answered: readonly number[]): Pick<ItemTable, 'batchGet'> {
  const byKey = new Map(items.map((item) => [keyIdentity(item, KEY), item]));
  let requests = 0;
  return {
    async batchGet(_tableName, keys) {
      const most = Math.max(1, answered[requests++ % answered.length] ?? keys.length);
      const asked = keys.slice(0, most).map((key) => byKey.get(keyIdentity(key, KEY)));
      const found = asked.filter((item) => item !== undefined);
      const spelled = found.map((item) => respelled(item, [1, 2, 0].values()));
      return { items: spelled.toReversed(), unprocessedKeys: keys.slice(most), readUnits: 1 };
    },
  };
}

const arbitraryItems = fc.uniqueArray(
  fc.record({ id: fc.constantFrom('a', 'b'), at: fc.integer({ min: -50, max: 200 }), price: fc.nat(3) }),
  { maxLength: 250, selector: ({ id, at }) => `${id} ${at}` },
);
const wire = ({ id, at, price }: { id: string; at: number; price: number }): WireItem => ({
  id: { S: id },
  at: { N: String(at) },
  price: { N: String(price) },
});

describe('a comparison by key', () => {
  it('pairs every expected item with what is there, however the table answers', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryItems,
        fc.array(fc.boolean(), { minLength: 1 }),
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 }),
        async (found, isThere, answered) => {
          const expected = found.map(wire);
          const existing = expected.filter((_, index) => isThere[index % isThere.length]);
          const items = tableOf(existing, answered);
          let readUnits = 0;
          const scope = {
            items,
            tableName: 'target',
            key: KEY,
            retry: <T>(attempt: () => Promise<T>) => attempt(),
            onRead: (units: number) => {
              readUnits += units;
            },
          };
          const compared = await compareByKey(scope, expected);
          expect(compared.map((one) => one.expected)).toEqual(expected);
          const equal = compared.filter(
            (one) => one.existing !== undefined && isEqual({ ...one, existing: one.existing }),
          );
          expect(equal.map((one) => one.expected)).toEqual(existing);
          expect(compared.length - equal.length).toBe(expected.length - existing.length);
          expect(readUnits > 0).toBe(expected.length > 0);
        },
      ),
    );
  });
});

describe('a tally', () => {
  const names = { counters: ['items'], sums: ['target'], samples: ['missing'] } as const;

  it('goes on where a checkpoint has left it', () => {
    const before = createTally(names, { counters: {}, digests: {} });
    before.counters.items = 3;
    before.sums.target.add({ id: { S: '1' } });
    before.sample('missing', 'one');
    before.sample('extra', 'two');
    const after = createTally(names, before.saved());
    after.sums.target.add({ id: { S: '2' } });
    expect(after.saved()).toEqual({
      counters: { items: 3 },
      digests: { target: { count: 2, sum: expect.any(String) } },
      samples: { missing: ['one'], extra: ['two'] },
    });
  });

  it('keeps the first twenty samples of a kind', () => {
    const tally = createTally(names, { counters: {}, digests: {} });
    for (let number = 0; number < 30; number += 1) tally.sample('missing', String(number));
    expect(tally.saved().samples?.['missing']).toHaveLength(20);
  });
});
