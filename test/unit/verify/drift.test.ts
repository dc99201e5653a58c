import { afterEach, describe, expect, it } from 'vitest';
import { TransientError } from '../../../functions/shared/errors.ts';
import { listFiles } from '../../../functions/shared/ledger/file.ts';
import { listShards } from '../../../functions/shared/ledger/shard.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { shortTurn, sourceTable } from '../files/backup-bench.ts';
import { changeSource, sizedProduct } from '../migrate/migrate-bench.ts';
import { type VerifyBench, verifyBench } from './verify-bench.ts';

let bench: VerifyBench;
afterEach(() => bench.stop());

describe('drift of the source since its backup', () => {
  async function drift(): Promise<void> {
    await changeSource(bench, sizedProduct(3, { price: { S: '170' } }));
    await changeSource(bench, sizedProduct(100));
    await changeSource(bench, sizedProduct(101));
    await bench.removeFrom(sourceTable, { id: { S: 'p-5' } });
  }
  const found = { added: 2, changed: 1, removed: 1 };

  it('is found product by product and named, and the target is right all the same', async () => {
    bench = await verifyBench(40);
    await drift();
    expect(await bench.verify()).toEqual({ byKey: false });
    expect(await bench.verification()).toMatchObject({ drift: found, missing: 0 });
    expect(await bench.samples()).toMatchObject({
      driftAdded: ['p-100', 'p-101'],
      driftChanged: ['p-3'],
      driftRemoved: ['p-5'],
    });
  });

  it('is found by workers that never have time, too', async () => {
    bench = await verifyBench(40);
    await drift();
    await bench.verify({ turnOf: shortTurn, runtime: bench.pagesOf(5) });
    expect(await bench.verification()).toMatchObject({ drift: found });
    expect(await bench.samples()).toMatchObject({
      driftAdded: ['p-100', 'p-101'],
      driftChanged: ['p-3'],
      driftRemoved: ['p-5'],
    });
  });

  it('stands beside what is compared key by key', async () => {
    bench = await verifyBench(40, { segments: [0] }, []);
    await drift();
    expect(await bench.verify()).toEqual({ byKey: true });
    expect((await bench.compare())?.counters).toMatchObject({
      driftAdded: 2,
      driftChanged: 1,
      driftRemoved: 1,
      found: 200,
    });
  });

  it('is none when the source was only written again as it was', async () => {
    bench = await verifyBench(10);
    await changeSource(bench, sizedProduct(3));
    await bench.verify();
    expect(await bench.verification()).toMatchObject({ drift: { added: 0, changed: 0, removed: 0 } });
  });

  it('costs a second Scan and a look into the backup only in the segment that it is in', async () => {
    bench = await verifyBench(40);
    await changeSource(bench, sizedProduct(3, { price: { S: '170' } }));
    const read: string[] = [];
    await bench.verify({ runtime: bench.noting(read) });
    const shards = await listShards(bench.runtime.ledger, bench.run.runId, 'VerifyMigration');
    const drifted = shards.filter(({ counters }) => counters['driftChanged'] === 1);
    const files = await listFiles(bench.runtime.ledger, bench.run.runId);
    const own = files.filter(({ segment }) => segment === drifted[0]?.shard);
    expect(read.toSorted()).toEqual(own.map(({ key }) => key));
    // Of the others, the items of source and target each once.
    for (const { shard, counters } of shards) {
      const { items = 0, targetItems = 0, sourceItems = 0 } = counters;
      expect(items).toBe(targetItems + sourceItems * (shard === drifted[0]?.shard ? 2 : 1));
    }
    expect(await bench.verification()).toMatchObject({ drift: { added: 0, changed: 1, removed: 0 } });
  });

  it('is counted and named once where the comparison fails half-way and is taken up again', async () => {
    bench = await verifyBench(40, { segments: [0] });
    await drift();
    let lost = 0;
    const pages = bench.pagesOf(5);
    const losing: Runtime = {
      ...pages,
      objects: {
        ...pages.objects,
        get: (key, options) => {
          lost += 1;
          return lost === 1
            ? Promise.reject(new TransientError('The bucket does not answer.'))
            : pages.objects.get(key, options);
        },
      },
    };
    await expect(bench.verify({ turnOf: shortTurn, runtime: losing })).rejects.toThrow(TransientError);
    await bench.verify({ turnOf: shortTurn, runtime: losing });
    expect(await bench.verification()).toMatchObject({ drift: found });
    expect((await bench.samples()).driftChanged).toEqual(['p-3']);
  });

  it('of everything is counted whole, with twenty names', async () => {
    bench = await verifyBench(60, { segments: [0] });
    for (let index = 0; index < 60; index += 1)
      await bench.removeFrom(sourceTable, { id: { S: `p-${index}` } });
    await bench.verify();
    expect(await bench.verification()).toMatchObject({ drift: { added: 0, changed: 0, removed: 60 } });
    expect((await bench.samples()).driftRemoved).toHaveLength(20);
  });
});
