import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, type Decision } from '../../../functions/shared/copy/reconcile/decide.ts';
import { migration } from '../../../functions/migrations/shop/index.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { itemDigest } from '../../../functions/shared/items/digest.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { isAsMigrated } from '../../../functions/shared/migration/as-written.ts';
import type { TransformResult } from '../../../functions/shared/migration/migration.ts';
import { arbitraryProduct, arbitraryValue } from '../../support/arbitrary-items.ts';
import { catalogueTable, keyIdentity, keyText } from '../../support/shop.ts';

const CONTEXT = {
  runId: 'run-2',
  startedAt: '2026-02-02T00:00:00.000Z',
  settings: { defaultStockQuantity: 50 },
};
const EARLIER = { ...CONTEXT, runId: 'run-1', startedAt: '2026-01-01T00:00:00.000Z' };
const MADE_BY = { startedAt: CONTEXT.startedAt, madeAttributes: migration.madeAttributes };

const shoe: WireItem = {
  id: { S: '1' },
  name: { S: 'Shoe' },
  price: { S: '165' },
  sizes: { L: [{ S: 'S' }, { S: 'M' }] },
};

const madeOf = (product: WireItem | undefined, context = CONTEXT): TransformResult | undefined =>
  product && migration.transform(product, context);

function itemsOf(product: WireItem, context = CONTEXT): readonly WireItem[] {
  const made = madeOf(product, context);
  return made?.kind === 'items' ? made.items.map(({ item }) => item) : [];
}

const decided = (existing: readonly WireItem[], product: WireItem | undefined): Decision =>
  decide({ table: catalogueTable, existing, made: madeOf(product) }, MADE_BY);

/** Keys by what happens to them. */
function keysOf({ puts, changes, deletions, conflicts, isEqual }: Decision) {
  return {
    puts: puts.map(keyText),
    changes: changes.map(({ to }) => keyText(to)),
    deletions: deletions.map(keyText),
    conflicts: conflicts.map(({ item, kind }) => `${kind}: ${keyText(item)}`),
    isEqual,
  };
}

const NOTHING = { puts: [], changes: [], deletions: [], conflicts: [], isEqual: true };
const METADATA = 'PRODUCT#1 / METADATA';
const SMALL = 'PRODUCT#1 / VARIANT#SHO-S-1';
const MEDIUM = 'PRODUCT#1 / VARIANT#SHO-M-1';

describe('the decision about one source item', () => {
  it('is to put every item where nothing exists', () => {
    expect(keysOf(decided([], shoe))).toEqual({
      ...NOTHING,
      puts: [METADATA, SMALL, MEDIUM],
      isEqual: false,
    });
  });

  it('is to do nothing where an earlier run has made the same, whose times stay', () => {
    expect(keysOf(decided(itemsOf(shoe, EARLIER), shoe))).toEqual(NOTHING);
  });

  it('is to change what differs, and to leave the rest', () => {
    const repriced = { ...shoe, price: { S: '170' } };
    const { changes, ...others } = decided(itemsOf(shoe), repriced);
    expect(changes.map(({ to }) => keyText(to))).toEqual([SMALL, MEDIUM]);
    expect(changes.map(({ to }) => to)).toEqual(itemsOf(repriced).slice(1));
    expect(others).toEqual({ puts: [], deletions: [], conflicts: [], expired: 0, isEqual: false });
  });

  it('is to change an item whose time comes from the source and differs', () => {
    const dated = { ...shoe, createdAt: { S: '2025-05-05' } };
    expect(keysOf(decided(itemsOf(shoe), dated)).changes).toEqual([METADATA]);
  });

  it('is to leave an item to the earlier run that has added it, also where its content changes', () => {
    const repriced = { ...shoe, price: { S: '170' } };
    const changed = decided(itemsOf(shoe, EARLIER), repriced).changes.map(({ to }) => to);
    expect(changed.map((item) => item['migrationRun'])).toEqual([{ S: 'run-1' }, { S: 'run-1' }]);
    expect(changed.every(isAsMigrated)).toBe(true);
  });

  it('is to delete a variant that the product has lost, and every item of a product that is gone', () => {
    const smaller = { ...shoe, sizes: { L: [{ S: 'S' }] } };
    expect(keysOf(decided(itemsOf(shoe), smaller))).toMatchObject({
      changes: [METADATA],
      deletions: [MEDIUM],
    });
    expect(keysOf(decided(itemsOf(shoe), undefined)).deletions).toEqual([METADATA, SMALL, MEDIUM]);
  });

  it('is to keep what a migration of another source has added of a product that is gone', () => {
    const existing = itemsOf(shoe, EARLIER);
    const decision = (product?: WireItem) =>
      decide(
        { table: catalogueTable, existing, made: madeOf(product), others: new Set(existing.slice(0, 1)) },
        MADE_BY,
      );
    expect(keysOf(decision())).toEqual({
      ...NOTHING,
      deletions: [SMALL, MEDIUM],
      conflicts: [`ofOther: ${METADATA}`],
      isEqual: false,
    });
    expect(keysOf(decision({ ...shoe, name: { S: 'Boot' } })).changes).toContain(METADATA);
  });

  it('is to keep all items of a product that cannot be transformed', () => {
    expect(keysOf(decided(itemsOf(shoe), { ...shoe, price: { S: 'free' } }))).toEqual(NOTHING);
  });

  it('names what others have changed or added as conflicts, which stay', () => {
    const [metadata = {}, small = {}, medium = {}] = itemsOf(shoe);
    const existing = [
      { ...metadata, status: { S: 'sold out' } },
      { ...small, stockQuantity: { N: '3' } },
      { ...medium, note: { S: 'edited' } },
      { PK: { S: 'PRODUCT#1' }, SK: { S: 'REVIEW#1' } },
    ];
    const conflicts = [METADATA, SMALL, MEDIUM].map((key) => `changed: ${key}`);
    const added = 'added: PRODUCT#1 / REVIEW#1';
    expect(keysOf(decided(existing, shoe))).toEqual({ ...NOTHING, conflicts: [...conflicts, added] });
    expect(keysOf(decided(existing, undefined))).toEqual({ ...NOTHING, conflicts: [...conflicts, added] });
  });

  it('leaves an item alone whose digest is right but that no run has marked', () => {
    const [metadata = {}] = itemsOf(shoe);
    const edited: WireItem = { ...metadata, status: { S: 'sold out' } };
    const { migrationRun: _run, migrationDigest: _digest, ...own } = edited;
    const existing = [{ ...own, migrationDigest: { S: itemDigest(own) } }];
    expect(keysOf(decided(existing, shoe)).conflicts).toEqual([`changed: ${METADATA}`]);
    expect(keysOf(decided(existing, undefined))).toEqual({ ...NOTHING, conflicts: [`added: ${METADATA}`] });
  });

  it('takes an item that others have brought to what the source says for equal', () => {
    const [metadata = {}, ...variants] = itemsOf(shoe);
    const existing = [{ ...metadata, brand: { S: 'Own' } }, ...variants];
    expect(keysOf(decided(existing, { ...shoe, brand: { S: 'Own' } }))).toEqual(NOTHING);
  });

  it('names an item that has too many attributes for a condition, but deletes it', () => {
    const many = Object.fromEntries(
      Array.from({ length: 150 }, (_, index) => [`a${index}`, { N: `${index}` }]),
    );
    const large = { ...shoe, ...many };
    expect(keysOf(decided(itemsOf(large), { ...large, a7: { N: '70' } }))).toEqual({
      ...NOTHING,
      conflicts: [`tooLarge: ${METADATA}`],
    });
    expect(keysOf(decided(itemsOf(shoe), large)).conflicts).toEqual([`tooLarge: ${METADATA}`]);
    expect(keysOf(decided(itemsOf(large), shoe)).conflicts).toEqual([`tooLarge: ${METADATA}`]);
    expect(keysOf(decided(itemsOf(large), undefined)).deletions).toContain(METADATA);
  });
});

/** What the table holds once the decision has been carried out. */
function applied(existing: readonly WireItem[], { puts, changes, deletions }: Decision): readonly WireItem[] {
  const items = new Map(existing.map((item) => [keyIdentity(item), item]));
  for (const item of deletions) items.delete(keyIdentity(item));
  for (const item of [...puts, ...changes.map(({ to }) => to)]) items.set(keyIdentity(item), item);
  return [...items.values()];
}

/** An item of the table, and what others have done to it since. */
const mishap = fc.constantFrom('none', 'none', 'gone', 'edited', 'unmarked', 'other digest');

function befallen(
  item: WireItem,
  what: string,
  value: { readonly N: string } = { N: '1' },
): readonly WireItem[] {
  const { migrationRun: _, ...unmarked } = item;
  if (what === 'gone') return [];
  if (what === 'edited') return [{ ...item, note: value }];
  if (what === 'unmarked') return [unmarked];
  return what === 'other digest' ? [{ ...item, migrationDigest: { S: itemDigest(item) } }] : [item];
}

describe('the decision about any source item', () => {
  const products = fc.record({
    before: arbitraryProduct,
    after: fc.option(arbitraryProduct, { nil: undefined, freq: 6 }),
    isSame: fc.boolean(),
    value: arbitraryValue,
    mishaps: fc.array(mishap, { minLength: 6, maxLength: 6 }),
    context: fc.constantFrom(CONTEXT, EARLIER),
  });

  it('is that all is equal once it has been carried out, with the same conflicts', () => {
    fc.assert(
      fc.property(products, ({ before, after, isSame, value, mishaps, context }) => {
        const id = { S: 'p' };
        const made = itemsOf({ ...before, id }, context);
        const existing = made.flatMap((item, index) => befallen(item, mishaps[index % mishaps.length] ?? ''));
        const changed = isSame ? { ...before, id, extra: value } : after && { ...after, id };
        const first = decided(existing, changed);
        const second = decided(applied(existing, first), changed);
        expect(keysOf(second)).toEqual({ ...NOTHING, conflicts: keysOf(first).conflicts });
      }),
    );
  });

  it('is nothing for what the same run has made of it', () => {
    fc.assert(
      fc.property(arbitraryProduct, (product) => {
        const existing = itemsOf({ ...product, id: { S: 'p' } });
        const respelled = existing.map((item) => JSON.parse(canonicalJson(item)) as WireItem);
        expect(keysOf(decided(respelled, { ...product, id: { S: 'p' } }))).toEqual(NOTHING);
      }),
    );
  });
});
