import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LockHeldError } from '../../../functions/shared/errors.ts';
import { NEW } from '../../../functions/shared/ledger/actions.ts';
import { lockKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { putIf } from '../../../functions/shared/ledger/store.ts';
import { findLock } from '../../../functions/shared/ledger/lock.ts';
import { readRun, type RunStatus } from '../../../functions/shared/ledger/run.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { beginOrRecover } from '../../../functions/shared/runs/lock-conflict.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn, sampleHolder, sampleNewRun, sampleStart } from '../../support/sample-run.ts';

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

  it('keeps its lock while it is held', async () => {
    await begunRun(world, 'a');
    await move('HELD');
    await expect(begin()).rejects.toThrow(LockHeldError);
  });
});
