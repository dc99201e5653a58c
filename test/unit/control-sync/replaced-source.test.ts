import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { findRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import { replaceTable, tableIdOf } from '../../support/replace-table.ts';
import { createSyncWorld, switchStreamOff, type SyncWorld } from '../../support/sync-world.ts';

let world: SyncWorld;
beforeAll(async () => void (world = await createSyncWorld()));
beforeEach(() => world.again());
afterAll(() => world.stop());

const client = () => world.observer.clients.dynamo;
const FROZEN = { action: 'cutover', frozen: true } as const;
const NOT_THE_ONE = /^Table products is not the one that/;

async function set(runId: string, set: Partial<Run>): Promise<void> {
  await updateIf(world.observer.ledger, runKey(runId), { set });
}

/** Says of migration `m` which table it has read. */
async function migratedFrom(tableId: string): Promise<void> {
  await set('m', { source: { tableId } as unknown as NonNullable<Run['source']> });
}

describe('the start of a sync', () => {
  it('notes the TableId of its source', async () => {
    await world.open();
    expect(await world.sync()).toMatchObject({ sourceTableId: await tableIdOf(client(), 'products') });
  });

  it('over another table than the migration has read is refused until the operator names that table', async () => {
    await migratedFrom('former');
    const tableId = await tableIdOf(client(), 'products');
    await expect(world.begin('s')).rejects.toMatchObject({
      name: 'SyncRefusedError',
      message: expect.stringMatching(
        `^Table products is not the one that run m began with: .* \\(TableId ${tableId}, and it was former\\)\\.[^]*\nnpm run sync -- --stage test --start --confirm-source ${tableId}\n`,
      ),
    });
    expect(await findRun(world.observer.ledger, 's')).toBeUndefined();
    await expect(world.begin('s', { confirmSource: 'former' })).rejects.toThrow(NOT_THE_ONE);
    expect(await world.begin('s', { confirmSource: tableId })).toMatchObject({ outcome: 'START' });
  });

  it('over the table that the migration has read needs no confirmation', async () => {
    await migratedFrom(await tableIdOf(client(), 'products'));
    expect(await world.begin('s')).toMatchObject({ outcome: 'START' });
  });

  it('whose source is replaced afterwards fails, and is cancelled', async () => {
    await world.begin('s');
    await replaceTable(client(), 'products');
    await expect(world.begin('y', { action: 'compare' })).rejects.toThrow(/worked on by/);
    for (let isDone = false; !isDone; world.clock.advance(30_000)) isDone = (await world.fail('s')).done;
    expect(await world.sync()).toMatchObject({ status: 'CANCELLED' });
  });
});

describe('a compare without a sync', () => {
  it('over another table than the migration has read is made, and warns of it', async () => {
    await migratedFrom('former');
    expect(await world.begin('s', { action: 'compare' })).toMatchObject({ outcome: 'COMPARE' });
    expect(await world.sync()).toMatchObject({
      sourceTableId: await tableIdOf(client(), 'products'),
      warnings: [expect.stringMatching(NOT_THE_ONE)],
    });
  });
});

describe('an open sync whose source was replaced', () => {
  it('refuses a compare and a cut over, and says to cancel', async () => {
    await world.open();
    const tableId = await replaceTable(client(), 'products');
    for (const input of [{ action: 'compare' }, FROZEN]) {
      const begun = world.begin('x', input);
      await expect(begun).rejects.toMatchObject({ name: 'SyncRefusedError' });
      await expect(begun).rejects.toThrow(
        new RegExp(`Table products is not the one that sync s began with[^]*${tableId}`),
      );
      await expect(begun).rejects.toThrow(/[Cc]ancel/);
    }
    const { checks } = await world.check('y');
    expect(checks?.find(({ what }) => what === 'stream')).toMatchObject({
      ok: false,
      sentence: expect.stringMatching(/Cancel the sync: the target stays as it is\.$/),
    });
  });

  it('does not switch where that happens behind the compare of the cut over', async () => {
    await world.open();
    await world.begin('x', FROZEN);
    await world.step('switching', 'x');
    world.clock.advance(30_000);
    await world.compare('x');
    await replaceTable(client(), 'products');
    await expect(world.switch('x')).rejects.toMatchObject({ name: 'SourceReplacedError' });
    await world.fail('x', 'SourceReplacedError');
    expect(await world.sync()).toMatchObject({ status: 'SYNCING', gap: { reason: expect.any(String) } });
  });

  it('is cancelled as every sync is', async () => {
    await world.open();
    await replaceTable(client(), 'products');
    expect(await world.begin('x', { action: 'cancel' })).toMatchObject({ outcome: 'CANCEL' });
  });
});

describe('an open sync of an earlier version, which has noted no TableId of its source', () => {
  const former = (): Promise<boolean> =>
    updateIf(world.observer.ledger, runKey('s'), { set: {}, remove: ['sourceTableId'] });

  it('notes it with the next compare where its stream is still that of the source', async () => {
    await migratedFrom('restored meanwhile');
    await world.begin('s', { confirmSource: await tableIdOf(client(), 'products') });
    await world.step('startMapping', 's');
    await world.finish('s');
    world.end('s');
    await former();
    expect(await world.begin('x', { action: 'compare' })).toMatchObject({ outcome: 'COMPARE' });
    expect(await world.sync()).toMatchObject({ sourceTableId: await tableIdOf(client(), 'products') });
  });

  it('is refused a compare where the source is not what its migration has read, and has another stream', async () => {
    await migratedFrom(await tableIdOf(client(), 'products'));
    await world.open();
    await former();
    await replaceTable(client(), 'products');
    await expect(world.begin('x', { action: 'compare' })).rejects.toThrow(
      /^Table products is not the one that run m began with[^]*--cancel/,
    );
  });

  it('is compared where the same source has another stream', async () => {
    await migratedFrom(await tableIdOf(client(), 'products'));
    await world.open();
    await former();
    await switchStreamOff(world);
    expect(await world.begin('x', { action: 'compare' })).toMatchObject({ outcome: 'COMPARE' });
  });

  it('is compared where nobody knows which table it was', async () => {
    await world.open();
    await former();
    await replaceTable(client(), 'products');
    expect(await world.begin('x', { action: 'compare' })).toMatchObject({ outcome: 'COMPARE' });
  });
});
