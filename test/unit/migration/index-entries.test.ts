import { describe, expect, it } from 'vitest';
import { itemSizeBytes } from '../../../functions/shared/items/item-size.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { defineTable } from '../../../functions/shared/migration/define-table.ts';
import { indexLoad } from '../../../functions/shared/migration/index-entries.ts';

const accounts = defineTable({
  name: 'accounts',
  key: { partition: ['tenant', 'S'], sort: ['userNo', 'N'] },
  billing: { mode: 'PAY_PER_REQUEST' },
  indexes: [
    { name: 'ByEmail', key: { partition: ['email', 'S'] }, projection: 'ALL' },
    {
      name: 'ByCountry',
      key: { partition: ['country', 'S'], sort: ['joined', 'N'] },
      projection: 'KEYS_ONLY',
    },
  ],
});

const key: WireItem = { tenant: { S: 'acme' }, userNo: { N: '1' } };
const large: WireItem = { photo: { S: 'x'.repeat(2_500) } };
const loadOf = (item: WireItem) => indexLoad(item, itemSizeBytes(item), accounts);

describe('indexLoad', () => {
  it('is nothing of an item that has the key of no index', () => {
    expect(loadOf({ ...key, ...large })).toEqual({ writeUnits: 0, storageBytes: 0 });
  });

  it('is nothing in an index of whose key the item has one half', () => {
    expect(loadOf({ ...key, country: { S: 'IN' } })).toEqual({ writeUnits: 0, storageBytes: 0 });
  });

  it('is the whole item in an index that projects all attributes, and 100 bytes', () => {
    const item = { ...key, ...large, email: { S: 'a@b.example' } };
    // tenant + acme, userNo + 1, photo + 2,500, email + a@b.example: 10 + 8 + 2,505 + 16.
    expect(loadOf(item)).toEqual({ writeUnits: 3, storageBytes: 2_539 + 100 });
  });

  it('is both keys alone in an index that projects nothing else', () => {
    const item = { ...key, ...large, country: { S: 'IN' }, joined: { N: '17' } };
    // tenant + acme, userNo + 1, country + IN, joined + 17: 10 + 8 + 9 + 8.
    expect(loadOf(item)).toEqual({ writeUnits: 1, storageBytes: 35 + 100 });
  });

  it('adds up over all indexes that have the item', () => {
    const item = { ...key, ...large, email: { S: 'a@b.example' }, country: { S: 'IN' }, joined: { N: '17' } };
    expect(loadOf(item)).toEqual({ writeUnits: 3 + 1, storageBytes: 2_539 + 17 + 100 + 35 + 100 });
  });
});
