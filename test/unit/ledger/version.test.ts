import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beginMigration } from '../../../functions/begin-run/begin-run.ts';
import { claimRun } from '../../../functions/roll-back/claim.ts';
import { settleRuns } from '../../../functions/settle-run/settle-run.ts';
import { LEDGER_VERSION, runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { listRuns } from '../../../functions/shared/ledger/run.ts';
import { singlePlan } from '../../../functions/shared/manual-run.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn, sampleExecution } from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  await begunRun(world, 'a');
});
afterAll(() => world.stop());

/** What another version of the service has left. */
async function setVersion(version: number): Promise<void> {
  const { ledger } = world.observer;
  await ledger.client.send(
    new UpdateCommand({
      TableName: ledger.tableName,
      Key: runKey('a'),
      UpdateExpression: 'SET ledgerVersion = :version',
      ExpressionAttributeValues: { ':version': version },
    }),
  );
}

const begin = (input: Readonly<Record<string, unknown>>) =>
  beginMigration(world.observer, {
    machine: 'migrate',
    input,
    execution: sampleExecution('b'),
    tested: { plan: singlePlan },
  });

describe.each([LEDGER_VERSION - 1, LEDGER_VERSION + 1])('a run of ledger version %i', (version) => {
  beforeEach(() => setVersion(version));

  it('is not resumed, and the refusal says which version to deploy', async () => {
    await expect(begin({ resume: 'a' })).rejects.toMatchObject({
      name: 'LedgerVersionError',
      message: expect.stringContaining('Deploy the version that began the run'),
    });
  });

  it('is named to the run that meets its lock', async () => {
    world.stepFunctions.executions.set(executionArn('a'), 'ABORTED');
    await expect(begin({})).rejects.toThrow('Run a was written by another version');
  });

  it('is not rolled back', async () => {
    const order = {
      runId: 'a',
      reason: 'operator',
      execution: sampleExecution('r', 'rollback'),
      failure: { error: 'Broken', cause: 'It broke.' },
    } as const;
    await expect(claimRun(world.observer, order, 'call')).rejects.toMatchObject({
      name: 'LedgerVersionError',
    });
  });

  it('is left to its own version by the schedule, which goes on with the others', async () => {
    world.stepFunctions.executions.set(executionArn('a'), 'ABORTED');
    expect(await settleRuns(world.observer)).toEqual({ examined: 1, started: [] });
    expect(await listRuns(world.observer.ledger)).toMatchObject([{ runId: 'a', status: 'RUNNING' }]);
  });
});
