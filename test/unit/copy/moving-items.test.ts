import { describe, expect, it } from 'vitest';
import { reconcile } from '../../../functions/shared/copy/reconcile/reconcile.ts';
import type {
  ReconcileIo,
  TargetTable,
  WriteEnd,
} from '../../../functions/shared/copy/reconcile/reconcile-io.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { defineMigration } from '../../../functions/shared/migration/define-migration.ts';
import { owner, tableOf } from '../../support/two-tables.ts';

/** Products on sale are in one table, and all others in the other one. */
const migration = defineMigration({
  source: { name: 'products', key: { partition: ['id', 'S'] } },
  targets: { offers: tableOf('offers'), archive: tableOf('archive') },
  settings: {},
  nouns: { item: 'product', items: 'products' },
  belongsTo: { offers: owner, archive: owner },
  transform: (item, { put }) => {
    const made = { ...item, PK: item.id };
    return put('onSale' in item ? { offers: { ONE: [made] } } : { archive: { ONE: [made] } });
  },
});

const tables: readonly TargetTable[] = migration.filled.map((spec) => ({ spec, name: spec.name }));
const startedAt = '2026-01-02T03:04:05.678Z';
const context = { runId: 'run-1', startedAt, settings: {} };
const madeBy = { startedAt, madeAttributes: [] };
const transform = (source: WireItem) => migration.transform(source, context);
const sourceKey = { id: { S: 'p-1' } };

/** What a product becomes. */
function itemOf(source: WireItem): WireItem {
  const result = transform(source);
  const [only] = result.kind === 'items' ? result.items : [];
  if (only === undefined) throw new Error('The product becomes nothing.');
  return only.item;
}

/** A product that was on sale and is not any more, and a target that has not followed that yet. */
function moving(put: WriteEnd) {
  const contents = new Map([['offers', [itemOf({ ...sourceKey, onSale: { BOOL: true } })]]]);
  const sent: string[] = [];
  const io: ReconcileIo = {
    readTarget: ({ name }) => Promise.resolve(contents.get(name) ?? []),
    readSource: () => Promise.resolve(sourceKey),
    putIf({ name }) {
      sent.push(`put into ${name}`);
      return Promise.resolve(put);
    },
    changeIf: () => Promise.resolve('failed'),
    deleteIf({ name }, item) {
      sent.push(`delete from ${name}`);
      return Promise.resolve({ written: true, old: item, isInDoubt: false });
    },
    putBack: () => Promise.resolve({ written: true, writeUnits: 1 }),
    recallRefusal: () => Promise.resolve(undefined),
  };
  return {
    sent,
    reconcileIt: () => reconcile(io, { tables, transform, madeBy }, { sourceKey, repair: true }),
  };
}

describe('a source item whose items move from one table to another', () => {
  it('is put into the other table before it is deleted from the one', async () => {
    const { sent, reconcileIt } = moving('written');
    expect(await reconcileIt()).toMatchObject({ outcome: 'repaired', written: 1, deleted: 1 });
    expect(sent).toEqual(['put into archive', 'delete from offers']);
  });

  it('keeps what was there if the other table refuses what it becomes', async () => {
    const { sent, reconcileIt } = moving({ refused: 'DynamoDB refuses it.' });
    expect(await reconcileIt()).toMatchObject({
      deleted: 0,
      quarantined: { code: 'ItemRefused', reason: 'DynamoDB refuses it.' },
    });
    expect(sent).toEqual(['put into archive']);
  });
});
