import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LedgerKey, reliedKey, reliesKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { get } from '../../../functions/shared/ledger/store.ts';
import { decideReliance, noteReliance } from '../../../functions/shared/ledger/reliance.ts';
import { readRecords } from '../../../functions/shared/ledger/run-records.ts';
import { forgetReliance, listReliants } from '../../../functions/shared/ledger/reliant.ts';
import { findRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { MAX_FOUND_RUNS } from '../../../functions/shared/ledger/shard.ts';
import { announceTable, listTables, recordTable } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { createLedgerWorld, type Gate, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun } from '../../support/sample-run.ts';

const outcomes = ['INTENT', 'CREATED', 'EXISTED', 'DELETED', 'KEPT'] as const;
const tableIds = fc.option(fc.constantFrom('id-1', 'id-2'), { nil: undefined });
const recordOf = (runId: string) =>
  fc
    .tuple(fc.constantFrom(...outcomes), tableIds)
    .map(([outcome, tableId]) => ({ runId, outcome, ...(tableId === undefined ? {} : { tableId }) }));
const arbitraryFacts = fc.record({
  outcome: fc.constantFrom('CREATED' as const, 'EXISTED' as const),
  earlier: fc.tuple(...['a1', 'a2', 'a3', 'b'].map(recordOf)),
  foundIds: fc.subarray(['a2', 'a3', 'a4', 'b']),
  isComplete: fc.boolean(),
});

describe('on whom a run relies', () => {
  it('is told by the ids of its tables and by the marks of the items that it found, whatever became of those runs', () => {
    fc.assert(
      fc.property(arbitraryFacts, ({ outcome, earlier, foundIds, isComplete }) => {
        const reliance = decideReliance({
          runId: 'b',
          tables: [{ name: 'cart', outcome, tableId: 'id-1' }],
          earlier: new Map([['cart', earlier]]),
          found: new Map([['cart', { runIds: new Set(foundIds), isComplete }]]),
        });
        const expected = earlier.filter((record) => {
          const isSame = record.tableId === 'id-1';
          const isUnknown =
            record.tableId === undefined && (record.outcome === 'INTENT' || record.outcome === 'KEPT');
          return !isComplete || (outcome === 'EXISTED' && (isSame || isUnknown));
        });
        const ids = new Set([...expected.map(({ runId }) => runId), ...foundIds]);
        ids.delete('b');
        expect([...reliance.keys()].toSorted()).toEqual([...ids].toSorted());
        for (const tables of reliance.values()) expect(tables).toEqual([{ name: 'cart', tableId: 'id-1' }]);
      }),
    );
  });

  it('names every table of an earlier run once', () => {
    const earlier = [{ runId: 'a', outcome: 'CREATED', tableId: 'id' } as const];
    const reliance = decideReliance({
      runId: 'b',
      tables: ['cart', 'orders'].map((name) => ({ name, outcome: 'EXISTED' as const, tableId: 'id' })),
      earlier: new Map(['cart', 'orders'].map((name) => [name, earlier])),
      found: new Map([['orders', { runIds: new Set(['a']), isComplete: true }]]),
    });
    expect(reliance.get('a')?.map(({ name }) => name)).toEqual(['cart', 'orders']);
  });
});

describe('the ledger of who relies on whom', () => {
  let world: LedgerWorld;
  beforeAll(async () => void (world = await createLedgerWorld()));
  beforeEach(() => world.reset());
  afterAll(() => world.stop());

  const committedAt = '2026-05-02T00:00:00.000Z';

  /** A run with one table, ended. */
  async function ended(
    runId: string,
    table: { outcome: 'CREATED' | 'EXISTED'; tableId: string },
  ): Promise<Run> {
    const run = await withTable(runId, table);
    const change = { run, to: 'SUCCEEDED', lock: 'release', writer: runId } as const;
    return (await transition(world.observer.ledger, change)) ?? run;
  }

  async function withTable(
    runId: string,
    { outcome, tableId }: { outcome: 'CREATED' | 'EXISTED'; tableId: string },
  ): Promise<Run> {
    const { ledger } = world.observer;
    const run = await begunRun(world, runId);
    const announced = outcome === 'CREATED' ? 'INTENT' : 'EXISTED';
    await announceTable(ledger, { ...run, name: 'cart', now: 1, outcome: announced });
    await recordTable(ledger, runId, { name: 'cart', outcome, tableId });
    return run;
  }

  async function commit(run: Run, foundRuns: readonly string[] = [], gate?: Gate): Promise<Run | undefined> {
    const { ledger } = gate === undefined ? world.observer : world.runtime(gate);
    const { runId } = run;
    const evidence = {
      tables: await listTables(ledger, runId),
      shards: [{ foundRuns: { cart: foundRuns } }],
    };
    const { facts, actions } = await noteReliance(ledger, { runId, committedAt }, evidence);
    const change = { run, to: 'SUCCEEDED', lock: 'release', writer: `commit:${runId}`, facts } as const;
    return transition(ledger, change, actions);
  }

  const reliantsOf = async (runId: string): Promise<readonly string[]> =>
    (await listReliants(world.observer.ledger, runId)).map((reliant) => reliant.runId);

  const isThere = async (key: LedgerKey): Promise<boolean> =>
    (await get(world.observer.ledger, key)) !== undefined;

  it('gets its records with the commit, and not before', async () => {
    await ended('a', { outcome: 'CREATED', tableId: 'id' });
    await ended('other', { outcome: 'CREATED', tableId: 'another id' });
    const b = await withTable('b', { outcome: 'EXISTED', tableId: 'id' });
    expect(await reliantsOf('a')).toEqual([]);
    expect(await commit(b)).toMatchObject({ status: 'SUCCEEDED', reliesOn: ['a'] });
    expect(await listReliants(world.observer.ledger, 'a')).toMatchObject([
      { runId: 'b', committedAt, tables: [{ name: 'cart', tableId: 'id' }] },
    ]);
    expect(await reliantsOf('other')).toEqual([]);
  });

  it('gets nothing from a commit that is refused', async () => {
    await ended('a', { outcome: 'CREATED', tableId: 'id' });
    const b = await withTable('b', { outcome: 'EXISTED', tableId: 'id' });
    expect(await commit({ ...b, changedBy: 'somebody else' })).toBeUndefined();
    expect(await reliantsOf('a')).toEqual([]);
  });

  it('knows a commit whose answer was lost', async () => {
    await ended('a', { outcome: 'CREATED', tableId: 'id' });
    const b = await withTable('b', { outcome: 'EXISTED', tableId: 'id' });
    let isLost = false;
    const gate: Gate = async (operation, send) => {
      const answer = await send();
      if (!operation.startsWith('TransactWrite') || isLost) return answer;
      isLost = true;
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', $retryable: {} });
    };
    expect(await commit(b, [], gate)).toMatchObject({ status: 'SUCCEEDED' });
    expect(isLost).toBe(true);
    expect(await reliantsOf('a')).toEqual(['b']);
  });

  it('takes more runs than one transaction does, twice the same, and forgets them all when the run is rolled back', async () => {
    const runIds = Array.from({ length: 120 }, (_, index) => `a-${index}`);
    for (const runId of runIds) await ended(runId, { outcome: 'EXISTED', tableId: 'id' });
    const b = await withTable('b', { outcome: 'EXISTED', tableId: 'id' });
    const { ledger } = world.observer;
    const evidence = { tables: await listTables(ledger, 'b'), shards: [] };
    await noteReliance(ledger, { runId: 'b', committedAt }, evidence);

    const committed = await commit(b);

    expect(committed?.reliesOn).toHaveLength(10);
    for (const runId of runIds) expect([runId, ...(await reliantsOf(runId))]).toEqual([runId, 'b']);
    const marked =
      committed &&
      (await transition(ledger, { run: committed, to: 'ROLLING_BACK', lock: 'take', writer: 'm' }));
    const { relies } = await readRecords(ledger, 'b');
    const actions = await forgetReliance(ledger, 'b', relies);
    expect(actions.length).toBeLessThanOrEqual(90);
    if (marked === undefined) throw new Error('b was not marked');
    await transition(ledger, { run: marked, to: 'ROLLED_BACK', lock: 'release', writer: 'end' }, actions);
    for (const runId of runIds)
      expect([runId, await isThere(reliedKey(runId, 'b')), await isThere(reliesKey('b', runId))]).toEqual([
        runId,
        false,
        false,
      ]);
  });

  it('does not count a run that was rolled back after a late worker wrote for it', async () => {
    await ended('a', { outcome: 'CREATED', tableId: 'id' });
    const b = await withTable('b', { outcome: 'EXISTED', tableId: 'id' });
    await commit(b);
    const { ledger } = world.observer;
    const run = await findRun(ledger, 'b');
    if (run === undefined) throw new Error('b is not there');
    const marked = await transition(ledger, { run, to: 'ROLLING_BACK', lock: 'take', writer: 'm' });
    expect(await reliantsOf('a')).toEqual(['b']);
    if (marked === undefined) throw new Error('b was not marked');
    await transition(ledger, { run: marked, to: 'ROLLED_BACK', lock: 'release', writer: 'end' });
    expect(await reliantsOf('a')).toEqual([]);
  });

  it('gets no record for a mark that anyone wrote into an item', async () => {
    await ended('a', { outcome: 'CREATED', tableId: 'another id' });
    const b = await withTable('b', { outcome: 'EXISTED', tableId: 'id' });
    expect(await commit(b, ['a', 'nobody'])).toMatchObject({ reliesOn: ['a'] });
    expect(await isThere(reliedKey('nobody', 'b'))).toBe(false);
  });

  it('counts every earlier run of the table when a worker met more marks than it could note', async () => {
    await ended('a', { outcome: 'CREATED', tableId: 'another id' });
    const b = await withTable('b', { outcome: 'EXISTED', tableId: 'id' });
    const marks = Array.from({ length: MAX_FOUND_RUNS }, (_, index) => `mark-${index}`);
    expect(await commit(b, marks)).toMatchObject({ reliesOn: ['a'] });
  });

  it('lets no run be committed on what is being rolled back', async () => {
    const a = await ended('a', { outcome: 'CREATED', tableId: 'id' });
    const { ledger } = world.observer;
    const marked = await transition(ledger, { run: a, to: 'ROLLING_BACK', lock: 'none', writer: 'm' });
    expect(marked?.status).toBe('ROLLING_BACK');
    const b = await withTable('b', { outcome: 'EXISTED', tableId: 'id' });
    await expect(commit(b)).rejects.toMatchObject({
      name: 'VerificationFailedError',
      message: expect.stringContaining(
        'run a, whose tables or items it found in place, is being rolled back',
      ),
    });
  });
});
