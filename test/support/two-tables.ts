import { defineMigration } from '../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../functions/shared/migration/define-table.ts';

/** A table of this name with one kind of items. */
export const tableOf = (name: string) =>
  defineTable({
    name,
    key: { partition: ['PK', 'S'] },
    billing: { mode: 'PAY_PER_REQUEST' },
    holds: ['ONE'],
  });
/** Its items are under the id of their source item. */
export const owner = {
  sourceKeyOf: ({ PK }: { readonly PK: { readonly S: string } }) => ({ id: PK }),
  partitionsOf: ({ id }: { readonly id: { readonly S: string } }) => [id],
};

/** A migration that puts every second product into the other table. */
export const evenAndOdd = defineMigration({
  source: { name: 'products', key: { partition: ['id', 'S'] } },
  targets: { even: tableOf('even'), odd: tableOf('odd') },
  settings: {},
  nouns: { item: 'product', items: 'products' },
  belongsTo: { even: owner, odd: owner },
  transform: (item, { put }) => {
    const { id = { S: '' } } = item as { readonly id?: { readonly S: string } };
    const one = { ...item, PK: id };
    return put(Number(id.S.slice(2)) % 2 === 0 ? { even: { ONE: [one] } } : { odd: { ONE: [one] } });
  },
});

/** The same, with its tables in another order. */
export const oddAndEven = { ...evenAndOdd, filled: evenAndOdd.filled.toReversed() };
