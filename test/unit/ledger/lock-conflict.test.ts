import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LockHeldError } from '../../../functions/shared/errors.ts';
import { beginRun, resumeRun } from '../../../functions/shared/ledger/begin.ts';
import { NEW } from '../../../functions/shared/ledger/actions.ts';
import { lockKey, runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { putIf } from '../../../functions/shared/ledger/store.ts';
import { findLock, type Lock, removeLock } from '../../../functions/shared/ledger/lock.ts';
import { readRun, type RunStatus } from '../../../functions/shared/ledger/run.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { beginOrRecover } from '../../../functions/shared/runs/lock-conflict.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import {
  begunRun,
  executionArn,
  removeByHand,
  sampleHolder,
  sampleNewRun,
  sampleStart,
} from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

/** As an operator puts it back, who has deleted it by mistake. */
async function putLock(runId: string): Promise<void> {
  const lock = { runId, executionArn: executionArn(runId), startTime: sampleStart };
  await putIf(world.observer.ledger, lockKey('products'), { item: lock, if: NEW });
}

async function move(...statuses: readonly RunStatus[]): Promise<void> {
  for (const to of statuses) {
    const run = await readRun(world.observer.ledger, 'a');
    await transition(world.observer.ledger, { run, to, lock: 'keep', writer: to });
  }
}

const begin = () => beginOrRecover(world.observer, sampleNewRun('b'), sampleHolder('b'));

describe('a lock that names a run which has ended', () => {
  it.each([
    ['SUCCEEDED', ['SUCCEEDED']],
    ['PLANNED', ['PLANNED']],
    ['ROLLED_BACK', ['ROLLING_BACK', 'ROLLED_BACK']],
    ['ROLLBACK_FAILED', ['ROLLING_BACK', 'ROLLBACK_FAILED']],
  ] as const)('is removed, because nobody else ever would (%s)', async (_status, statuses) => {
    await begunRun(world, 'a');
    await move(...statuses);
    await putLock('a');
    world.stepFunctions.executions.set(executionArn('a'), 'SUCCEEDED');
    const { outcome, run } = await begin();
    expect({ outcome, runId: run.runId }).toEqual({ outcome: 'BEGUN', runId: 'b' });
    expect(run.warnings.join()).toContain('run a');
    expect(await findLock(world.observer.ledger, 'products')).toMatchObject({ runId: 'b' });
  });

  it('is left alone when the run has gone on under another execution since', async () => {
    await begunRun(world, 'a');
    await move('PLANNED');
    const met = await findLock(world.observer.ledger, 'products');
    await removeByHand(world.observer.ledger, lockKey('products'));
    const planned = await readRun(world.observer.ledger, 'a');
    await resumeRun(world.observer.ledger, planned, sampleHolder('r'));
    expect(await removeLock(world.observer.ledger, 'products', met as Lock)).toBe(false);
  });

  it('keeps its lock while it is held, and says since when it is', async () => {
    const run = await begunRun(world, 'a');
    const facts = { finishedAt: '2026-03-01T13:30:00.000Z' };
    await transition(world.observer.ledger, { run, to: 'HELD', lock: 'keep', writer: 'HELD', facts });
    const refused = begin();
    await expect(refused).rejects.toThrow(LockHeldError);
    await expect(refused).rejects.toThrow('(HELD since 2026-03-01T13:30:00.000Z)');
  });
});

describe('a lock whose run somebody has removed from the ledger', () => {
  it.each([
    ['the execution of that run is still RUNNING', {}],
    ['that run is a step called alone, which may still be at work', { expiresAt: Number.MAX_SAFE_INTEGER }],
  ])('is removed although %s', async (_why, lock) => {
    await beginRun(world.observer.ledger, sampleNewRun('a'), sampleHolder('a', lock));
    world.stepFunctions.executions.set(executionArn('a'), 'RUNNING');
    await removeByHand(world.observer.ledger, runKey('a'));
    const { outcome, run } = await begin();
    expect({ outcome, runId: run.runId }).toEqual({ outcome: 'BEGUN', runId: 'b' });
    expect(run.warnings.join()).toContain('named run a');
  });
});

describe('a step called alone that has the lock', () => {
  it('is waited for, with a command that shows whether it has ended', async () => {
    const step = { kind: 'manual', step: 'createCartTable' } as const;
    const expiresAt = world.clock.now() + 60_000;
    await beginRun(world.observer.ledger, sampleNewRun('a', step), sampleHolder('a', { expiresAt }));
    const refused = begin();
    await expect(refused).rejects.toThrow('being worked on by createCartTable, which was called alone');
    await expect(refused).rejects.toThrow('npm run runs -- --stage test');
  });
});

describe('a run at work that has the lock', () => {
  it.each([
    ['rollback', 'the run is rolled back automatically and the lock released.'],
    ['hold', 'the run is held automatically and keeps the lock.'],
  ] as const)('is said to end as its onFailure says (%s) if it is stopped', async (onFailure, sentence) => {
    const { parameters } = sampleNewRun('a');
    await begunRun(world, 'a', { parameters: { ...parameters, onFailure } });
    await expect(begin()).rejects.toThrow(`If that execution is stopped, ${sentence}`);
  });
});
