import { afterEach, describe, expect, it } from 'vitest';
import { openReconcile } from '../../../functions/shared/copy/reconcile/open-reconcile.ts';
import type { Reconciled } from '../../../functions/shared/copy/reconcile/reconcile.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { defineMigration } from '../../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../../functions/shared/migration/define-table.ts';
import { commitBench, driveRun } from '../complete-run/commit-bench.ts';
import { type Bench, product, sourceTable } from '../files/backup-bench.ts';

interface OneTable {
  /** The item of the table that a product becomes, without its key. */
  readonly itemOf?: (product: WireItem) => WireItem;
  /** Partitions in which items of this id may be. */
  readonly partitionsOf?: (id: string) => readonly string[];
}

/** Each product becomes one item of the table `all`. */
const intoOneTable = ({ itemOf = (item) => item, partitionsOf = (id) => [id] }: OneTable) =>
  defineMigration({
    source: { name: 'products', key: { partition: ['id', 'S'] } },
    targets: {
      all: defineTable({
        name: 'all',
        key: { partition: ['PK', 'S'] },
        billing: { mode: 'PAY_PER_REQUEST' },
        holds: ['ONE'],
      }),
    },
    settings: {},
    nouns: { item: 'product', items: 'products' },
    belongsTo: {
      all: {
        sourceKeyOf: ({ PK }) => ({ id: PK }),
        partitionsOf: ({ id }) => partitionsOf(id.S).map((S) => ({ S })),
      },
    },
    transform: ({ id, ...rest }, { put }) => put({ all: { ONE: [{ ...itemOf(rest), PK: id }] } }),
  });

let bench: Bench;
afterEach(() => bench.stop());

/** Migrates the products. Returns what reconciles one of them. */
async function migrated(
  definition: OneTable,
  products: readonly WireItem[],
): Promise<(id: string) => Promise<Reconciled>> {
  const started = await commitBench(products);
  const migration = intoOneTable(definition);
  bench = { ...started.bench, runtime: { ...started.bench.runtime, migration } };
  await driveRun(bench, started.run);
  const scope = {
    run: started.run,
    fence: () => Promise.resolve(),
    deadline: Date.now() + 60_000,
    readUnitsPerSecond: 0,
    writeUnitsPerSecond: 0,
  };
  const reconcile = openReconcile(bench.runtime, scope);
  const cost = { readUnits: 0, writeUnits: 0, throttles: 0 };
  return (id) => reconcile({ sourceKey: { id: { S: id } }, repair: true }, cost);
}

async function target(): Promise<readonly string[]> {
  const page = await bench.runtime.items.scanPage({ tableName: 'all', segment: 0, totalSegments: 1 });
  return page.items.map(canonicalJson);
}

describe('a source key that is reconciled', () => {
  it('keeps its items where the migration names one of its partitions twice', async () => {
    const reconcile = await migrated({ partitionsOf: (id) => [id, id.toLowerCase()] }, [product(1)]);
    const before = await target();
    expect(await reconcile('p-1')).toMatchObject({ outcome: 'equal' });
    expect(await target()).toEqual(before);
  });

  it('is transformed in the spelling of a backup, whatever order DynamoDB gives its sets in', async () => {
    const itemOf = ({ tags }: WireItem): WireItem => ({
      tags: { L: (tags as { readonly SS: readonly string[] }).SS.map((S) => ({ S })) },
    });
    const reconcile = await migrated({ itemOf }, [product(1, { tags: { SS: ['b', 'c', 'a'] } })]);
    expect(await reconcile('p-1')).toMatchObject({ outcome: 'equal' });
  });

  it('is brought up to date where the transform writes bytes without padding', async () => {
    const reconcile = await migrated({ itemOf: (item) => ({ ...item, bytes: { B: 'AAE' } }) }, [product(1)]);
    await bench.fill(sourceTable, [product(1, { note: { S: 'new' } }), product(2)]);
    expect(await reconcile('p-1')).toMatchObject({ outcome: 'repaired' });
    expect(await reconcile('p-2')).toMatchObject({ outcome: 'repaired' });
  });
});
