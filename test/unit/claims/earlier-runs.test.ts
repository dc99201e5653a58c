import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beginRun, resumeRun } from '../../../functions/shared/ledger/begin.ts';
import { lockKey, runKey, tableKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { findShard } from '../../../functions/shared/ledger/shard.ts';
import { announceTable } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { type ShardTurn, takeTurn } from '../../../functions/shared/copy/shard-turn.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import {
  begunRun,
  executionArn,
  longTurn,
  removeByHand,
  sampleHolder,
  sampleNewRun,
} from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld({ closeNewTables: false })));
beforeEach(() => world.reset());
afterAll(() => world.stop());

const done = { done: true, counters: {}, digests: {} } as const;

/** A run that has announced the table `cart`, and one call of a worker of it. */
async function worked(
  unit: (turn: ShardTurn<number>, runtime: Runtime) => Promise<void>,
  overrides: Partial<Run> = {},
): Promise<void> {
  const run = await begunRun(world, 'a', overrides);
  const { runId } = run;
  const by = { runId, executionArn: run.executionArn, name: 'cart', now: 1 };
  await announceTable(world.observer.ledger, { ...by, outcome: 'INTENT' });
  const runtime = world.runtime();
  const begun = Promise.withResolvers<void>();
  const input = { runId, executionArn: run.executionArn, shard: 0 };
  const call = takeTurn<number>(
    runtime,
    { input, turn: longTurn },
    {
      state: 'MigrateProducts',
      unit: (turn) => {
        begun.resolve();
        return unit(turn, runtime);
      },
    },
  );
  await Promise.race([begun.promise, call]);
  await Promise.race([call, new Promise((resolve) => setTimeout(resolve, 50))]);
}

const shardOfEarlier = () => findShard(world.observer.ledger, 'a', 'MigrateProducts', 0);

/** Killed, or frozen: it never comes back, and what it has sent may still land. */
const killed = (): Promise<void> => new Promise(() => undefined);

async function move(to: 'HELD' | 'SUCCEEDED', facts: Partial<Run> = {}, runId = 'a'): Promise<void> {
  const run = await readRun(world.observer.ledger, runId);
  await transition(world.observer.ledger, { run, to, lock: 'release', writer: to, facts });
}

/** How many seconds another run waits before it touches the same table. */
async function secondsOfNext(): Promise<number> {
  await beginRun(world.observer.ledger, sampleNewRun('b'), sampleHolder('b'));
  return secondsOfCall(world.runtime());
}

/** How many seconds a call of that run waits. */
async function secondsOfCall(runtime: Runtime): Promise<number> {
  const before = world.clock.now();
  const wanted = { spec: cartTable, runId: 'b', executionArn: executionArn('b') };
  await ensureTable(runtime, wanted);
  return (world.clock.now() - before) / 1_000;
}

const unanswered = async (turn: ShardTurn<number>, { inDoubt }: Runtime): Promise<void> => {
  inDoubt.note();
  await turn.save(done);
};

describe('a run that comes to a table of an earlier one', () => {
  it('waits for a request without an answer of a step called alone, which is held without a lock', async () => {
    await worked(unanswered, { kind: 'manual', step: 'migrateProductsEnhanced' });
    await move('HELD', { finishedAt: new Date(world.clock.now()).toISOString() });
    world.clock.advance(10_000);
    expect(await secondsOfNext()).toBe(50);
  });

  it('waits for the workers of a run whose lock somebody has removed from the ledger by hand', async () => {
    await worked(killed);
    await removeByHand(world.observer.ledger, lockKey('products'));
    expect(await secondsOfNext()).toBe(30);
  });

  it('waits for the workers of a run that somebody has removed from the ledger by hand', async () => {
    await worked(killed);
    await removeByHand(world.observer.ledger, runKey('a'), lockKey('products'));
    expect(await secondsOfNext()).toBe(30);
  });

  it('waits in the same way when the table is there already', async () => {
    const input = createTableInput(cartTable, { name: 'cart', tags: {} });
    await world.observer.clients.dynamo.send(new CreateTableCommand(input));
    await worked(killed);
    await removeByHand(world.observer.ledger, lockKey('products'));
    expect(await secondsOfNext()).toBe(30);
  });

  it('goes on with the wait of a call that ended while it waited', async () => {
    await worked(killed);
    await removeByHand(world.observer.ledger, runKey('a'), lockKey('products'));
    await beginRun(world.observer.ledger, sampleNewRun('b'), sampleHolder('b'));
    const sleep = (): Promise<never> => Promise.reject(new Error('ended'));
    await expect(secondsOfCall({ ...world.runtime(), sleep })).rejects.toThrow('ended');
    world.clock.advance(25_000);
    expect(await secondsOfCall(world.runtime())).toBe(5);
  });

  it('does not count from a time before it was held, when somebody else could have had the lock', async () => {
    await worked(killed);
    await removeByHand(world.observer.ledger, runKey('a'), lockKey('products'));
    await beginRun(world.observer.ledger, sampleNewRun('b'), sampleHolder('b'));
    const sleep = (): Promise<never> => Promise.reject(new Error('ended'));
    await expect(secondsOfCall({ ...world.runtime(), sleep })).rejects.toThrow('ended');
    await move('HELD', {}, 'b');
    world.clock.advance(25_000);
    const held = await readRun(world.observer.ledger, 'b');
    await resumeRun(world.observer.ledger, held, sampleHolder('b'));
    expect(await secondsOfCall(world.runtime())).toBe(30);
  });

  it('waits for a request that turns out to have no answer while it waits', async () => {
    const stopped = Promise.withResolvers<void>();
    await worked(async (turn, runtime) => {
      await stopped.promise;
      await unanswered(turn, runtime);
    });
    await removeByHand(world.observer.ledger, lockKey('products'));
    await beginRun(world.observer.ledger, sampleNewRun('b'), sampleHolder('b'));
    const sleep = async (millis: number): Promise<void> => {
      world.clock.advance(20_000);
      stopped.resolve();
      await expect.poll(async () => (await shardOfEarlier())?.claim).toBeUndefined();
      world.clock.advance(millis - 20_000);
    };
    expect(await secondsOfCall({ ...world.runtime(), sleep })).toBe(80);
  });

  it('waits for dead workers only if no run before it has done so', async () => {
    await worked(killed);
    await removeByHand(world.observer.ledger, runKey('a'), lockKey('products'));
    expect(await secondsOfNext()).toBe(30);
    await removeByHand(world.observer.ledger, tableKey('b', 'cart'));
    expect(await secondsOfCall(world.runtime())).toBe(0);
  });

  it('waits for nothing when the earlier run has ended', async () => {
    await worked(killed);
    await move('SUCCEEDED');
    expect(await secondsOfNext()).toBe(0);
  });

  it('waits for nothing when every worker of the earlier run has come back', async () => {
    await worked((turn) => turn.save(done));
    await removeByHand(world.observer.ledger, lockKey('products'));
    expect(await secondsOfNext()).toBe(0);
  });
});
