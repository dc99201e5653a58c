import { afterEach, describe, expect, it } from 'vitest';
import { openReconcile } from '../../../functions/shared/copy/reconcile/open-reconcile.ts';
import { defineMigration } from '../../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../../functions/shared/migration/define-table.ts';
import { commitBench, driveRun } from '../complete-run/commit-bench.ts';
import { type Bench, product, sourceTable } from '../files/backup-bench.ts';

/** Writes bytes without the padding of base64. */
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
  belongsTo: { all: { sourceKeyOf: ({ PK }) => ({ id: PK }), partitionsOf: ({ id }) => [id] } },
  transform: ({ id, ...item }, { put }) => put({ all: { ONE: [{ ...item, PK: id, bytes: { B: 'AAE' } }] } }),
});

let bench: Bench;
afterEach(() => bench.stop());

describe('an item whose bytes the transform writes without padding', () => {
  it('is brought up to date as it was migrated', async () => {
    const started = await commitBench([product(1)]);
    bench = { ...started.bench, runtime: { ...started.bench.runtime, migration } };
    const { run } = started;
    await driveRun(bench, run);
    await bench.fill(sourceTable, [product(1, { note: { S: 'new' } }), product(2)]);
    const fence = (): Promise<void> => Promise.resolve();
    const scope = {
      run,
      fence,
      deadline: Date.now() + 60_000,
      readUnitsPerSecond: 0,
      writeUnitsPerSecond: 0,
    };
    const cost = { readUnits: 0, writeUnits: 0, throttles: 0 };
    const reconcile = openReconcile(bench.runtime, scope);
    for (const id of ['p-1', 'p-2'])
      expect(await reconcile({ sourceKey: { id: { S: id } }, repair: true }, cost)).toMatchObject({
        outcome: 'repaired',
      });
  });
});
