import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import { keyOf } from '../../../functions/shared/items/item-key.ts';
import { replaceTable, tableIdOf } from '../../support/replace-table.ts';
import { noted, sizedProduct, sizedProducts } from '../migrate/migrate-bench.ts';
import { type CompareBench, compareBench, madeOf } from './compare-bench.ts';
import { itemsOf, KEY, SMALL, SOURCE, TARGET } from './drift.ts';

let world: CompareBench;
afterEach(() => world.bench.stop());

const client = () => world.runtime.clients.dynamo;

/** Twelve products in the target, and a run that knows their source. */
async function compareOf(kind: 'sync' | 'compare' = 'sync'): Promise<void> {
  world = await compareBench({ plan: { segments: [0] }, items: sizedProducts(12), kind });
  await set({ sourceTableId: await tableIdOf(client(), SOURCE), isStarted: true });
}

async function set(facts: Partial<Run>): Promise<void> {
  await updateIf(world.runtime.ledger, runKey(world.run.runId), { set: facts });
}

async function emptySource(): Promise<void> {
  for (const { id } of sizedProducts(12)) if (id !== undefined) await world.remove(SOURCE, { id });
}

const PROMO = { PK: { S: 'PROMO#1' }, SK: { S: '1' } } as const;

async function emptyTarget(): Promise<void> {
  for (const { item } of madeOf(world.runtime.migration, sizedProducts(12)))
    await world.remove(TARGET, keyOf(item, KEY));
}

describe('a compare of a source that was replaced by an empty table', () => {
  it('fails, and leaves the target as it is', async () => {
    await compareOf();
    const before = await world.target();
    const tableId = await replaceTable(client(), SOURCE);
    await expect(world.compare()).rejects.toMatchObject({
      name: 'SourceReplacedError',
      message: expect.stringContaining(tableId),
    });
    expect(await world.target()).toEqual(before);
  });

  it('fails as well while the sync is SWITCHING, or without a sync', async () => {
    await compareOf();
    const run = await world.next('cut-over', 'SWITCHING');
    await replaceTable(client(), SOURCE);
    await expect(world.compare({ run })).rejects.toThrow(/^Table products is not the one that sync sync-1/);
    await world.bench.stop();
    await compareOf('compare');
    await replaceTable(client(), SOURCE);
    await expect(world.compare()).rejects.toThrow(/^Table products is not the one that compare sync-1/);
  });
});

describe('a compare without a sync of a source that is gone', () => {
  it.each([
    ['before it began', false],
    ['since it began', true],
  ])('says that it is gone, and counts nothing as missing: %s', async (_, isKnown) => {
    world = await compareBench({ plan: { segments: [0] }, items: sizedProducts(12), kind: 'compare' });
    if (isKnown) await set({ sourceTableId: await tableIdOf(client(), SOURCE) });
    await client().send(new DeleteTableCommand({ TableName: SOURCE }));
    for (const side of ['source', 'target'] as const)
      await expect(world.map(side)).rejects.toThrow(/^Table products (was ACTIVE and )?is gone/);
    expect(await world.compared()).toBeUndefined();
  });
});

describe('a compare of an empty source with a target that is not empty', () => {
  it('repairs nothing unless the operator allows it, and names the command', async () => {
    await compareOf();
    await emptySource();
    const before = await world.target();
    await expect(world.compare()).rejects.toMatchObject({
      name: 'SourceTableEmptyError',
      message: expect.stringMatching(
        /^Table products is empty, and table products-enhanced holds items that a migration has written[^]*npm run compare -- --stage test\n[^]*npm run compare -- --stage test --allow-empty/,
      ),
    });
    expect(await world.target()).toEqual(before);
  });

  it('names the command that starts a sync where its start has not ended', async () => {
    await compareOf();
    await set({ isStarted: false });
    await emptySource();
    await expect(world.compare()).rejects.toThrow(
      /npm run sync -- --stage test --start --run run-1 --allow-empty/,
    );
  });

  it('empties the target where the operator has allowed it', async () => {
    await compareOf();
    await emptySource();
    await set({ parameters: { ...world.run.parameters, allowEmpty: true } });
    expect(await world.compare()).toMatchObject({ repaired: 12, differing: 0 });
    expect(await world.target()).toEqual([]);
  });

  it('succeeds where the target holds only items of others', async () => {
    await compareOf();
    await emptySource();
    await emptyTarget();
    await world.put(TARGET, PROMO);
    expect(await world.compare()).toMatchObject({ repaired: 0, differing: 0 });
    expect(await world.compared()).toMatchObject({ foreign: 1 });
  });

  it('names what the shop has changed in the target, because it would delete none of it', async () => {
    await compareOf();
    const changed = noted(itemsOf(1)[SMALL] ?? {});
    await emptySource();
    await emptyTarget();
    await world.put(TARGET, changed, PROMO);
    const before = await world.target();
    expect(await world.compare()).toMatchObject({ repaired: 0, differing: 0, conflicts: 1 });
    expect(await world.target()).toEqual(before);
  });

  it('finds the one migrated item behind any number of others', async () => {
    await compareOf();
    await emptySource();
    await emptyTarget();
    const promos = Array.from({ length: 120 }, (_, number) => ({ ...PROMO, SK: { S: String(number) } }));
    await world.put(TARGET, ...promos, ...itemsOf(1).slice(0, 1));
    await expect(world.compare()).rejects.toMatchObject({ name: 'SourceTableEmptyError' });
    expect(await world.target()).toHaveLength(121);
  });

  it('is counted where nothing is repaired', async () => {
    await compareOf('compare');
    await emptySource();
    expect(await world.compare()).toMatchObject({ differing: 12 });
  });

  it('is an ordinary compare where one item is left', async () => {
    await compareOf();
    await emptySource();
    await world.put(SOURCE, sizedProduct(1));
    expect(await world.compare()).toMatchObject({ repaired: 11, differing: 0 });
  });
});
