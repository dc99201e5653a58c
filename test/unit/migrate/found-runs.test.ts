import { afterEach, describe, expect, it } from 'vitest';
import { createFoundRuns } from '../../../functions/shared/copy/load/found-runs.ts';
import { MAX_FOUND_RUNS } from '../../../functions/shared/ledger/shard.ts';
import { shortTurn } from '../files/backup-bench.ts';
import { type MigrateBench, migrateBench, sizedProducts, targetName } from './migrate-bench.ts';

const marked = (mark: string) => ({ migrationRun: { S: mark } });

describe('the runs whose items are under a key to be written', () => {
  it('are noted once each, without the own run and without what cannot be the id of a run', () => {
    const found = createFoundRuns('own', ['before']);
    for (const mark of ['a', 'b', 'a', 'own', 'not an id', 'x'.repeat(81), '']) found.see(marked(mark));
    found.see({ migrationRun: { N: '1' } });
    found.see({});
    expect(found.ids()).toEqual(['before', 'a', 'b']);
  });

  it('are no more than a checkpoint can hold', () => {
    const found = createFoundRuns('own');
    for (let index = 0; index < MAX_FOUND_RUNS * 2; index += 1)
      found.see(marked(String(index).padStart(80, '0')));
    const ids = found.ids();
    expect(ids).toHaveLength(MAX_FOUND_RUNS);
    expect(JSON.stringify(ids).length).toBeLessThan(40_000);
  });

  describe('in a table', () => {
    let bench: MigrateBench;
    afterEach(() => bench.stop());

    it('are still known after many turns', async () => {
      bench = await migrateBench({ products: sizedProducts(6) });
      await bench.migrate();
      const target = [...(await bench.target()).values()];
      for (const [index, item] of target.slice(0, 12).entries())
        await bench.put({ ...item, ...marked(`run-of-${index % 3}`) });
      const firstRun = bench.run.runId;
      const run = await bench.nextRun('second');
      await bench.migrate(run, bench.runtime, shortTurn);
      const { turns = 0, foundRuns = {} } = (await bench.shard(run)) ?? {};
      expect(turns).toBeGreaterThan(1);
      expect(foundRuns[targetName]?.toSorted()).toEqual(
        [firstRun, 'run-of-0', 'run-of-1', 'run-of-2'].toSorted(),
      );
    });
  });
});
