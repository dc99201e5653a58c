import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimRun } from '../../../functions/roll-back/claim.ts';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn, longTurn, sampleExecution } from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

/** Seconds that an execution is told to wait. */
async function waitOf(name: string): Promise<number> {
  world.stepFunctions.executions.set(executionArn(name, 'rollback'), 'RUNNING');
  const execution = sampleExecution(name, 'rollback');
  const input = { machine: 'rollback', execution, input: { runId: 'a' } } as const;
  const { done, waitSeconds } = await rollBack(world.observer, input, longTurn);
  expect(done).toBe(false);
  return waitSeconds;
}

describe('a roll back of a run that another execution is rolling back', () => {
  it('looks more and more rarely, so that waiting for days does not fill its history', async () => {
    await begunRun(world, 'a');
    world.stepFunctions.executions.set(executionArn('a'), 'ABORTED');
    world.stepFunctions.executions.set(executionArn('r', 'rollback'), 'RUNNING');
    const failure = { error: 'Broken', cause: 'It broke.' };
    const execution = sampleExecution('r', 'rollback');
    await claimRun(world.observer, { runId: 'a', reason: 'recover', execution, failure }, 'call');
    expect(await waitOf('s')).toBe(5);
    world.clock.advance(600_000);
    expect(await waitOf('s')).toBe(60);
    let looks = 0;
    for (let waited = 600; waited < 6 * 86_400; looks += 1) {
      const seconds = await waitOf('s');
      world.clock.advance(seconds * 1_000);
      waited += seconds;
    }
    // Task five events, Choice two, Wait two.
    expect(9 * looks).toBeLessThan(7_000);
  });
});
