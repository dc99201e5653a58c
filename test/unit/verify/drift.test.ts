import { afterEach, describe, expect, it } from 'vitest';
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

  it('of everything is counted whole, with twenty names', async () => {
    bench = await verifyBench(60, { segments: [0] });
    for (let index = 0; index < 60; index += 1)
      await bench.removeFrom(sourceTable, { id: { S: `p-${index}` } });
    await bench.verify();
    expect(await bench.verification()).toMatchObject({ drift: { added: 0, changed: 0, removed: 60 } });
    expect((await bench.samples()).driftRemoved).toHaveLength(20);
  });
});
