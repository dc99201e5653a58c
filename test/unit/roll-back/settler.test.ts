import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { holdSettler, settlerFence } from '../../../functions/roll-back/settler.ts';
import { RunClosedError } from '../../../functions/shared/errors.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun } from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

async function marked(): Promise<Run> {
  const run = await begunRun(world, 'a');
  const after = await transition(world.observer.ledger, {
    run,
    to: 'ROLLING_BACK',
    lock: 'take',
    writer: 'me',
  });
  if (after === undefined) throw new Error('not marked');
  return after;
}

async function held(settler: string): Promise<Run> {
  const run = await holdSettler(world.observer, await marked(), settler);
  if (run === undefined) throw new Error('not held');
  return run;
}

describe('the claim on a run that is being taken back', () => {
  it('is not given for a run that is not marked', async () => {
    expect(await holdSettler(world.observer, await begunRun(world, 'a'), 'one')).toBeUndefined();
  });

  it("is not given when the lock is another run's, or nobody's", async () => {
    const run = await held('one');
    await transition(world.observer.ledger, { run, to: 'ROLLED_BACK', lock: 'release', writer: 'end' });
    expect(await holdSettler(world.observer, run, 'one')).toBeUndefined();
    await begunRun(world, 'b');
    expect(await holdSettler(world.observer, run, 'one')).toBeUndefined();
  });

  it("is one settler's until it is a minute old", async () => {
    const run = await held('one');
    world.clock.advance(60_000);
    expect(await holdSettler(world.observer, run, 'two')).toBeUndefined();
    world.clock.advance(1);
    expect(await holdSettler(world.observer, run, 'two')).toMatchObject({ settler: 'two' });
  });
});

describe('a settler at its work', () => {
  it('keeps its claim alive, however long it takes', async () => {
    const run = await held('one');
    const fence = settlerFence(world.observer, run, 'one');
    for (let seconds = 0; seconds < 180; seconds += 7) {
      world.clock.advance(7_000);
      await fence.check();
      expect(await holdSettler(world.observer, run, 'two')).toBeUndefined();
    }
  });

  it('stops at its next request when another settler has taken over', async () => {
    const run = await held('one');
    const fence = settlerFence(world.observer, run, 'one');
    world.clock.advance(61_000);
    await holdSettler(world.observer, run, 'two');
    await expect(fence.check()).rejects.toThrow(RunClosedError);
  });

  it('stops when the run was ended and the next one has begun', async () => {
    const run = await held('one');
    const fence = settlerFence(world.observer, run, 'one');
    await transition(world.observer.ledger, { run, to: 'ROLLED_BACK', lock: 'release', writer: 'end' });
    await begunRun(world, 'b');
    world.clock.advance(5_000);
    await expect(fence.check()).rejects.toThrow(RunClosedError);
    expect((await readRun(world.observer.ledger, 'b')).status).toBe('RUNNING');
  });
});
