import { afterEach, describe, expect, it } from 'vitest';
import { keyIdentity } from '../../../functions/shared/items/item-key.ts';
import { notePending, type PendingKey } from '../../../functions/shared/ledger/sync-records.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { sizedProducts } from '../migrate/migrate-bench.ts';
import { type CompareBench, compareBench } from './compare-bench.ts';
import { SOURCE } from './drift.ts';

let world: CompareBench;
let run: Run;
afterEach(() => world.bench.stop());

const [expired = {}] = sizedProducts(1);
const { id = { S: '' } } = expired;

/** A cut over whose source has lost a product since, by time to live or not. */
async function cutOver(timeToLiveAttribute = 'expiresAt'): Promise<void> {
  world = await compareBench({
    plan: { segments: [0, 1, 2], ...(timeToLiveAttribute && { timeToLiveAttribute }) },
  });
  run = await world.next('cut-over', 'SWITCHING');
  await world.remove(SOURCE, { id });
}

/** As the change record of the deletion is noted. */
function note(of: Pick<PendingKey, 'isExpiry'> = { isExpiry: true }): Promise<void> {
  const { ledger, migration } = world.runtime;
  const identity = keyIdentity({ id }, migration.source.key);
  const key = { key: { id }, text: 'p-1', reason: 'It changed.', since: 1, ...of };
  return notePending(ledger, { syncId: run.runId, identity }, key);
}

/** A runtime whose waits are no waits, and are counted. */
function waiting(whileWaiting: () => Promise<void> = () => Promise.resolve()) {
  const waits: number[] = [];
  const sleep = async (millis: number): Promise<void> => {
    waits.push(millis);
    await whileWaiting();
  };
  const runtime: Runtime = { ...world.runtime, sleep };
  return { runtime, waits };
}

describe('the compare of a cut over', () => {
  it('counts what time to live has deleted from the source since as expired, and not as a difference', async () => {
    await cutOver();
    await note();
    const before = await world.target();
    expect(await world.compare({ run })).toEqual({ differing: 0, repaired: 0, conflicts: 0, quarantined: 0 });
    expect(await world.compared()).toMatchObject({ sourceItems: 11, targetItems: 60, expired: 5 });
    expect(await world.named()).toEqual([]);
    expect(await world.target()).toEqual(before);
  });

  it('waits for the change record of the deletion', async () => {
    await cutOver();
    const { runtime, waits } = waiting(() => note());
    expect(await world.compare({ run, runtime })).toMatchObject({ differing: 0 });
    expect(waits).toHaveLength(1);
  });

  it('finds a difference where somebody else has changed the item', async () => {
    await cutOver();
    await note({});
    const { runtime, waits } = waiting();
    expect(await world.compare({ run, runtime })).toMatchObject({ differing: 1 });
    expect(waits).toEqual([]);
  });

  it('finds a difference where no change record comes, after a wait that has an end', async () => {
    await cutOver();
    const { runtime, waits } = waiting();
    expect(await world.compare({ run, runtime })).toMatchObject({ differing: 1 });
    expect(waits.reduce((sum, millis) => sum + millis, 0)).toBeLessThanOrEqual(3 * 15_000);
    expect(waits.length).toBeGreaterThan(0);
  });

  it('waits for nothing where the source had no time to live', async () => {
    await cutOver('');
    const { runtime, waits } = waiting();
    expect(await world.compare({ run, runtime })).toMatchObject({ differing: 1 });
    expect(waits).toEqual([]);
  });

  it('deletes it where the shop has not switched', async () => {
    await cutOver();
    await note();
    await world.compare({ run });
    expect(await world.compare({ run: await world.next('cut-over', 'SYNCING') })).toMatchObject({
      repaired: 1,
    });
    expect(await world.target()).toEqual(await world.expected());
  });
});
