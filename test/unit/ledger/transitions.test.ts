import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findLock } from '../../../functions/shared/ledger/lock.ts';
import { readRun, type RunStatus } from '../../../functions/shared/ledger/run.ts';
import { isEndStatus, transition, TRANSITIONS } from '../../../functions/shared/ledger/transition.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn } from '../../support/sample-run.ts';

/**
 * The transitions that a run may make, written down a second time, so that the code's table cannot change unnoticed.
 */
const designed: readonly (readonly [RunStatus, RunStatus])[] = [
  ['RUNNING', 'SUCCEEDED'],
  ['RUNNING', 'PLANNED'],
  ['RUNNING', 'HELD'],
  ['RUNNING', 'ROLLING_BACK'],
  ['HELD', 'RUNNING'],
  ['HELD', 'ROLLING_BACK'],
  ['PLANNED', 'RUNNING'],
  ['ROLLING_BACK', 'ROLLED_BACK'],
  ['ROLLING_BACK', 'ROLLBACK_FAILED'],
  ['ROLLBACK_FAILED', 'ROLLING_BACK'],
  ['SUCCEEDED', 'ROLLING_BACK'],
  ['RUNNING', 'CANCELLED'],
  ['SYNCING', 'SYNCING'],
  ['SYNCING', 'SWITCHING'],
  ['SYNCING', 'CANCELLING'],
  ['SYNCING', 'CANCELLED'],
  ['SWITCHING', 'SWITCHING'],
  ['SWITCHING', 'SYNCING'],
  ['SWITCHING', 'SWITCHED'],
  ['SWITCHING', 'CANCELLING'],
  ['SWITCHING', 'CANCELLED'],
  ['CANCELLING', 'CANCELLING'],
  ['CANCELLING', 'CANCELLED'],
];

describe('the TRANSITIONS', () => {
  it('are the designed ones and no others', () => {
    const coded = Object.entries(TRANSITIONS).flatMap(([from, all]) => all.map((to) => `${from} -> ${to}`));
    expect(new Set(coded)).toEqual(new Set(designed.map(([from, to]) => `${from} -> ${to}`)));
  });

  it('end in what nothing but an operator leaves', () => {
    const ends = (Object.keys(TRANSITIONS) as RunStatus[]).filter(isEndStatus);
    expect(ends.toSorted()).toEqual([
      'CANCELLED',
      'PLANNED',
      'ROLLBACK_FAILED',
      'ROLLED_BACK',
      'SUCCEEDED',
      'SWITCHED',
    ]);
  });
});

describe('a change of status in the ledger', () => {
  let world: LedgerWorld;
  beforeAll(async () => void (world = await createLedgerWorld()));
  beforeEach(() => world.reset());
  afterAll(() => world.stop());

  it('refuses what the table does not list, before it reaches the ledger', async () => {
    const run = await begunRun(world, 'a');
    const change = { run, to: 'ROLLED_BACK', lock: 'release', writer: 'me' } as const;
    await expect(transition(world.observer.ledger, change)).rejects.toThrow('RUNNING to ROLLED_BACK');
    expect(await readRun(world.observer.ledger, 'a')).toMatchObject({
      status: 'RUNNING',
      changedBy: run.changedBy,
    });
  });

  it('releases the lock in the same transaction', async () => {
    const run = await begunRun(world, 'a');
    const change = { run, to: 'SUCCEEDED', lock: 'release', writer: 'me' } as const;
    expect(await transition(world.observer.ledger, change)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await findLock(world.observer.ledger, 'products')).toBeUndefined();
  });

  it('is recognised when its answer was lost and it is made again', async () => {
    const run = await begunRun(world, 'a');
    const change = { run, to: 'SUCCEEDED', lock: 'release', writer: 'me' } as const;
    await transition(world.observer.ledger, change);
    expect(await transition(world.observer.ledger, change)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('is not made by the second of two that read the run at the same time', async () => {
    const run = await begunRun(world, 'a');
    const { ledger } = world.observer;
    const first = await transition(ledger, { run, to: 'HELD', lock: 'keep', writer: 'one' });
    const second = await transition(ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: 'two' });
    expect([first?.status, second]).toEqual(['HELD', undefined]);
    expect(await findLock(ledger, 'products')).toMatchObject({ runId: 'a' });
  });

  it.each(['keep', 'release'] as const)(
    'changes nothing with lock "%s" when the lock is another run\'s',
    async (lock) => {
      const { ledger } = world.observer;
      const run = await begunRun(world, 'a');
      const ended = await transition(ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: 'one' });
      await begunRun(world, 'b');
      if (ended === undefined) throw new Error('not ended');
      const change = { run: ended, to: 'ROLLING_BACK', lock, writer: 'two' } as const;
      expect(await transition(ledger, change)).toBeUndefined();
      expect(await transition(ledger, { ...change, lock: 'take' })).toBeUndefined();
      expect(await findLock(ledger, 'products')).toMatchObject({
        runId: 'b',
        executionArn: executionArn('b'),
      });
      expect((await readRun(ledger, 'a')).status).toBe('SUCCEEDED');
    },
  );

  it('of a roll back is not made once another call has taken over', async () => {
    const { ledger } = world.observer;
    const run = await begunRun(world, 'a');
    const marked = await transition(ledger, {
      run,
      to: 'ROLLING_BACK',
      lock: 'take',
      writer: 'one',
      facts: { claim: 'first' },
    });
    if (marked === undefined) throw new Error('not marked');
    const takenOver = { ...marked, claim: 'second' };
    expect(
      await transition(ledger, { run: takenOver, to: 'ROLLED_BACK', lock: 'release', writer: 'two' }),
    ).toBeUndefined();
    expect(
      await transition(ledger, { run: marked, to: 'ROLLED_BACK', lock: 'release', writer: 'three' }),
    ).toMatchObject({
      status: 'ROLLED_BACK',
    });
  });
});
