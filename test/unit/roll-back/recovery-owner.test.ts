import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  claimRollBack,
  type RollBackFence,
  rollBackFence,
} from '../../../functions/roll-back/recovery-owner.ts';
import { RunClosedError } from '../../../functions/shared/errors.ts';
import { ClaimLostError } from '../../../functions/shared/ledger/claims.ts';
import { lockKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn, removeByHand, sampleStart } from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

const by = (call: string, name = 'r') => ({
  execution: executionArn(name, 'rollback'),
  startTime: sampleStart,
  call,
});

async function marked(): Promise<Run> {
  const run = await begunRun(world, 'a');
  const change = { run, to: 'ROLLING_BACK', lock: 'take', writer: 'me' } as const;
  const after = await transition(world.observer.ledger, change);
  if (after === undefined) throw new Error('not marked');
  return after;
}

const claimNow = async (call: string): Promise<Run | undefined> =>
  claimRollBack(world.observer, await readRun(world.observer.ledger, 'a'), by(call));

async function guarded(call = 'one'): Promise<RollBackFence> {
  await marked();
  const run = await claimNow(call);
  if (run === undefined) throw new Error('not claimed');
  return rollBackFence(world.observer, run, call);
}

async function end(): Promise<void> {
  const run = await readRun(world.observer.ledger, 'a');
  await transition(world.observer.ledger, { run, to: 'ROLLED_BACK', lock: 'release', writer: 'end' });
}

describe('the claim on a run that is being rolled back', () => {
  it('is not given for a run that is not marked', async () => {
    await begunRun(world, 'a');
    expect(await claimNow('one')).toBeUndefined();
  });

  it('is given to one of two calls that read the run at the same time', async () => {
    const run = await marked();
    const claims = await Promise.all(
      ['one', 'two'].map((call) => claimRollBack(world.observer, run, by(call))),
    );
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
  });

  it('is not given when another run has the lock', async () => {
    await marked();
    await removeByHand(world.observer.ledger, lockKey('products'));
    await begunRun(world, 'b');
    expect(await claimNow('one')).toBeUndefined();
  });
});

describe('a roll back at its work', () => {
  it('keeps its claim, however long it takes', async () => {
    const fence = await guarded();
    for (let seconds = 0; seconds < 600; seconds += 61) {
      world.clock.advance(61_000);
      await expect(fence.check()).resolves.toBeUndefined();
    }
  });

  it('stops at its next look when another call has taken over', async () => {
    const fence = await guarded();
    await claimNow('two');
    world.clock.advance(5_000);
    await expect(fence.check()).rejects.toThrow(ClaimLostError);
  });

  it('stops when somebody has removed its lock by hand', async () => {
    const fence = await guarded();
    await removeByHand(world.observer.ledger, lockKey('products'));
    world.clock.advance(5_000);
    await expect(fence.check()).rejects.toThrow(ClaimLostError);
  });

  it('stops when the run was ended and the next one has begun', async () => {
    const fence = await guarded();
    await end();
    await begunRun(world, 'b');
    world.clock.advance(5_000);
    await expect(fence.check()).rejects.toThrow(RunClosedError);
    expect((await readRun(world.observer.ledger, 'b')).status).toBe('RUNNING');
  });
});
