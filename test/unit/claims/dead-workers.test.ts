import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { completeRun } from '../../../functions/complete-run/complete-run.ts';
import { readRun, type Run, type RunParameters } from '../../../functions/shared/ledger/run.ts';
import { prepareResumption } from '../../../functions/shared/runs/prepare-resumption.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, killedCall, movedTo, sampleNewRun } from '../../support/sample-run.ts';
import { catalogueTable } from '../../support/shop.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

/** A run, and a call of one of its workers that is killed in the middle of its work. */
async function withDeadWorker(onExisting: RunParameters['onExisting']): Promise<Run> {
  const parameters = { ...sampleNewRun('a').parameters, onExisting };
  const run = await begunRun(world, 'a', { parameters });
  await killedCall(world, run);
  return run;
}

const warnings = async () => (await readRun(world.observer.ledger, 'a')).warnings;
const LOST = expect.stringContaining(`DynamoDB's answer to a deletion in ${catalogueTable.name}`);

describe('a worker that has died while it may have removed items', () => {
  it('is warned of once when its run is resumed', async () => {
    await withDeadWorker('replace');
    await prepareResumption(world.observer, await movedTo(world, 'a', 'HELD'));
    await prepareResumption(world.observer, await readRun(world.observer.ledger, 'a'));
    expect(await warnings()).toEqual([LOST]);
  });

  it('is warned of before its run is judged', async () => {
    const { executionArn } = await withDeadWorker('replace');
    await expect(completeRun(world.observer, { runId: 'a', executionArn })).rejects.toThrow(
      'migration-manifest.json is missing',
    );
    expect(await warnings()).toEqual([LOST]);
  });

  it('is no reason for a warning where the run removes nothing', async () => {
    await withDeadWorker('keep');
    await prepareResumption(world.observer, await movedTo(world, 'a', 'HELD'));
    expect(await warnings()).toEqual([]);
  });
});
