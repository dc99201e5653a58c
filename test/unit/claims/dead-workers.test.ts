import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { completeRun } from '../../../functions/complete-run/complete-run.ts';
import { readRun, type Run, type RunParameters } from '../../../functions/shared/ledger/run.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { takeTurn } from '../../../functions/shared/copy/shard-turn.ts';
import { settleHeldRun } from '../../../functions/shared/runs/settle-held-run.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, longTurn, sampleNewRun } from '../../support/sample-run.ts';
import { catalogueTable } from '../../support/shop.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

/** A run, and a call of one of its workers that is killed in the middle of its work. */
async function withDeadWorker(onExisting: RunParameters['onExisting']): Promise<Run> {
  const parameters = { ...sampleNewRun('a').parameters, onExisting };
  const run = await begunRun(world, 'a', { parameters });
  const begun = Promise.withResolvers<void>();
  const input = { runId: 'a', executionArn: run.executionArn, shard: 0 };
  const unit = (): Promise<void> => {
    begun.resolve();
    return new Promise(() => undefined);
  };
  void takeTurn(world.runtime(), { input, turn: longTurn }, { state: 'MigrateProducts', unit });
  await begun.promise;
  return run;
}

async function hold(): Promise<Run> {
  const { ledger } = world.observer;
  const run = await readRun(ledger, 'a');
  const facts = { finishedAt: new Date(world.clock.now()).toISOString() };
  const held = await transition(ledger, { run, to: 'HELD', lock: 'keep', writer: 'hold', facts });
  if (held === undefined) throw new Error('not HELD');
  return held;
}

const warnings = async () => (await readRun(world.observer.ledger, 'a')).warnings;
const LOST = expect.stringContaining(`DynamoDB's answer to a deletion in ${catalogueTable.name}`);

describe('a worker that has died while it may have removed items', () => {
  it('is warned of once when its run is resumed', async () => {
    await withDeadWorker('replace');
    await settleHeldRun(world.observer, await hold());
    await settleHeldRun(world.observer, await readRun(world.observer.ledger, 'a'));
    expect(await warnings()).toEqual([LOST]);
  });

  it('is warned of when its run is committed without it', async () => {
    const { executionArn } = await withDeadWorker('replace');
    await expect(completeRun(world.observer, { runId: 'a', executionArn })).rejects.toThrow(
      'migration-manifest.json is missing',
    );
    expect(await warnings()).toEqual([LOST]);
  });

  it('is no reason for a warning where the run removes nothing', async () => {
    await withDeadWorker('keep');
    await settleHeldRun(world.observer, await hold());
    expect(await warnings()).toEqual([]);
  });
});
