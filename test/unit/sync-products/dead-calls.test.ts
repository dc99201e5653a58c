import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeBatch } from '../../../functions/sync-products/change-batch.ts';
import { followChanges } from '../../../functions/sync-products/follow-changes.ts';
import { warnOfDeadCalls } from '../../../functions/shared/copy/unseen-deletion.ts';
import { listDeleting } from '../../../functions/shared/ledger/deleting-call.ts';
import { batchOf, openSyncBench, product, type SyncBench, targetName, wholeTurn } from './sync-bench.ts';

let bench: SyncBench;
beforeAll(async () => void (bench = await openSyncBench()));
beforeEach(async () => {
  await bench.reset();
  await bench.begin();
});
afterAll(() => bench.world.stop());

const deleting = () => listDeleting(bench.world.observer.ledger, 'sync-1');
const LOST = `may not have seen DynamoDB's answer to a deletion in ${targetName}`;

/** A batch of one removed product, whose target items are there. */
async function removal(): Promise<ChangeBatch> {
  await bench.putSource(product('1'));
  await bench.call(['1']);
  await bench.deleteSource('1');
  return batchOf(['1'], bench.world.clock.now());
}

/** A call whose sandbox dies behind its first deletion. */
async function dieDeleting(batch: ChangeBatch): Promise<void> {
  const { promise: isDead, resolve: die } = Promise.withResolvers<void>();
  const runtime = bench.gated(async (operation, send) => {
    if (operation !== 'DeleteItem') return send();
    await send();
    die();
    return new Promise(() => undefined);
  });
  void followChanges(runtime, batch, wholeTurn());
  await isDead;
}

describe('a call of a sync that deletes', () => {
  it('is noted in the ledger before its first deletion, and forgotten at its end', async () => {
    const batch = await removal();
    const noted: unknown[] = [];
    const runtime = bench.gated(async (operation, send) => {
      if (operation === 'DeleteItem') noted.push(...(await deleting()).map(({ tables }) => tables));
      return send();
    });
    await followChanges(runtime, batch, wholeTurn());
    expect(noted).toContainEqual([targetName]);
    expect(await deleting()).toEqual([]);
    expect((await bench.sync()).warnings).toEqual([]);
    expect(await bench.target()).toEqual(new Map());
  });

  it('notes nothing where it deletes nothing', async () => {
    await bench.putSource(product('1'));
    const operations: string[] = [];
    const gate = async (operation: string, send: () => Promise<unknown>) => {
      operations.push(operation);
      return send();
    };
    const runtime = bench.world.runtime(gate);
    await followChanges(runtime, batchOf(['1'], bench.world.clock.now()), wholeTurn());
    expect(operations).not.toContain('DeleteItem');
    expect((await bench.sync()).warnings).toEqual([]);
  });

  it('that has died is warned of by the call that has its batch next, once', async () => {
    const batch = await removal();
    await dieDeleting(batch);
    expect((await bench.sync()).warnings).toEqual([]);
    await followChanges(bench.world.observer, batch, wholeTurn());
    await followChanges(bench.world.observer, batch, wholeTurn());
    expect((await bench.sync()).warnings).toEqual([expect.stringContaining(LOST)]);
    expect(await deleting()).toEqual([]);
  });

  it('that has died is warned of at the end of the sync where its batch never comes again', async () => {
    await dieDeleting(await removal());
    await warnOfDeadCalls(bench.world.observer.ledger, await bench.sync());
    expect((await bench.sync()).warnings).toEqual([expect.stringContaining(LOST)]);
  });
});
