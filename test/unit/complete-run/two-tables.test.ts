import { afterEach, describe, expect, it } from 'vitest';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { evenAndOdd } from '../../support/two-tables.ts';
import { type Bench, products } from '../files/backup-bench.ts';
import { commitBench, driveRun, type Stage } from './commit-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

/** A run into two new tables, with a deed before one of its stages. */
async function runWith(at: Stage, deed: () => Promise<void>) {
  const started = await commitBench(products(12));
  bench = { ...started.bench, runtime: { ...started.bench.runtime, migration: evenAndOdd } };
  return driveRun(bench, started.run, (stage) => (stage === at ? deed() : Promise.resolve()));
}

/** Takes the first item of a table away. */
async function take(tableName: string): Promise<WireItem> {
  const { items } = bench.runtime;
  const [item] = (await items.scanPage({ tableName, segment: 0, totalSegments: 1 })).items;
  if (item === undefined) throw new Error(`Table ${tableName} is empty.`);
  const { PK } = item;
  if (PK === undefined) throw new Error('The item has no key.');
  await items.deleteIf(tableName, { PK }, { expression: 'attribute_exists(PK)' });
  return item;
}

describe('a run into two new tables', () => {
  it('is committed where each of them holds what is its own', async () => {
    const report = await runWith('CompleteRun', () => Promise.resolve());
    expect(report).toMatchObject({ status: 'SUCCEEDED', migrated: { products: 12, items: 12 } });
  });

  it('is not committed where an item stands in the other one of them', async () => {
    const moved = runWith('VerifyMigration', async () => bench.fill('odd', [await take('even')]));
    await expect(moved).rejects.toThrow('table even holds 5, not 6; table odd holds 7, not 6');
  });
});
