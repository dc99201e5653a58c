import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beginMigration } from '../../../functions/begin-run/begin-run.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import type { RunStatus } from '../../../functions/shared/ledger/run-facts.ts';
import { switchedPut } from '../../../functions/shared/ledger/sync.ts';
import { transact } from '../../../functions/shared/ledger/transact.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import { endingOf } from '../../../functions/shared/runs/ending.ts';
import { nextStepOf } from '../../../functions/shared/runs/next-step.ts';
import { sampleExecution } from '../../support/sample-run.ts';
import { createSyncWorld, type SyncWorld } from '../../support/sync-world.ts';

const PROD = { stage: 'prod', region: 'ap-southeast-2' } as const;

let world: SyncWorld;
beforeAll(async () => void (world = await createSyncWorld()));
beforeEach(async () => {
  await world.again();
  await switchTo('s');
});
afterAll(() => world.stop());

async function switchTo(syncId: string): Promise<void> {
  const { ledger } = world.observer;
  const switchedAt = new Date(world.clock.now()).toISOString();
  await transact(ledger, [switchedPut(ledger, 'products-enhanced', { syncId, switchedAt })]);
}

const begin = (input: object, name: string) =>
  beginMigration(world.observer, {
    machine: 'migrate',
    input,
    execution: sampleExecution(name),
    tested: { plan: SINGLE_PLAN },
  });

/** A run into the table that the shop has switched to, as its operator has confirmed, that has ended like this. */
async function confirmedRun(to: RunStatus, input: object = {}): Promise<Run> {
  await begin({ confirm: 's', onFailure: 'hold', ...input }, 'r');
  const { ledger } = world.observer;
  const run = await readRun(ledger, 'r');
  const failure = { error: 'TooManyQuarantinedError', cause: 'Too many.' };
  const lock = to === 'HELD' ? 'keep' : 'release';
  const ended = await transition(ledger, { run, to, lock, writer: 'end', facts: { failure } });
  if (ended === undefined) throw new Error('The run has not ended.');
  return ended;
}

describe('the confirmation of a switch', () => {
  it('is repeated by the command that starts the run again', async () => {
    const run = await confirmedRun('HELD');
    expect(nextStepOf(endingOf(run, 'ROLLED_BACK'), PROD)).toContain(
      '\nnpm run migrate -- --stage prod --on-failure hold --confirm s\n',
    );
  });

  it('counts for the whole run, which is resumed without it', async () => {
    await confirmedRun('HELD');
    expect(await begin({ resume: 'r', maxQuarantined: 1 }, 't')).toMatchObject({
      run: { outcome: 'RESUMED', runId: 'r' },
    });
  });

  it('is asked for again where the shop has switched by another sync since', async () => {
    await confirmedRun('HELD');
    await switchTo('later');
    await expect(begin({ resume: 'r' }, 't')).rejects.toThrow(
      '\nnpm run migrate -- --stage test --resume r --confirm later\n',
    );
    await begin({ resume: 'r', confirm: 'later' }, 'u');
    expect(await readRun(world.observer.ledger, 'r')).toMatchObject({ parameters: { confirm: 'later' } });
  });

  it('is repeated by the command that starts a sync again', async () => {
    await world.begin('t', { confirm: 's', confirmSource: 'other' });
    let failed = await world.fail('t');
    while (!failed.done) {
      world.clock.advance(30_000);
      failed = await world.fail('t');
    }
    expect(failed.cause).toContain(
      '\nnpm run sync -- --stage test --start --run m --confirm s --confirm-source other\n',
    );
  });
});
