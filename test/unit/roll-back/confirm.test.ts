import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimRun } from '../../../functions/roll-back/claim.ts';
import { neededConfirmation, type Question, unconfirmed } from '../../../functions/roll-back/confirm.ts';
import { readRecords } from '../../../functions/shared/ledger/run-records.ts';
import { decideRelied, readReliedTables } from '../../../functions/roll-back/relied-tables.ts';
import type { RollBackOrder } from '../../../functions/roll-back/request.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { type Reliant, rely } from '../../../functions/shared/ledger/reliant.ts';
import { readRun, type RunStatus } from '../../../functions/shared/ledger/run.ts';
import { transact } from '../../../functions/shared/ledger/transact.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { withManualRun } from '../../../functions/shared/runs/manual-run.ts';
import { createLedgerWorld, type Gate, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, longTurn, sampleExecution } from '../../support/sample-run.ts';

const PROD = { stage: 'prod', region: 'ap-southeast-2' } as const;

const reliant = (runId: string, ...names: readonly string[]): Reliant => ({
  runId,
  committedAt: '2026-05-02T00:00:00.000Z',
  tables: names.map((name) => ({ name, tableId: `id of ${name}` })),
});

const statuses = ['SUCCEEDED', 'HELD', 'ROLLBACK_FAILED', 'RUNNING'] as const satisfies readonly RunStatus[];

describe('the confirmation of a roll back', () => {
  const question = { reliants: [], switches: [], existing: [], confirm: undefined, place: PROD };
  const asked = (needed: string, more: Partial<Question>) =>
    unconfirmed({ runId: 'a', sourceTable: 'products' }, needed, { ...question, ...more }).message;
  const toProducts = {
    name: 'products-enhanced',
    switched: { syncId: 's', switchedAt: '2026-05-01T00:00:00.000Z' },
  };
  const USED =
    'The shop has used table products-enhanced since sync s switched to it at 2026-05-01T00:00:00.000Z, and table products is as of that time: what the shop has written since is only there. ';

  it.each(statuses)('is the latest run that relies on one that is %s', (status) => {
    const reliants = [reliant('c', 'cart'), reliant('b', 'cart', 'orders')];
    expect(neededConfirmation({ runId: 'a', status }, reliants)).toBe('c');
  });

  it('is asked for with who relies on which tables, and with what was typed', () => {
    const reliants = [reliant('c', 'cart'), reliant('b', 'cart', 'orders')];
    const message = asked('c', { reliants, confirm: 'b' });
    expect(message).toContain(
      '\nnpm run rollback -- --stage prod a --confirm c\nIn the console, start rollback with {"runId": "a", "confirm": "c"}',
    );
    expect(message).toContain('"confirm" was "b".');
    expect(message).toContain(
      'run c and 1 more succeeded since and rely on these of its tables: cart, orders.',
    );
  });

  it('is the own id of a run that succeeded and that none relies on', () => {
    expect(neededConfirmation({ runId: 'a', status: 'SUCCEEDED' }, [])).toBe('a');
    const message = asked('a', { confirm: 'b' });
    expect(message).toContain('{"runId": "a", "confirm": "a"}');
    expect(message).toContain('Nothing was changed. A roll back would back up each table first.');
    expect(message).toContain('"confirm" was "b".');
  });

  it('says which items would be deleted without a backup', () => {
    expect(asked('a', { existing: ['products-enhanced'] })).toContain(
      'A roll back would back up each table that it deletes first. Items that the run has written into products-enhanced, which existed before, would be deleted without a backup.',
    );
  });

  it.each(['HELD', 'ROLLBACK_FAILED', 'RUNNING'] as const)(
    'is not needed for a run that is %s and that none relies on',
    (status) => {
      expect(neededConfirmation({ runId: 'a', status }, [])).toBeUndefined();
    },
  );

  it('names the switch of the shop to a table of the run', () => {
    const reliants = [reliant('s', 'products-enhanced')];
    const message = asked('s', { reliants, switches: [toProducts] });
    expect(message).toContain(
      `${USED}Run a cannot be rolled back without a confirmation, because sync s relies on these of its tables: products-enhanced.`,
    );
  });

  it('names the switch also where a later run is the one to confirm', () => {
    const reliants = [reliant('c', 'products-enhanced'), reliant('s', 'products-enhanced')];
    const message = asked('c', { reliants, switches: [toProducts] });
    expect(message).toContain(USED);
    expect(message).toContain('run c and 1 more succeeded since and rely on');
    expect(asked('a', { switches: [toProducts] })).toContain(
      `${USED}Run a succeeded, and its tables may be in use`,
    );
  });
});

describe('what a roll back does with a table', () => {
  const names = ['cart', 'orders'] as const;
  const arbitraryReliants = fc.uniqueArray(
    fc.tuple(fc.constantFrom('b', 'c', 'd'), fc.subarray([...names])),
    { selector: ([runId]) => runId },
  );

  it('takes from one that is relied on only where the latest run was named, and then backs it up', () => {
    fc.assert(
      fc.property(
        arbitraryReliants,
        fc.constantFrom(undefined, '', 'a', 'b', 'c', 'd'),
        fc.constantFrom(...names),
        fc.constantFrom('same', 'unknown', 'other'),
        (reliants, confirmed, name, id) => {
          const list = reliants.map(([runId, tables]) => reliant(runId, ...tables));
          const tableId = { same: `id of ${name}`, unknown: undefined, other: 'another id' }[id];
          const isRelied = id !== 'other' && reliants.some(([, tables]) => tables.includes(name));
          const { kind } = decideRelied(list, confirmed)({ name, tableId });
          const destroyed = confirmed === list[0]?.runId ? 'back up first' : 'keep';
          expect(kind).toBe(isRelied ? destroyed : 'free');
        },
      ),
    );
  });
});

describe('a run that is relied on', () => {
  let world: LedgerWorld;
  beforeAll(async () => void (world = await createLedgerWorld()));
  beforeEach(() => world.reset());
  afterAll(() => world.stop());

  const order = (reason: RollBackOrder['reason'], confirm?: string): RollBackOrder => ({
    runId: 'a',
    reason,
    confirm,
    execution: reason === 'fail' ? sampleExecution('a') : sampleExecution('r', 'rollback'),
    failure: { error: 'Broken', cause: 'It broke.' },
  });
  /** Each call of the roll back has an id of its own. */
  const claimIn = (runtime: Runtime, one: RollBackOrder) => claimRun(runtime, one, crypto.randomUUID());
  const note = async (on: string, by = 'b'): Promise<void> => {
    const { ledger } = world.observer;
    const written = { runId: by, committedAt: '2026-05-02T00:00:00.000Z' };
    await transact(ledger, await rely(ledger, written, new Map([[on, [{ name: 'cart', tableId: 'id' }]]])));
  };
  const actionFor = async (runtime: Runtime): Promise<string> => {
    const { run, relied } = await readRecords(runtime.ledger, 'a');
    return (await readReliedTables(runtime, run, relied))({ name: 'cart', tableId: 'id' }).kind;
  };

  it.each(['SUCCEEDED', 'HELD', 'ROLLBACK_FAILED'] as const)(
    'is left as it is, %s, by an operator who does not name the later run',
    async (to) => {
      const run = await begunRun(world, 'a');
      const { ledger } = world.observer;
      const between = to === 'ROLLBACK_FAILED' ? 'ROLLING_BACK' : to;
      const moved = await transition(ledger, { run, to: between, lock: 'keep', writer: 'one' });
      if (moved !== undefined && to === 'ROLLBACK_FAILED')
        await transition(ledger, { run: moved, to, lock: 'keep', writer: 'two' });
      await note('a');
      const before = await readRun(ledger, 'a');
      await expect(claimIn(world.observer, order('operator'))).rejects.toMatchObject({
        name: 'InvalidInputError',
        message: expect.stringContaining('{"runId": "a", "confirm": "b"}'),
      });
      expect(await readRun(ledger, 'a')).toEqual(before);
      expect(await claimIn(world.observer, order('operator', 'b'))).toMatchObject({ kind: 'claimed' });
      expect(await actionFor(world.observer)).toBe('back up first');
    },
  );

  it('keeps its tables in an automatic roll back', async () => {
    await begunRun(world, 'a');
    await note('a');
    expect(await claimIn(world.observer, order('fail'))).toMatchObject({ kind: 'claimed' });
    expect(await actionFor(world.observer)).toBe('keep');
  });

  it('keeps its tables when a roll back that was confirmed has failed and is begun again without one', async () => {
    const { ledger } = world.observer;
    const run = await begunRun(world, 'a');
    await note('a');
    const confirmed = {
      run,
      to: 'ROLLING_BACK',
      lock: 'keep',
      writer: 'one',
      facts: { confirmed: 'b' },
    } as const;
    const marked = await transition(ledger, confirmed);
    expect(await actionFor(world.observer)).toBe('back up first');
    if (marked === undefined) throw new Error('a was not marked');
    await transition(ledger, { run: marked, to: 'ROLLBACK_FAILED', lock: 'keep', writer: 'two' });
    await expect(claimIn(world.observer, order('operator'))).rejects.toThrow('"confirm": "b"');
  });

  it('is still rolled back as confirmed when another call takes the roll back over', async () => {
    await begunRun(world, 'a');
    world.stepFunctions.executions.set(sampleExecution('a').id, 'ABORTED');
    await note('a');
    await claimIn(world.observer, order('operator', 'b'));
    world.clock.advance(60_001);
    const recovery = { ...order('recover'), execution: sampleExecution('s', 'rollback') };
    expect(await claimIn(world.observer, recovery)).toMatchObject({ kind: 'claimed' });
    expect(await actionFor(world.observer)).toBe('back up first');
  });

  it('keeps its tables when the later run commits between the look and the mark', async () => {
    const run = await begunRun(world, 'a');
    await transition(world.observer.ledger, { run, to: 'HELD', lock: 'keep', writer: 'held' });
    let isCommitted = false;
    const gate: Gate = async (operation, send) => {
      if (operation.startsWith('TransactWrite') && !isCommitted) {
        isCommitted = true;
        await note('a');
      }
      return send();
    };
    expect(await claimIn(world.runtime(gate), order('operator'))).toMatchObject({ kind: 'claimed' });
    expect(isCommitted).toBe(true);
    expect(await actionFor(world.observer)).toBe('keep');
  });

  describe('as a step called alone', () => {
    const call = (runtime: Runtime, done: boolean) =>
      withManualRun(runtime, longTurn, {
        step: 'createCartTable',
        work: () => Promise.resolve({ done, result: {} }),
      });
    const statusOf = async (runId: string) => (await readRun(world.observer.ledger, runId)).status;

    it('goes on while nobody relies on it, and begins again afterwards', async () => {
      const first = await call(world.observer, false);
      expect(await call(world.observer, false)).toMatchObject({ runId: first.runId });
      await note(first.runId);
      world.clock.advance(1);
      const next = await call(world.observer, true);
      expect(next.runId).not.toBe(first.runId);
      expect([await statusOf(first.runId), await statusOf(next.runId)]).toEqual(['HELD', 'SUCCEEDED']);
    });

    it('does not go on where the later run commits just before it takes the lock', async () => {
      const first = await call(world.observer, false);
      world.clock.advance(1);
      let isCommitted = false;
      const gate: Gate = async (operation, send) => {
        if (operation.startsWith('TransactWrite') && !isCommitted) {
          isCommitted = true;
          await note(first.runId);
        }
        return send();
      };
      const next = await call(world.runtime(gate), true);
      expect(next.runId).not.toBe(first.runId);
      expect([await statusOf(first.runId), await statusOf(next.runId)]).toEqual(['HELD', 'SUCCEEDED']);
    });
  });
});
