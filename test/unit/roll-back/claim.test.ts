import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimRun } from '../../../functions/roll-back/claim.ts';
import type { RollBackOrder } from '../../../functions/roll-back/request.ts';
import { LockHeldError, RunClosedError, RunNotFoundError } from '../../../functions/shared/errors.ts';
import { beginRun, resumeRun } from '../../../functions/shared/ledger/begin.ts';
import { lockKey, runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { findLock } from '../../../functions/shared/ledger/lock.ts';
import { readRun, type Run, type RunStatus } from '../../../functions/shared/ledger/run.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import {
  begunRun,
  executionArn,
  removeByHand,
  sampleExecution,
  sampleHolder,
  sampleNewRun,
} from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

const failure = { error: 'Broken', cause: 'It broke.' };
const order = (reason: RollBackOrder['reason'], rest: Partial<RollBackOrder> = {}): RollBackOrder => ({
  runId: 'a',
  reason,
  execution: reason === 'fail' ? sampleExecution('a') : sampleExecution('r', 'rollback'),
  failure,
  ...rest,
});
const claim = (one: RollBackOrder, call: string = crypto.randomUUID()) => claimRun(world.observer, one, call);
const status = async (runId = 'a'): Promise<RunStatus> =>
  (await readRun(world.observer.ledger, runId)).status;
const lock = () => findLock(world.observer.ledger, 'products');
const lives = (name: string) =>
  void world.stepFunctions.executions.set(executionArn(name, 'rollback'), 'RUNNING');
const die = (name = 'a') => void world.stepFunctions.executions.set(executionArn(name), 'ABORTED');

async function moved(to: RunStatus, release = false): Promise<void> {
  const run = await readRun(world.observer.ledger, 'a');
  const change = { run, to, lock: release ? 'release' : 'keep', writer: `to ${to}` } as const;
  if ((await transition(world.observer.ledger, change)) === undefined) throw new Error(`not ${to}`);
}

const onFailure = (what: 'hold' | 'rollback') => {
  const { parameters } = sampleNewRun('a');
  return { parameters: { ...parameters, onFailure: what } };
};

describe('a run whose own execution failed', () => {
  it('is marked, with its failure, and claimed by that execution', async () => {
    await begunRun(world, 'a');
    const claimed = await claim(order('fail'));
    expect(claimed).toMatchObject({
      kind: 'claimed',
      run: {
        status: 'ROLLING_BACK',
        recoveryOwner: executionArn('a'),
        failure,
        rolledBackFrom: 'RUNNING',
      },
    });
    expect(await lock()).toMatchObject({ runId: 'a' });
  });

  it('is held with its lock where onFailure says so', async () => {
    await begunRun(world, 'a', onFailure('hold'));
    expect(await claim(order('fail'))).toMatchObject({ kind: 'ended', run: { status: 'HELD', failure } });
    expect(await lock()).toMatchObject({ runId: 'a' });
  });

  it('is left alone when it continues under another execution', async () => {
    const run = await begunRun(world, 'a');
    await moved('HELD');
    const held = await readRun(world.observer.ledger, run.runId);
    await resumeRun(world.observer.ledger, held, sampleHolder('again'));
    await expect(claim(order('fail'))).rejects.toThrow(RunClosedError);
    expect(await status()).toBe('RUNNING');
  });

  it.each(['SUCCEEDED', 'PLANNED'] as const)(
    'is past its end when it is %s: nothing is rolled back',
    async (to) => {
      await begunRun(world, 'a');
      await moved(to, true);
      expect(await claim(order('fail'))).toMatchObject({ kind: 'ended', run: { status: to } });
      expect(await lock()).toBeUndefined();
    },
  );

  it("is nobody's business when the ledger does not know it", async () => {
    await expect(claim(order('fail'))).rejects.toThrow(RunNotFoundError);
  });
});

describe('a run whose execution died without a word', () => {
  it('is not touched while the execution lives', async () => {
    await begunRun(world, 'a');
    await expect(claim(order('recover'))).rejects.toThrow('still being worked on');
    expect(await status()).toBe('RUNNING');
  });

  it('is claimed by the recovery owner, and by the same owner again after a retry', async () => {
    await begunRun(world, 'a');
    die();
    const recoveryOwner = { recoveryOwner: executionArn('r', 'rollback') };
    expect(await claim(order('recover'))).toMatchObject({ kind: 'claimed', run: recoveryOwner });
    expect(await claim(order('recover'))).toMatchObject({ kind: 'claimed', run: recoveryOwner });
    expect(await lock()).toMatchObject({ runId: 'a', executionArn: executionArn('r', 'rollback') });
  });

  it('is rolled back by one execution at a time, however long that takes; another takes over when it has ended', async () => {
    await begunRun(world, 'a');
    die();
    lives('r');
    await claim(order('recover'));
    const { markedAt: since } = await readRun(world.observer.ledger, 'a');
    const second = order('recover', { execution: sampleExecution('s', 'rollback') });
    world.clock.advance(600_000);
    expect(await claim(second)).toEqual({ kind: 'busy', since });
    world.stepFunctions.executions.set(executionArn('r', 'rollback'), 'ABORTED');
    lives('s');
    expect(await claim(second)).toMatchObject({ kind: 'claimed' });
    expect(await claim(order('recover'))).toEqual({ kind: 'busy', since });
  });

  it('is unquiet for a fence when a call takes over the open claim of another', async () => {
    await begunRun(world, 'a');
    die();
    expect(await claim(order('recover'), 'first')).toMatchObject({ run: { claim: 'first' } });
    const { run } = (await claim(order('recover'), 'second')) as { run: Run };
    expect(run).toMatchObject({ claim: 'second', quietAt: world.clock.now() + 30_000 });
  });

  it('takes the lock again that somebody has removed from the ledger by hand', async () => {
    await begunRun(world, 'a');
    die();
    await claim(order('recover'));
    await removeByHand(world.observer.ledger, lockKey('products'));
    expect(await claim(order('recover'))).toMatchObject({ kind: 'claimed' });
    expect(await lock()).toMatchObject({ runId: 'a' });
  });

  it('is not rolled back under the lock of another run that began when the lock had been removed by hand', async () => {
    await begunRun(world, 'a');
    die();
    await claim(order('recover'));
    await removeByHand(world.observer.ledger, lockKey('products'));
    await begunRun(world, 'b');
    await expect(claim(order('recover'))).rejects.toThrow(LockHeldError);
    expect(await lock()).toMatchObject({ runId: 'b' });
  });

  it('is held when its onFailure says so', async () => {
    await begunRun(world, 'a', onFailure('hold'));
    die();
    expect(await claim(order('recover'))).toMatchObject({ kind: 'ended', run: { status: 'HELD' } });
  });

  it('is left alone by a late recovery owner once another run has the lock', async () => {
    await begunRun(world, 'a');
    die();
    await claim(order('recover'));
    const run = await readRun(world.observer.ledger, 'a');
    await transition(world.observer.ledger, { run, to: 'ROLLED_BACK', lock: 'release', writer: 'other' });
    await begunRun(world, 'b');
    expect(await claim(order('recover'))).toMatchObject({ kind: 'ended', run: { status: 'ROLLED_BACK' } });
    expect(await lock()).toMatchObject({ runId: 'b' });
  });

  it('leaves no lock behind when it was a step called alone', async () => {
    const holder = sampleHolder('a', { executionArn: 'manual:a', expiresAt: world.clock.now() + 1_000 });
    await beginRun(
      world.observer.ledger,
      sampleNewRun('a', { kind: 'manual', step: 'createCartTable', ...onFailure('hold') }),
      holder,
    );
    await expect(claim(order('recover'))).rejects.toThrow('still being worked on');
    world.clock.advance(1_001);
    expect(await claim(order('recover'))).toMatchObject({ kind: 'ended', run: { status: 'HELD' } });
    expect(await lock()).toBeUndefined();
  });
});

describe('a compare whose execution died, and whose lock another run needs', () => {
  const recover = () => claim(order('recover'));

  it('is cancelled, and its lock released', async () => {
    await begunRun(world, 'a', { kind: 'compare' });
    die();
    expect(await recover()).toMatchObject({ kind: 'ended', run: { status: 'CANCELLED', failure } });
    expect(await lock()).toBeUndefined();
    expect(await recover()).toMatchObject({ kind: 'ended', run: { status: 'CANCELLED' } });
  });

  it('is not touched while the execution lives', async () => {
    await begunRun(world, 'a', { kind: 'compare' });
    await expect(recover()).rejects.toThrow('still being worked on');
    expect(await status()).toBe('RUNNING');
  });

  it('is left to recoverRun where somebody has removed its lock from the ledger by hand', async () => {
    await begunRun(world, 'a', { kind: 'compare' });
    await removeByHand(world.observer.ledger, lockKey('products'));
    die();
    expect(await recover()).toEqual({ kind: 'busy' });
  });
});

describe('a run that shall be held, whose lock somebody has removed from the ledger by hand', () => {
  it('is held, with its lock again', async () => {
    await begunRun(world, 'a', onFailure('hold'));
    await removeByHand(world.observer.ledger, lockKey('products'));
    expect(await claim(order('fail'))).toMatchObject({ kind: 'ended', run: { status: 'HELD', failure } });
    expect(await lock()).toMatchObject({ runId: 'a', executionArn: executionArn('a') });
  });

  it('is held without a lock where it was a step called alone', async () => {
    const holder = sampleHolder('a', { executionArn: 'manual:a', expiresAt: world.clock.now() - 1 });
    const step = { kind: 'manual', step: 'createCartTable', ...onFailure('hold') } as const;
    await beginRun(world.observer.ledger, sampleNewRun('a', step), holder);
    await removeByHand(world.observer.ledger, lockKey('products'));
    expect(await claim(order('recover'))).toMatchObject({ kind: 'ended', run: { status: 'HELD' } });
    expect(await lock()).toBeUndefined();
  });

  it('is not held under the lock of another run', async () => {
    await begunRun(world, 'a', onFailure('hold'));
    await removeByHand(world.observer.ledger, lockKey('products'));
    await begunRun(world, 'b');
    await expect(claim(order('fail'))).rejects.toThrow(LockHeldError);
    expect(await lock()).toMatchObject({ runId: 'b' });
  });
});

describe('an operator', () => {
  it.each([
    ['rolled back', 'rollback', /stop-execution [^\n]*$/],
    ['held', 'hold', /stop-execution [^\n]*\nThen roll it back:\nnpm run rollback -- --stage test a\n/],
  ] as const)('is told that a run at work is %s once it is stopped', async (what, how, steps) => {
    await begunRun(world, 'a', onFailure(how));
    const refused = claim(order('operator'));
    await expect(refused).rejects.toThrow(`If that execution is stopped, the run is ${what} automatically.`);
    await expect(refused).rejects.toThrow(steps);
  });

  it('may roll back a held run', async () => {
    await begunRun(world, 'a', onFailure('hold'));
    await claim(order('fail'));
    const claimed = await claim(order('operator'));
    expect(claimed).toMatchObject({
      kind: 'claimed',
      run: { rolledBackFrom: 'HELD', failure },
    });
  });

  it('may not roll back a dry run, whose plan stays', async () => {
    await begunRun(world, 'a');
    await moved('PLANNED', true);
    await expect(claim(order('operator'))).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining(
        'Run a is a dry run: it has created no table, so there is nothing to roll back.',
      ),
    });
    expect(await status()).toBe('PLANNED');
  });

  it('may not roll back a run that is being worked on', async () => {
    await begunRun(world, 'a');
    await expect(claim(order('operator'))).rejects.toThrow(
      /\naws stepfunctions stop-execution --execution-arn \S+ --region ap-southeast-2$/,
    );
  });

  it.each([
    ['compare', 'RUNNING'],
    ['compare', 'SUCCEEDED'],
    ['compare', 'CANCELLED'],
    ['sync', 'SYNCING'],
    ['sync', 'CANCELLED'],
  ] as const)('may not roll back a %s that is %s, whatever is confirmed', async (kind, to) => {
    await begunRun(world, 'a', { kind, ...(kind === 'sync' && { status: 'SYNCING' }) });
    if (to !== 'RUNNING' && to !== 'SYNCING') await moved(to, true);
    die();
    await expect(claim(order('operator', { confirm: 'a' }))).rejects.toThrow(
      `Run a is a ${kind} (${to}): there is nothing to roll back. Nothing was changed.`,
    );
    expect(await status()).toBe(to);
  });

  it('must confirm a run that succeeded by repeating its id', async () => {
    await begunRun(world, 'a');
    await moved('SUCCEEDED', true);
    await expect(claim(order('operator'))).rejects.toThrow('"confirm": "a"');
    await expect(claim(order('operator', { confirm: 'b' }))).rejects.toThrow('"confirm": "a"');
    expect(await status()).toBe('SUCCEEDED');
    expect(await claim(order('operator', { confirm: 'a' }))).toMatchObject({
      kind: 'claimed',
      run: { rolledBackFrom: 'SUCCEEDED' },
    });
    expect(await lock()).toMatchObject({ runId: 'a' });
  });

  it('may not roll back a run that succeeded while another run has the lock', async () => {
    await begunRun(world, 'a');
    await moved('SUCCEEDED', true);
    await begunRun(world, 'b');
    const refused = claim(order('operator', { confirm: 'a' }));
    await expect(refused).rejects.toThrow(LockHeldError);
    await expect(refused).rejects.toThrow(
      'Then roll back:\nnpm run rollback -- --stage test a --confirm a\n',
    );
    expect([await status(), (await lock())?.runId]).toEqual(['SUCCEEDED', 'b']);
  });

  it('may roll back a run although the lock names one that somebody has removed from the ledger', async () => {
    await begunRun(world, 'a');
    await moved('SUCCEEDED', true);
    await begunRun(world, 'b');
    await removeByHand(world.observer.ledger, runKey('b'));
    expect(await claim(order('operator', { confirm: 'a' }))).toMatchObject({ kind: 'claimed' });
    expect(await lock()).toMatchObject({ runId: 'a' });
    const { warnings } = await readRun(world.observer.ledger, 'a');
    expect(warnings.join()).toContain('named run b');
  });

  it('may try again when a roll back failed', async () => {
    await begunRun(world, 'a');
    await claim(order('fail'));
    await moved('ROLLBACK_FAILED', true);
    expect(await claim(order('recover'))).toMatchObject({ kind: 'ended' });
    expect(await claim(order('operator'))).toMatchObject({
      kind: 'claimed',
      run: { rolledBackFrom: 'RUNNING' },
    });
  });
});
