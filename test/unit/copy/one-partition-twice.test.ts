import { afterEach, describe, expect, it } from 'vitest';
import { openReconcile } from '../../../functions/shared/copy/reconcile/open-reconcile.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { defineMigration } from '../../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../../functions/shared/migration/define-table.ts';
import { commitBench, driveRun } from '../complete-run/commit-bench.ts';
import { type Bench, products } from '../files/backup-bench.ts';

/** Its items may be under the id as it is or in small letters, which is the same for some ids. */
const migration = defineMigration({
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
      partitionsOf: ({ id }) => [id, { S: id.S.toLowerCase() }],
    },
  },
  transform: (item, { put }) => put({ all: { ONE: [{ ...item, PK: item.id }] } }),
});

let bench: Bench;
afterEach(() => bench.stop());

describe('a source key that is reconciled, whose migration names one partition twice', () => {
  it('keeps its items', async () => {
    const started = await commitBench(products(2));
    bench = { ...started.bench, runtime: { ...started.bench.runtime, migration } };
    const { run } = started;
    await driveRun(bench, run);
    const all = async (): Promise<readonly string[]> =>
      (await bench.runtime.items.scanPage({ tableName: 'all', segment: 0, totalSegments: 1 })).items.map(
        canonicalJson,
      );
    const before = await all();
    const fence = (): Promise<void> => Promise.resolve();
    const scope = {
      run,
      fence,
      deadline: Date.now() + 60_000,
      readUnitsPerSecond: 0,
      writeUnitsPerSecond: 0,
    };
    const request = { sourceKey: { id: { S: 'p-1' } }, repair: true };
    const cost = { readUnits: 0, writeUnits: 0, throttles: 0 };
    expect(await openReconcile(bench.runtime, scope)(request, cost)).toMatchObject({ outcome: 'equal' });
    expect(await all()).toEqual(before);
  });
});
