import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ItemNotCarriableError } from '../../../functions/shared/errors.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import {
  keyIdentity,
  keyOf,
  keyText,
  type KeyType,
  type TableKey,
} from '../../../functions/shared/items/item-key.ts';
import type { WireItem, WireValue } from '../../../functions/shared/items/wire-item.ts';
import { arbitraryNumber, arbitraryText } from '../../support/arbitrary-items.ts';
import { respelled } from '../../support/respell.ts';

const KEY: TableKey = [
  { name: 'id', type: 'S' },
  { name: 'at', type: 'N' },
];
const item = { id: { S: '12' }, at: { N: '3' }, name: { S: 'Shirt' } };

const arbitraryBase64 = fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const arbitraryKeyValue: Readonly<Record<KeyType, fc.Arbitrary<WireValue>>> = {
  S: arbitraryText.map((S) => ({ S })),
  N: fc.oneof(arbitraryNumber, fc.constantFrom('1', '1.0', '10E-1', '-0', '0')).map((N) => ({ N })),
  B: arbitraryBase64.map((B) => ({ B })),
};

/** A table's key of one or two attributes, and two items of the table. */
const arbitraryItems = fc
  .array(fc.constantFrom<KeyType>('S', 'N', 'B'), { minLength: 1, maxLength: 2 })
  .map((types): TableKey => types.map((type, index) => ({ name: `key${index}`, type })))
  .chain((key) => {
    const values = fc.record(
      Object.fromEntries(key.map(({ name, type }) => [name, arbitraryKeyValue[type]])),
    ) as fc.Arbitrary<WireItem>;
    return fc.record({ key: fc.constant(key), one: values, other: fc.oneof(values, values) });
  });

describe('the key of an item', () => {
  it('has the key attributes in their order, and no other', () => {
    expect(keyOf(item, KEY)).toEqual({ id: { S: '12' }, at: { N: '3' } });
    expect(Object.keys(keyOf(item, KEY.toReversed()))).toEqual(['at', 'id']);
  });
  it('lacks what the item lacks', () => {
    const key: TableKey = [
      { name: 'id', type: 'S' },
      { name: 'toString', type: 'S' },
    ];
    expect(keyOf(item, key)).toEqual({ id: { S: '12' } });
  });
  it('is printed as it can be looked up', () => {
    expect(keyText(item, KEY)).toBe('12 / 3');
    expect(keyText({ id: { B: 'AAE=' } }, [{ name: 'id', type: 'B' }])).toBe('AAE=');
  });
  it('is printed with at most 200 bytes', () => {
    expect(Buffer.byteLength(keyText({ id: { S: '🧵'.repeat(500) } }, KEY))).toBeLessThanOrEqual(200);
  });
});

describe('the identity of a key', () => {
  it('is the same for two items exactly when DynamoDB takes their keys for the same', () => {
    fc.assert(
      fc.property(arbitraryItems, ({ key, one, other }) => {
        const isSameKey = canonicalJson(one) === canonicalJson(other);
        expect(keyIdentity(one, key) === keyIdentity(other, key)).toBe(isSameKey);
      }),
      { numRuns: 500 },
    );
  });
  it('does not depend on how numbers and binaries are spelled, nor on other attributes', () => {
    fc.assert(
      fc.property(arbitraryItems, fc.array(fc.nat()), ({ key, one }, choices) => {
        const same = { ...respelled(one, choices.values()), more: { S: 'attributes' } };
        expect(keyIdentity(same, key)).toBe(keyIdentity(one, key));
      }),
    );
  });
  it('keeps parts apart that hold what separates parts', () => {
    const key: TableKey = [
      { name: 'a', type: 'S' },
      { name: 'b', type: 'S' },
    ];
    const identities = [
      { a: { S: '1","2' }, b: { S: '3' } },
      { a: { S: '1' }, b: { S: '2","3' } },
      { a: { S: '1 / 2' }, b: { S: '3' } },
      { a: { S: '1' }, b: { S: '2 / 3' } },
    ].map((one) => keyIdentity(one, key));
    expect(new Set(identities).size).toBe(4);
  });
  it.each([
    ['lacks the sort key', { id: { S: '12' } }],
    ['has its sort key in another type', { id: { S: '12' }, at: { S: '3' } }],
  ])('is refused for an item that %s', (_, broken: WireItem) => {
    expect(() => keyIdentity(broken, KEY)).toThrow(ItemNotCarriableError);
  });
});
