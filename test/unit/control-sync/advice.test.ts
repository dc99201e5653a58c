import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rely } from '../../../functions/shared/ledger/reliant.ts';
import { noteArrival, switchedPut } from '../../../functions/shared/ledger/sync.ts';
import { notePending } from '../../../functions/shared/ledger/sync-records.ts';
import { transact } from '../../../functions/shared/ledger/transact.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { createSyncWorld, switchStreamOff, type SyncWorld } from '../../support/sync-world.ts';
import { begunRun } from '../../support/sample-run.ts';

let world: SyncWorld;
beforeAll(async () => void (world = await createSyncWorld()));
beforeEach(() => world.again());
afterAll(() => world.stop());

const CAPS = { readUnitsPerSecond: 40, writeUnitsPerSecond: 20 };
const CAP_OPTIONS = '--read-units-per-second 40 --write-units-per-second 20';
const START = 'npm run sync -- --stage test --start';
const COMPARE = 'npm run compare -- --stage test';
const CUT_OVER = 'npm run cutover -- --stage test';

/** Cancels the open sync. */
async function cancelled(): Promise<void> {
  await world.begin('k', { action: 'cancel' });
  for (let isDone = false; !isDone; world.clock.advance(30_000))
    isDone = (await world.step('cancel', 'k')).done;
}

/** Another migration, which has worked on the tables of run `m`. */
async function laterRun(): Promise<void> {
  const { ledger } = world.observer;
  const run = await begunRun(world, 'n');
  const finishedAt = new Date(world.clock.now()).toISOString();
  const relied = new Map([['m', [{ name: 'products-enhanced' }]]]);
  const actions = await rely(ledger, { runId: 'n', committedAt: finishedAt }, relied);
  const change = { run, to: 'SUCCEEDED', lock: 'release', writer: 'test', facts: { finishedAt } } as const;
  await transition(ledger, change, actions);
}

describe('the command to start a sync again', () => {
  it('keeps the caps and the run that were typed, where the stream is off', async () => {
    await switchStreamOff(world);
    await expect(world.begin('s', { runId: 'm', ...CAPS })).rejects.toThrow(
      `\n${START} --run m ${CAP_OPTIONS}\n`,
    );
  });

  it('keeps the caps that were typed, where a switch is to be confirmed', async () => {
    const { ledger } = world.observer;
    const switched = { syncId: 'x', switchedAt: new Date(world.clock.now()).toISOString() };
    await transact(ledger, [switchedPut(ledger, 'products-enhanced', switched)]);
    await expect(world.begin('s', CAPS)).rejects.toThrow(`\n${START} --confirm x ${CAP_OPTIONS}\n`);
  });

  it('names the later run, and keeps the caps, where the named one is outdated', async () => {
    await laterRun();
    await expect(world.begin('s', { runId: 'm', ...CAPS })).rejects.toThrow(
      `\n${START} --run n ${CAP_OPTIONS}\n`,
    );
  });

  it('names the migration, and keeps the caps, where a sync is named that has followed it', async () => {
    await world.open();
    await cancelled();
    await expect(world.begin('t', { runId: 's', ...CAPS })).rejects.toThrow(
      `\n${START} --run m ${CAP_OPTIONS}\n`,
    );
  });

  it('follows the same run with the same caps, where the start has failed', async () => {
    await world.begin('s', { ...CAPS, note: 'x' });
    let failed = await world.fail('s');
    while (!failed.done) {
      world.clock.advance(30_000);
      failed = await world.fail('s');
    }
    expect(failed.cause).toContain(`\n${START} --run m ${CAP_OPTIONS}\n`);
  });

  it('follows the same run with the same caps, where the sync was cancelled', async () => {
    await world.begin('s', CAPS);
    await cancelled();
    expect((await world.finish('s')).nextStep).toContain(`\n${START} --run m ${CAP_OPTIONS}\n`);
  });

  it('has no caps where none were typed', async () => {
    await world.open();
    await cancelled();
    expect((await world.finish('s')).nextStep).toContain(`\n${START} --run m\n`);
  });
});

describe('the command to compare again', () => {
  it('names the same run, with the caps that were typed, where the compare has failed', async () => {
    await world.begin('c', { action: 'compare', runId: 'm', ...CAPS });
    expect((await world.fail('c')).cause).toContain(`\n${COMPARE} --run m ${CAP_OPTIONS}\n`);
  });
});

describe('the command to cut over again', () => {
  const ALLOWING = { action: 'cutover', frozen: true, maxQuarantined: 3 };

  it('allows what was typed, where it was not said that writes have stopped', async () => {
    await world.open();
    const refused = world.begin('x', { action: 'cutover', maxQuarantined: 3 });
    await expect(refused).rejects.toThrow(`\n${CUT_OVER} --dry-run --max-quarantined 3\n`);
    await expect(refused).rejects.toThrow(`\n${CUT_OVER} --frozen --max-quarantined 3\n`);
  });

  it('allows what was typed, where a check fails', async () => {
    await world.open();
    world.mappings.found.pop();
    await expect(world.begin('x', ALLOWING)).rejects.toThrow(`\n${CUT_OVER} --dry-run --max-quarantined 3\n`);
  });

  it('allows what was typed, where a change has arrived', async () => {
    await world.open();
    await world.begin('x', ALLOWING);
    await world.step('switching', 'x');
    await world.compare('x', { quarantined: 2 });
    await noteArrival(world.observer.ledger, await world.sync(), {
      key: 'p7',
      at: world.clock.now(),
      count: 1,
    });
    expect((await world.switch('x')).cause).toContain(`\n${CUT_OVER} --frozen --max-quarantined 3\n`);
  });

  it('allows what was typed, where changes have not ceased to arrive', async () => {
    await world.open();
    const since = world.clock.now();
    await world.begin('x', ALLOWING);
    const pending = { key: { id: { S: 'p1' } }, text: 'p1', reason: 'It changes.', since: 1 };
    await notePending(world.observer.ledger, { syncId: 's', identity: 'p1' }, pending);
    world.clock.advance(900_001);
    await expect(world.drain('x', since)).rejects.toThrow(`\n${CUT_OVER} --frozen --max-quarantined 3\n`);
  });
});
