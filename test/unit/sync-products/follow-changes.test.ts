import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { findRefusedWrite } from '../../../functions/shared/ledger/refused-write.ts';
import { awsError } from '../migrate/migrate-bench.ts';
import { wireItem } from '../../../functions/shared/items/wire-item.ts';
import { beginRun } from '../../../functions/shared/ledger/begin.ts';
import { sampleHolder, sampleNewRun } from '../../support/sample-run.ts';
import { itemsOf, openSyncBench, product, type SyncBench, targetName, wholeTurn } from './sync-bench.ts';

let bench: SyncBench;
beforeAll(async () => void (bench = await openSyncBench()));
beforeEach(async () => {
  await bench.reset();
  await bench.begin();
});
afterAll(() => bench.world.stop());

const acknowledged = { failed: undefined };

/** A product that is in the target as the followed run has written it. */
async function migrated(id: string): Promise<void> {
  await bench.putSource(product(id));
  await bench.putTarget(...itemsOf(product(id)));
}

describe('a change record', () => {
  it('brings a new product into the target', async () => {
    await bench.putSource(product('1'));
    expect(await bench.call(['1'])).toEqual(acknowledged);
    expect((await bench.target()).size).toBe(3);
    expect(await bench.differences()).toEqual([]);
  });

  it('brings what is at the source now, whatever its images say', async () => {
    await migrated('1');
    await bench.putSource(product('1', { price: { S: '170' } }));
    expect(await bench.call(['1'])).toEqual(acknowledged);
    expect(await bench.differences()).toEqual([]);
  });

  it('removes what the product no longer becomes', async () => {
    await migrated('1');
    await bench.putSource(product('1', { sizes: { L: [{ S: 'S' }] } }));
    expect(await bench.call(['1'])).toEqual(acknowledged);
    expect((await bench.target()).size).toBe(2);
    expect(await bench.differences()).toEqual([]);
  });

  it('removes every item of a product that was deleted', async () => {
    await migrated('1');
    await migrated('2');
    await bench.deleteSource('1');
    expect(await bench.call(['1'])).toEqual(acknowledged);
    expect((await bench.target()).size).toBe(3);
    expect(await bench.differences()).toEqual([]);
  });

  it('of a key that was never there changes nothing', async () => {
    await migrated('1');
    expect(await bench.call(['ghost'])).toEqual(acknowledged);
    expect(await bench.differences()).toEqual([]);
    expect(await bench.minute()).toMatchObject({ records: 1, repaired: 0 });
  });

  it('that comes again, late and out of order, changes nothing', async () => {
    await migrated('1');
    await bench.putSource(product('1', { price: { S: '170' } }));
    await bench.call(['1']);
    await bench.call(['1', '1'], { changedAt: bench.world.clock.now() - 3_600_000 });
    expect(await bench.differences()).toEqual([]);
    expect(await bench.minute()).toMatchObject({ records: 3, repaired: 1 });
  });
});

describe('a batch of a source that the stage is no longer deployed for', () => {
  const redeployed = () => {
    const { observer } = bench.world;
    return { ...observer, config: { ...observer.config, sourceTable: 'other-products' } };
  };

  it('is not acknowledged while the sync of that source is open, and the error says what to do', async () => {
    await migrated('1');
    await bench.deleteSource('1');
    await expect(bench.call(['1'], { runtime: redeployed() })).rejects.toThrow(
      /Sync \S+ of table products is open, but this stage is deployed for other-products now[^]*deploy again with --param sourceTable=products and [^]*--cancel --run/,
    );
    expect((await bench.target()).size).toBe(3);
    expect(await bench.call(['1'])).toEqual(acknowledged);
    expect((await bench.target()).size).toBe(0);
  });

  it('is acknowledged once that sync has ended', async () => {
    await bench.move('CANCELLED');
    expect(await bench.call(['1'], { runtime: redeployed() })).toEqual(acknowledged);
  });
});

describe('a batch', () => {
  it('is settled key by key, each once, however many records name it', async () => {
    await bench.putSource(product('1'), product('2'));
    const reads: string[] = [];
    const runtime = bench.gated((operation, send) => {
      reads.push(operation);
      return send();
    });
    expect(await bench.call([...Array(50).fill('1'), '2', '1'], { runtime })).toEqual(acknowledged);
    expect(await bench.differences()).toEqual([]);
    // Each key: the target and the source, then the source once more after the writes.
    expect(reads.filter((operation) => operation === 'GetItem')).toHaveLength(4);
    expect(reads.filter((operation) => operation === 'Query')).toHaveLength(2);
  });

  it('without records is acknowledged', async () => {
    expect(await bench.call([])).toEqual(acknowledged);
  });

  it('adds what it did to its minute, and so does the next one', async () => {
    const now = bench.world.clock.now();
    await bench.putSource(product('1'), product('2'));
    await bench.call(['1', '2', '1'], { changedAt: now - 4_000 });
    await bench.call(['1'], { changedAt: now - 9_000 });
    const lag = now - Math.floor((now - 4_000) / 1_000) * 1_000;
    expect(await bench.minute()).toMatchObject({
      minute: new Date(now).toISOString().slice(0, 16),
      records: 4,
      repaired: 2,
      conflicts: 0,
      quarantined: 0,
      pending: 0,
      lagMillis: 4 * lag + 5_000,
      maxLagMillis: lag + 5_000,
    });
  });

  it('counts once where the call is made twice under one request id', async () => {
    const turn = wholeTurn();
    await bench.call(['1'], { turn });
    await bench.call(['1'], { turn });
    expect(await bench.minute()).toMatchObject({ records: 1 });
  });
});

describe('what stays as it is', () => {
  it('is an item that the shop has changed, and it is named', async () => {
    await migrated('1');
    const [, variant = {}] = itemsOf(product('1'));
    const edited = wireItem([...Object.entries(variant), ['note', { S: 'sold by hand' }]]);
    await bench.putTarget(edited);
    await bench.putSource(product('1', { price: { S: '170' } }));
    expect(await bench.call(['1'])).toEqual(acknowledged);
    expect([...(await bench.target()).values()]).toContainEqual(edited);
    expect(await bench.named()).toEqual([`conflict ${targetName}: PRODUCT#1 / VARIANT#SHO-S-1`]);
    expect(await bench.minute()).toMatchObject({ repaired: 1, conflicts: 1 });
  });

  it('is what a migration of another source has added of a product that was deleted, and it is named', async () => {
    const { ledger } = bench.world.observer;
    await beginRun(ledger, sampleNewRun('run-eu', { sourceTable: 'products-eu' }), sampleHolder('run-eu'));
    await bench.putTarget(...itemsOf(product('9'), 'run-eu'));
    await bench.call(['9']);
    expect(await bench.target()).toHaveProperty('size', 3);
    expect(await bench.named()).toContain(`conflict ${targetName}: PRODUCT#9 / METADATA`);
  });

  it('is every item of a product that can no longer be transformed, and its key is named', async () => {
    await migrated('1');
    await bench.putSource(product('1', { price: { S: 'a lot' } }));
    expect(await bench.call(['1'])).toEqual(acknowledged);
    expect(new Set((await bench.target()).values())).toEqual(new Set(itemsOf(product('1'))));
    expect(await bench.named()).toEqual(['quarantined 1']);
    expect(await bench.minute()).toMatchObject({ repaired: 0, quarantined: 1 });
  });

  it('is named where DynamoDB refuses its item, and the write is remembered for the compare of a cut over', async () => {
    await bench.putSource(product('1'));
    const runtime = bench.gated((operation, send) =>
      operation === 'PutItem' ? Promise.reject(awsError('ValidationException', 'too odd')) : send(),
    );
    expect(await bench.call(['1'], { runtime })).toEqual(acknowledged);
    expect(await bench.named()).toEqual(['quarantined 1']);
    const place = { syncId: 'sync-1', identity: canonicalJson({ id: { S: '1' } }) };
    expect((await findRefusedWrite(bench.world.observer.ledger, place))?.reason).toMatch(
      /DynamoDB refuses item/,
    );
  });

  it('stays named when its key is settled later, until a compare has not seen it again', async () => {
    await bench.putSource(product('1', { price: { S: 'a lot' } }));
    await bench.call(['1']);
    await bench.putSource(product('1'));
    await bench.call(['1']);
    expect(await bench.differences()).toEqual([]);
    expect(await bench.named()).toEqual(['quarantined 1']);
  });
});
