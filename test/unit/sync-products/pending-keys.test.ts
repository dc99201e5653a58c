import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keyIdentity } from '../../../functions/shared/items/item-key.ts';
import { listPending, notePending } from '../../../functions/shared/ledger/sync-records.ts';
import { doubtMillisOf } from '../../../functions/shared/runtime.ts';
import type { Gate } from '../../support/ledger-world.ts';
import { itemsOf, openSyncBench, product, type SyncBench } from './sync-bench.ts';
import { fill, ids, silence, throwing, WRITES } from './troubles.ts';

let bench: SyncBench;
beforeAll(async () => void (bench = await openSyncBench()));
beforeEach(async () => {
  await bench.reset();
  await bench.begin();
});
afterAll(() => bench.world.stop());

const acknowledged = { failed: undefined };
describe('a key that cannot be settled', () => {
  it('is kept as pending with its reason, and holds up no other', async () => {
    await fill(bench);
    const runtime = throwing(bench.world.observer, '1');
    expect(await bench.call([...ids, '1'], { runtime })).toEqual(acknowledged);
    const [pending] = await listPending(bench.world.observer.ledger, 'sync-1');
    expect(pending).toMatchObject({
      text: '1',
      key: { id: { S: '1' } },
      reason: 'TransformError: Product 1 made the transform throw.',
      since: bench.world.clock.now(),
    });
    expect(await bench.minute()).toMatchObject({ records: 5, repaired: 3, pending: 1 });
    expect((await bench.differences()).every((one) => one.includes('PRODUCT#1'))).toBe(true);
  });

  it('stays while it cannot, and goes with the first clean look', async () => {
    await fill(bench);
    const runtime = throwing(bench.world.observer, '1');
    await bench.call(ids, { runtime });
    await bench.call(['2'], { runtime });
    expect(await bench.pending()).toEqual(['1']);
    await bench.call(['2']);
    expect(await bench.pending()).toEqual([]);
    expect(await bench.differences()).toEqual([]);
  });

  it('has the reason of the last look that could not settle it', async () => {
    await fill(bench);
    const { ledger, clock } = bench.world.observer;
    const key = { key: { id: { S: '1' } }, text: '1', since: clock.now() };
    const identity = keyIdentity({ id: { S: '1' } }, bench.world.observer.migration.source.key);
    await notePending(ledger, { syncId: 'sync-1', identity }, { ...key, reason: 'It changed.' });
    await bench.call([], { runtime: throwing(bench.world.observer, '1') });
    expect(await listPending(ledger, 'sync-1')).toMatchObject([
      { since: key.since, reason: 'TransformError: Product 1 made the transform throw.' },
    ]);
  });

  it('stays where it is noted again while a call looks at it', async () => {
    await bench.putSource(product('1'));
    const broken = throwing(bench.world.observer, '1');
    await bench.call(['1'], { runtime: broken });
    let isNoted = false;
    const looking = bench.gated(async (operation, send) => {
      const answer = await send();
      if (operation === 'PutItem' && !isNoted) {
        isNoted = true;
        await bench.call(['1'], { runtime: broken });
      }
      return answer;
    });
    await bench.call([], { runtime: looking });
    expect(await bench.pending()).toEqual(['1']);
    await bench.call([]);
    expect(await bench.pending()).toEqual([]);
  });

  it('is a product that changes at every look, too', async () => {
    await bench.putSource(product('1'));
    let price = 200;
    const restless = bench.gated(async (operation, send) => {
      const answer = await send();
      if (operation === 'GetItem')
        await bench.putSource(product('1', { price: { S: String((price += 1)) } }));
      return answer;
    });
    expect(await bench.call(['1'], { runtime: restless })).toEqual(acknowledged);
    expect(await bench.pending()).toEqual(['1']);
    await bench.call(['other']);
    expect(await bench.pending()).toEqual([]);
    expect(await bench.differences()).toEqual([]);
  });

  it('does not starve others: of many, each gets its turn', async () => {
    const many = Array.from({ length: 30 }, (_, index) => `p${index}`);
    for (const id of many) await bench.putSource(product(id));
    const stuck = many.slice(0, 20);
    await bench.call(many, { runtime: throwing(bench.world.observer, ...many) });
    expect(await bench.pending()).toHaveLength(30);
    const runtime = throwing(bench.world.observer, ...stuck);
    for (let call = 0; call < 24; call += 1)
      await bench.call(['ghost'], { runtime: { ...runtime, random: () => call / 24 } });
    expect(await bench.pending()).toEqual(stuck.toSorted());
  });
});

describe('a call without records', () => {
  it('takes up every key that waits', async () => {
    const many = Array.from({ length: 30 }, (_, index) => `p${index}`);
    for (const id of many) await bench.putSource(product(id));
    await bench.call(many, { runtime: throwing(bench.world.observer, ...many) });
    expect(await bench.call([])).toEqual(acknowledged);
    expect(await bench.pending()).toEqual([]);
    expect(await bench.differences()).toEqual([]);
  });
});

describe('a write whose answer is lost', () => {
  const losing =
    (isDue: (operation: string) => boolean, isApplied = true): Gate =>
    async (operation, send) => {
      if (!isDue(operation)) return send();
      if (isApplied) await send();
      throw silence();
    };

  it.each([...WRITES])(
    'leaves the target in step, and its batch pending until it is quiet: %s',
    async (lost) => {
      await fill(bench);
      let isDue = true;
      const isFirst = (operation: string): boolean => {
        if (operation !== lost || !isDue) return false;
        isDue = false;
        return true;
      };
      expect(await bench.call(ids, { runtime: bench.gated(losing(isFirst)) })).toEqual(acknowledged);
      expect(await bench.differences()).toEqual([]);
      expect(await bench.pending()).toEqual(ids);
      const quietAt = bench.world.clock.now() + doubtMillisOf(bench.world.config);
      for (const pending of await listPending(bench.world.observer.ledger, 'sync-1'))
        expect(pending.quietAt).toBe(quietAt);
      await bench.call([]);
      expect(await bench.pending()).toEqual(ids);
      bench.world.clock.advance(doubtMillisOf(bench.world.config));
      await bench.call([]);
      expect(await bench.pending()).toEqual([]);
      expect(await bench.differences()).toEqual([]);
    },
  );

  it('is put right though it lands after everything else, over a state that has come back', async () => {
    const [cheap, dear] = [product('1'), product('1', { price: { S: '170' } })];
    await bench.putTarget(...itemsOf(cheap));
    await bench.putSource(dear);
    const late: (() => Promise<unknown>)[] = [];
    const runtime = bench.gated(async (operation, send) => {
      if (operation !== 'UpdateItem' || late.length > 0) return send();
      late.push(send);
      throw silence();
    });
    await bench.call(['1'], { runtime });
    await bench.putSource(cheap);
    await bench.call(['1']);
    expect(await bench.differences()).toEqual([]);
    for (const send of late) await send();
    expect(await bench.differences()).not.toEqual([]);
    bench.world.clock.advance(doubtMillisOf(bench.world.config));
    await bench.call([]);
    expect(await bench.differences()).toEqual([]);
    expect(await bench.pending()).toEqual([]);
  });
});
