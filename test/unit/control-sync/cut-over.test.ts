import { freezeCommands } from '../../../functions/control-sync/freeze.ts';
import { claimRun } from '../../../functions/roll-back/claim.ts';
import { freezeSteps } from '../../../functions/shared/runs/cutover-guide.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { catalogueTable } from '../../support/shop.ts';
import { KEYS_TAKEN_UP } from '../../../functions/shared/copy/reconcile/take-up-pending.ts';
import { findLock } from '../../../functions/shared/ledger/lock.ts';
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { findRun, readRun } from '../../../functions/shared/ledger/run.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import { findSwitched, noteArrival, switchedPut } from '../../../functions/shared/ledger/sync.ts';
import { transact } from '../../../functions/shared/ledger/transact.ts';
import { nameKey } from '../../../functions/shared/ledger/sync-names.ts';
import {
  addToMinute,
  listPending,
  notePending,
  settlePending,
} from '../../../functions/shared/ledger/sync-records.ts';
import { listReliants } from '../../../functions/shared/ledger/reliant.ts';
import { requireSwitchConfirmed } from '../../../functions/shared/runs/switched.ts';
import { buildSyncReport, type SyncReport } from '../../../functions/shared/runs/sync-report.ts';
import { addReplica } from '../../support/add-replica.ts';
import { sampleExecution, sampleStart } from '../../support/sample-run.ts';
import { createSyncWorld, switchStreamOff, type SyncWorld } from '../../support/sync-world.ts';

let world: SyncWorld;
beforeAll(async () => void (world = await createSyncWorld()));
beforeEach(async () => {
  await world.again();
  await world.open();
});
afterAll(() => world.stop());

const ledger = () => world.observer.ledger;
const FROZEN = { action: 'cutover', frozen: true } as const;

/** Up to the read-only compare, which finds `facts`. */
async function compared(facts: Parameters<SyncWorld['compare']>[1] = {}): Promise<void> {
  await world.begin('x', FROZEN);
  await world.step('switching', 'x');
  world.clock.advance(30_000);
  await world.compare('x', facts);
}

async function deleteTarget(): Promise<void> {
  const { dynamo } = world.observer.clients;
  await dynamo.send(new DeleteTableCommand({ TableName: 'products-enhanced' }));
}

async function createTarget(): Promise<void> {
  const { dynamo } = world.observer.clients;
  await dynamo.send(
    new CreateTableCommand(createTableInput(catalogueTable, { name: 'products-enhanced', tags: {} })),
  );
}

const arrival = (key: string) => ({ key, at: world.clock.now(), count: 1 });
const pendingOf = (identity: string) => ({ syncId: 's', identity });
const pendingKey = { key: { id: { S: 'p1' } }, text: 'p1', reason: 'It is changed all the time.', since: 1 };

describe('a cut over', () => {
  it('switches by one write, releases the lock, and protects what the shop writes from now on', async () => {
    await compared();
    expect(await world.switch('x')).toEqual({ switched: true, error: '', cause: '' });
    expect(await world.sync()).toMatchObject({ status: 'SWITCHED' });
    expect(await findLock(ledger(), 'products')).toBeUndefined();
    expect(await findSwitched(ledger(), 'products-enhanced')).toMatchObject({
      syncId: 's',
      tableId: expect.any(String),
    });
    expect(await listReliants(ledger(), 'm')).toMatchObject([{ runId: 's' }]);
    expect(await findRun(ledger(), 'm')).toMatchObject({ opening: 'DONE' });
  });

  it('does not send the shop to a table that could not be opened', async () => {
    await compared();
    await world.switch('x');
    expect((await world.finish('x')).summary).toMatch(/^The shop may use products-enhanced now\./);
    await updateIf(ledger(), runKey('m'), { set: { opening: 'PENDING' } });
    const { summary, nextStep } = await world.finish('x');
    expect(summary).toMatch(/^The sync has switched, but products-enhanced could not be opened yet/);
    expect(nextStep).toMatch(
      /^See why[^]*\nnpm run report -- --stage test m\nOnce it is open, point the shop at the target\./,
    );
  });

  it('switches although time to live has deleted items of the source meanwhile', async () => {
    await compared({ expired: 1 });
    await notePending(ledger(), pendingOf('p1'), { ...pendingKey, isExpiry: true });
    expect(await world.switch('x')).toEqual({ switched: true, error: '', cause: '' });
    expect((await world.finish('x')).pending).toMatchObject({ count: 1, keys: ['p1'] });
  });

  it('does not switch to a table that somebody has put in the place of the compared one', async () => {
    await compared();
    await deleteTarget();
    await createTarget();
    await expect(world.switch('x')).rejects.toThrow(
      'Table products-enhanced is not the one that this run began with',
    );
    expect(await world.sync()).toMatchObject({ status: 'SWITCHING' });
    expect(await world.fail('x', 'TableUnavailableError')).toMatchObject({ end: 'FAILED' });
    expect(await world.sync()).toMatchObject({ status: 'SYNCING' });
  });

  it('answers the same when it is called again', async () => {
    await compared();
    await world.switch('x');
    expect(await world.switch('x')).toMatchObject({ switched: true });
  });

  const needed = (confirm?: string) =>
    requireSwitchConfirmed(world.observer, {
      confirm,
      confirmed: ({ migrate }, sync) => migrate({ confirm: sync }),
    });

  it('makes later migrations and syncs name the switch before they write', async () => {
    await compared();
    await world.switch('x');
    await expect(needed()).rejects.toThrow(
      '\nnpm run migrate -- --stage test --confirm s\nIn the console, start migrate with {"confirm": "s"}',
    );
    await expect(needed('x')).rejects.toMatchObject({ name: 'SwitchedError' });
    await expect(needed('s')).resolves.toBeUndefined();
    world.end('x');
    await expect(world.begin('t')).rejects.toThrow(
      '\nnpm run sync -- --stage test --start --confirm s\nIn the console, start sync with {"confirm": "s"}',
    );
    expect(await world.begin('u', { confirm: 's' })).toMatchObject({ outcome: 'START', runId: 'u' });
  });

  it('waits for the first compare, and is told where to watch it', async () => {
    await world.again();
    await world.begin('s');
    await expect(world.begin('x', FROZEN)).rejects.toThrow(
      /^Sync s has not compared [^]*\nnpm run sync -- --stage test\n[^]*\nnpm run cutover -- --stage test --frozen\n/,
    );
  });

  it('is not ready where the start has died behind its compare, because it would be refused', async () => {
    await world.again();
    await world.begin('s');
    await world.step('startMapping', 's');
    await world.compare('s');
    world.end('s', 'ABORTED');
    expect((await world.check('d')).checks).toContainEqual({
      what: 'compared',
      ok: false,
      sentence: 'The start of the sync has not come to its end yet.',
    });
    await expect(world.begin('x', FROZEN)).rejects.toThrow('has not compared source and target yet');
  });

  it('is named before the followed run is rolled back, which needs the sync as confirmation', async () => {
    await compared();
    await world.switch('x');
    const order = {
      runId: 'm',
      reason: 'operator',
      execution: sampleExecution('r', 'rollback'),
      failure: { error: 'RolledBackByOperator', cause: '' },
    } as const;
    await expect(claimRun(world.observer, order, 'call')).rejects.toThrow(
      /^The shop has used table products-enhanced since sync s switched to it at [^]* because sync s relies on these of its tables: products-enhanced\.[^]*--confirm s\n/,
    );
    const confirmed = { ...order, confirm: 's' };
    expect(await claimRun(world.observer, confirmed, 'call')).toMatchObject({ kind: 'claimed' });
  });

  it('no longer counts once the table is gone, nor for another table of its name', async () => {
    await compared();
    await world.switch('x');
    await deleteTarget();
    await expect(needed()).resolves.toBeUndefined();
    await createTarget();
    await expect(needed()).resolves.toBeUndefined();
  });

  it('counts for any table of its name where an earlier version noted it without a TableId', async () => {
    const earlier = { syncId: 'e', switchedAt: new Date(world.clock.now()).toISOString() };
    await transact(ledger(), [switchedPut(ledger(), 'products-enhanced', earlier)]);
    await expect(needed()).rejects.toMatchObject({ name: 'SwitchedError' });
    await deleteTarget();
    await expect(needed()).resolves.toBeUndefined();
    await createTarget();
    await expect(needed()).rejects.toMatchObject({ name: 'SwitchedError' });
  });

  it('asks first whether writes have stopped', async () => {
    await expect(world.begin('x', { action: 'cutover' })).rejects.toThrow(
      /\nnpm run cutover -- --stage test --dry-run\n[^]*\nnpm run cutover -- --stage test --frozen\n/,
    );
    expect(await world.sync()).toMatchObject({ status: 'SYNCING' });
  });

  it('lists its checks and how to freeze the source, and changes nothing', async () => {
    const before = await world.sync();
    const report = await world.check('x');
    expect(report.checks?.map(({ what }) => what)).toEqual([
      'execution',
      'length',
      'mapping',
      'stream',
      'targets',
      'pending',
      'quarantined',
      'conflicts',
      'compared',
      'transform',
      'failures',
      'gap',
      'lag',
    ]);
    expect(report.checks?.every(({ ok }) => ok)).toBe(true);
    expect(report.freeze?.freeze).toContain('put-resource-policy');
    expect(await world.sync()).toEqual(before);
  });
});

describe('the freeze of a global table', () => {
  it('has a command and its undo for each replica, in its region', () => {
    const tableArn = 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/products';
    const { freeze, undo, replicas } = freezeCommands(
      { stage: 'prod', region: 'ap-southeast-2' },
      { tableArn, found: { kind: 'none' }, regions: ['eu-west-1'] },
    );
    const replicaArn = tableArn.replace('ap-southeast-2', 'eu-west-1');
    expect(`${freeze} ${undo}`).not.toContain('eu-west-1');
    expect(replicas?.[0]?.freeze).toMatch(
      new RegExp(
        `^aws dynamodb put-resource-policy --resource-arn ${replicaArn} .*--expected-revision-id NO_POLICY`,
      ),
    );
    expect(replicas?.[0]?.freeze).toContain('--region eu-west-1');
    expect(replicas?.[0]?.undo).toBe(
      `aws dynamodb delete-resource-policy --resource-arn ${replicaArn} --region eu-west-1`,
    );
    const steps = freezeSteps(
      { source: { table: 'products' } },
      {
        policy: '',
        freeze,
        undo,
        cutOver: 'cut over',
        replicas: replicas ?? [],
      },
    );
    expect(steps.map(({ command }) => command)).toEqual([
      undefined,
      freeze,
      replicas?.[0]?.freeze,
      'cut over',
      undo,
      replicas?.[0]?.undo,
    ]);
  });
});

describe('the freeze of a table that two stages follow', () => {
  const table = { tableArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/products', regions: [] };
  const freezeOf = (stage: string, policy?: string) => {
    const found =
      policy === undefined
        ? ({ kind: 'none' } as const)
        : ({ kind: 'policy', policy, revisionId: '1' } as const);
    return freezeCommands({ stage, region: 'eu-west-1' }, { ...table, found });
  };
  const sidsIn = (text: string) => text.match(/Frozen\w+/g);

  it('stays frozen for one stage when the other one undoes its own freeze', () => {
    const { policy } = freezeOf('a-b');
    const both = freezeOf('ab', policy);
    expect(sidsIn(both.policy)).toEqual(['FrozenForTheCutOverOfaXb', 'FrozenForTheCutOverOfab']);
    expect(sidsIn(freezeOf('a-b', both.policy).undo)).toEqual(['FrozenForTheCutOverOfab']);
    expect(sidsIn(freezeOf('ab', both.policy).undo)).toEqual(['FrozenForTheCutOverOfaXb']);
  });

  it('of an earlier version is undone with the own one', () => {
    const former = freezeOf('prod').policy.replace('OverOfprod', 'Over');
    expect(freezeOf('prod', former).undo).toContain('delete-resource-policy');
  });
});

describe('items that cannot be transformed', () => {
  async function quarantine(): Promise<void> {
    const seenAt = world.clock.now();
    for (const text of ['p8', 'p9'])
      await nameKey(ledger(), 's', { kind: 'quarantined', text, reason: 'MissingName: no name', seenAt });
  }
  beforeEach(quarantine);
  const quarantineCheck = ({ checks = [] }: SyncReport) =>
    checks.find(({ what }) => what === 'quarantined') ?? { ok: undefined, sentence: '' };

  it.each([
    { typed: {}, allowed: 0, ok: false },
    { typed: { maxQuarantined: 1 }, allowed: 1, ok: false },
    { typed: { maxQuarantined: 2 }, allowed: 2, ok: true },
  ])(
    'are judged by a dry run with $typed as by a cut over with the same option',
    async ({ typed, allowed, ok }) => {
      const { ok: checked, sentence } = quarantineCheck(await world.check('d', typed));
      expect({ checked, sentence }).toEqual({
        checked: ok,
        sentence: expect.stringContaining(` ${allowed} may stay as they are.`) as string,
      });
      await world.begin('x', { ...FROZEN, ...typed });
      await world.step('switching', 'x');
      world.clock.advance(30_000);
      await world.compare('x', { quarantined: 2 });
      expect(await world.switch('x')).toMatchObject({ switched: ok });
    },
  );

  it('may not stay because the migration was allowed to leave as many behind', async () => {
    await world.again();
    const migrated = await readRun(ledger(), 'm');
    await updateIf(ledger(), runKey('m'), {
      set: { parameters: { ...migrated.parameters, maxQuarantined: 5 } },
    });
    await world.open();
    await quarantine();
    expect(quarantineCheck(await world.check('d'))).toMatchObject({ ok: false });
  });

  it('may not stay because an earlier cut over was allowed to leave as many behind', async () => {
    await world.begin('x', { ...FROZEN, maxQuarantined: 5 });
    await world.fail('x');
    world.end('x', 'FAILED');
    expect(quarantineCheck(await world.check('d'))).toMatchObject({ ok: false });
  });

  it('refuse the cut over before it waits for a frozen source, where the last compare has found them', async () => {
    await world.compare('s', { quarantined: 2 });
    await expect(world.begin('x', { ...FROZEN, maxQuarantined: 1 })).rejects.toMatchObject({
      name: 'SyncRefusedError',
      message: expect.stringMatching(
        /^The cut over of sync s is refused\. 2 source items cannot be transformed \(p\d, p\d\)\. 1 may stay[^]*npm run compare -- --stage test, or cut over with --max-quarantined 2\./,
      ) as string,
    });
    expect(await world.sync()).toMatchObject({ status: 'SYNCING', parameters: { maxQuarantined: 0 } });
    const allowed = { ...FROZEN, maxQuarantined: 2 };
    expect(await world.begin('x', allowed)).toMatchObject({ outcome: 'DRAIN' });
  });

  it.each([
    ['a change was followed', () => settle()],
    ['a key waits', () => notePending(ledger(), pendingOf('p8'), pendingKey)],
  ])('are left to the compare of the cut over where %s since the last one', async (_, change) => {
    await world.compare('s', { quarantined: 2 });
    await change();
    expect(await world.begin('x', FROZEN)).toMatchObject({ outcome: 'DRAIN' });
  });

  it('are allowed for by the command that cuts over after a dry run', async () => {
    const { freeze } = await world.check('d', { maxQuarantined: 2 });
    expect(freeze?.cutOver).toBe('npm run cutover -- --stage test --frozen --max-quarantined 2');
    expect((await world.check('e')).freeze?.cutOver).toBe('npm run cutover -- --stage test --frozen');
  });
});

/** A call has followed a change that was made then. */
async function settle(changedAt = world.clock.now()): Promise<void> {
  const lastAt = world.clock.now();
  const counts = { records: 1, repaired: 0, conflicts: 0, quarantined: 0, pending: 0 };
  const lags = { lagMillis: 0, maxLagMillis: 0, lastAt, newestChangeAt: changedAt };
  const minute = { minute: '2026-05-01T00:00', ...counts, ...lags };
  await addToMinute(ledger(), { syncId: 's', writer: `call-${lastAt}` }, minute);
}

describe('the lag that a dry run lists', () => {
  const lag = async () => (await world.check('d')).checks?.find(({ what }) => what === 'lag');
  const HOUR_MILLIS = 3_600_000;

  it('is good where the newest change was followed soon after it was made', async () => {
    await settle(world.clock.now() - 1_000);
    expect(await lag()).toMatchObject({
      ok: true,
      sentence: expect.stringContaining('1.0 s after') as string,
    });
  });

  it('stands in the way while the sync still follows old changes, and no longer when it has caught up', async () => {
    await settle(world.clock.now() - HOUR_MILLIS);
    expect(await lag()).toMatchObject({
      ok: false,
      sentence: expect.stringContaining('not caught up') as string,
    });
    world.clock.advance(60_000);
    expect(await lag()).toMatchObject({ ok: true });
  });

  it('does not refuse a cut over, which waits for it', async () => {
    await settle(world.clock.now() - HOUR_MILLIS);
    expect(await world.begin('x', FROZEN)).toMatchObject({ outcome: 'DRAIN' });
  });
});

describe('the drain before it', () => {
  let since: number;
  beforeEach(async () => {
    since = world.clock.now();
    await world.begin('x', FROZEN);
  });
  const drained = () => world.drain('x', since);

  it('waits until nothing has arrived for as long as a fence', async () => {
    world.clock.advance(20_000);
    await settle();
    world.clock.advance(29_000);
    expect(await drained()).toMatchObject({ done: false });
    world.clock.advance(1_000);
    expect(await drained()).toEqual({ done: true, waitSeconds: 0 });
  });

  it('waits for keys that are pending', async () => {
    await notePending(ledger(), pendingOf('p1'), pendingKey);
    world.clock.advance(60_000);
    expect(await drained()).toMatchObject({ done: false });
    for (const pending of await listPending(ledger(), 's')) await settlePending(ledger(), pending);
    expect(await drained()).toMatchObject({ done: true });
  });

  it('blames a writer for changes that were made after it had begun, and still arrive after a quarter of an hour', async () => {
    world.clock.advance(900_000);
    await settle();
    await expect(drained()).rejects.toThrow(
      /still arrive\. The newest one was made at .*A writer is not frozen[^]*\nFreeze the source[^]*\nnpm run cutover -- --stage test --frozen\n/,
    );
  });

  it('blames no writer for changes from before it that the sync has not followed yet', async () => {
    world.clock.advance(900_000);
    await settle(since - 3_600_000);
    const refusal = drained();
    await expect(refusal).rejects.toThrow(
      /has not caught up [^]*1 h 15 min ago[^]*\nnpm run sync -- --stage test\n[^]*\nnpm run cutover -- --stage test --frozen\n/,
    );
    await expect(refusal).rejects.not.toThrow(/writer|Freeze/);
  });

  it('names the reason of a key that waits for more than a quarter of an hour although nothing arrives', async () => {
    await notePending(ledger(), pendingOf('p1'), { ...pendingKey, reason: 'TransformError: boom' });
    world.clock.advance(900_000);
    const refusal = drained();
    await expect(refusal).rejects.toThrow(
      /^Nothing arrives any more\. 1 key is pending\. p1: TransformError: boom\.\nLook at the pending keys[^]*\nnpm run sync -- --stage test\nFix what the reasons name[^]*\nnpm run cutover -- --stage test --frozen\n/,
    );
    await expect(refusal).rejects.not.toThrow(/Freeze|1970/);
  });

  it('goes on with the rest where more keys wait than it could take up', async () => {
    for (let n = 0; n <= KEYS_TAKEN_UP; n += 1)
      await notePending(ledger(), pendingOf(`p${n}`), { ...pendingKey, text: `p${n}` });
    world.clock.advance(900_000);
    await expect(drained()).rejects.toThrow(
      /501 keys are pending\. The first 3:[^]*\nEach look takes up some of them, so cut over again[^]*\nnpm run cutover -- --stage test --frozen\n/,
    );
  });

  it('ends the cut over when the mapping is gone', async () => {
    world.mappings.found.pop();
    world.clock.advance(60_000);
    await expect(drained()).rejects.toThrow(
      /refused\. The event source mapping of the sync is gone[^]*\nnpm run sync -- --stage test --cancel\n/,
    );
  });
});

describe('a switch that must not be made', () => {
  const expectNotSwitched = async (message: RegExp): Promise<void> => {
    const answer = await world.switch('x');
    expect(answer).toMatchObject({ switched: false, error: 'SyncRefusedError' });
    expect(answer.cause).toMatch(message);
    expect(await world.sync()).toMatchObject({ status: 'SYNCING' });
    expect((await world.sync()).arrived).toBeUndefined();
    expect(await findSwitched(ledger(), 'products-enhanced')).toBeUndefined();
    expect(await findLock(ledger(), 'products')).toMatchObject({ runId: 's' });
  };

  it('names the change that arrived although writes were said to have stopped', async () => {
    await compared();
    await noteArrival(ledger(), await world.sync(), arrival('p7'));
    await expectNotSwitched(/A change of p7 arrived .* A writer is not frozen/);
    expect((await world.sync()).gap?.reason).toMatch(/p7/);
  });

  it('blames no writer for changes from before the cut over that came late or twice', async () => {
    await compared();
    const newestChangeAt = Date.parse(sampleStart) - 60_000;
    await noteArrival(ledger(), await world.sync(), {
      ...arrival('p7'),
      newestChangeAt: newestChangeAt - 1_000,
    });
    await noteArrival(ledger(), await world.sync(), { ...arrival('p8'), newestChangeAt });
    const { cause } = await world.switch('x');
    expect(cause).toMatch(
      /A change of p7 arrived .*\(2 in all\)\. All of them were made before the cut over, the newest one at 2026-04-30T23:59:00\.000Z, so they came late, or twice\.[^]*\nnpm run cutover -- --stage test --frozen\n/,
    );
    expect(cause).not.toMatch(/writer|Freeze/);
  });

  const nameDiffering = (text: string, more: { isByHand?: boolean } = {}) =>
    nameKey(ledger(), 's', {
      kind: 'differing',
      text,
      reason: 'It differs.',
      seenAt: world.clock.now(),
      ...more,
    });

  it('is not made when something differs', async () => {
    await compared({ differing: 2 });
    await nameDiffering('p7');
    await nameDiffering('p8');
    await expectNotSwitched(
      /2 source items differ .*\(p7, p8\)\. A writer is not frozen, changes were missed, or somebody else has changed/,
    );
    expect((await world.sync()).gap).toBeDefined();
  });

  it('blames no writer for a target item that no condition can change, and says what helps', async () => {
    await compared({ differing: 1, byHand: 1 });
    await nameDiffering('products-enhanced: P / M', { isByHand: true });
    await expectNotSwitched(
      /1 target item differs .* cannot be changed.*\(products-enhanced: P \/ M\)\. The sync goes on\.\nDelete [^]*\nnpm run compare -- --stage test\n[^]*\nnpm run cutover -- --stage test --frozen\n/,
    );
    expect((await world.sync()).gap).toBeUndefined();
  });

  it('names missed changes and what no condition can change apart', async () => {
    await compared({ differing: 3, byHand: 1 });
    await nameDiffering('p7');
    await nameDiffering('products-enhanced: P / M', { isByHand: true });
    await expectNotSwitched(/2 source items differ .*\(p7\)\. A writer .* 1 target item differs .*P \/ M\)/);
    expect((await world.sync()).gap).toBeDefined();
  });

  it('is not made on an older compare, or on one that repaired', async () => {
    await world.begin('x', FROZEN);
    await world.step('switching', 'x');
    await expectNotSwitched(/were not compared by this cut over/);
    await world.step('switching', 'x');
    await world.compare('x', { repairs: true });
    await expectNotSwitched(/were not compared by this cut over/);
  });

  it('is not made while more cannot be transformed than is allowed', async () => {
    await compared({ quarantined: 1 });
    await expectNotSwitched(/"maxQuarantined": 1/);
    // No change was missed.
    expect((await world.sync()).gap).toBeUndefined();
  });

  it('notes a gap when a change arrives while it is given up for what cannot be transformed', async () => {
    await compared({ quarantined: 1 });
    const sync = await world.sync();
    const [, isNoted] = await Promise.all([world.switch('x'), noteArrival(ledger(), sync, arrival('p9'))]);
    const { status, gap, arrived } = await world.sync();
    expect({ status, arrived }).toEqual({ status: 'SYNCING', arrived: undefined });
    expect(gap !== undefined).toBe(isNoted);
  });

  it('is not made while a key is pending', async () => {
    await compared();
    await notePending(ledger(), pendingOf('p1'), pendingKey);
    await expectNotSwitched(
      /1 key is pending\. p1: It is changed all the time\.[^]*\nLook at the pending keys/,
    );
  });

  it.each([
    ['the mapping is gone', () => world.mappings.found.pop(), /The event source mapping of the sync is gone/],
    ['the stream is off', () => switchStreamOff(world), /no longer writes its changes to the stream/],
  ])('is not made where nothing could have arrived: %s', async (_, act, reason) => {
    await compared();
    await act();
    await expectNotSwitched(reason);
    // The compare that repairs ends the execution. It brings nothing of what is written afterwards.
    world.clock.advance(1_000);
    await world.compare('x', { repairs: true });
    const { summary, nextStep } = await buildSyncReport(world.observer, await world.sync());
    expect(summary).toMatch(/does not follow table products: changes are not delivered\. /);
    expect(nextStep).toMatch(/^End it:/);
  });

  it('leads to the end of the sync where changes cannot be delivered any more', async () => {
    await compared();
    world.mappings.found.pop();
    const { cause } = await world.switch('x');
    expect(cause).toMatch(
      /\nnpm run cutover -- --stage test --frozen\n[^]*\nnpm run sync -- --stage test --cancel\n/,
    );
  });

  it('loses to a change that arrives between its look and its write', async () => {
    await compared();
    const sync = await world.sync();
    const [answer] = await Promise.all([world.switch('x'), noteArrival(ledger(), sync, arrival('p9'))]);
    const after = await world.sync();
    // Whoever was first, the two never both happened.
    expect(answer.switched ? after.arrived : 'SYNCING').toBe(answer.switched ? undefined : after.status);
  });
});

describe('a cut over that is interrupted', () => {
  it('goes on from SWITCHING under another execution', async () => {
    await world.begin('x', FROZEN);
    await world.step('switching', 'x');
    world.end('x', 'ABORTED');
    expect(await world.begin('y', FROZEN)).toMatchObject({ outcome: 'SWITCHING', runId: 's' });
  });

  it('goes back to following when it fails', async () => {
    await world.begin('x', FROZEN);
    await world.step('switching', 'x');
    expect(await world.fail('x')).toMatchObject({ done: true, end: 'FAILED' });
    expect(await world.sync()).toMatchObject({ status: 'SYNCING' });
  });

  it('is past its switch when only the deletion of the mapping fails', async () => {
    await compared();
    await world.switch('x');
    expect(await world.fail('x')).toMatchObject({ done: true, end: 'SWITCHED' });
    expect(await world.sync()).toMatchObject({ status: 'SWITCHED' });
  });

  it('has nothing left that a dry run could check, which changes nothing', async () => {
    await compared();
    await world.switch('x');
    await expect(world.begin('y', { action: 'cutover', dryRun: true, runId: 's' })).rejects.toThrow(
      'Sync s has switched already, so there is nothing to check. Nothing was changed.',
    );
  });

  it('deletes its mapping when it is started again after the switch', async () => {
    await compared();
    await world.switch('x');
    expect(await world.begin('y', { ...FROZEN, runId: 's' })).toMatchObject({ outcome: 'SWITCHED' });
    expect(world.mappings.found).toHaveLength(1);
    expect(await world.step('deleteMapping', 'y')).toMatchObject({ done: false });
    expect(await world.step('deleteMapping', 'y')).toMatchObject({ done: true });
    expect(world.mappings.found).toHaveLength(0);
  });
});

describe('a target that somebody has deleted or replaced', () => {
  const targets = async () => (await world.check('d')).checks?.find(({ what }) => what === 'targets');

  it('fails the check of a dry run', async () => {
    expect(await targets()).toMatchObject({ ok: true });
    await deleteTarget();
    expect(await targets()).toEqual({
      what: 'targets',
      ok: false,
      sentence:
        'Table products-enhanced of run m is gone: somebody has deleted it. Cancel the sync, and migrate again.',
    });
    await createTarget();
    expect(await targets()).toMatchObject({
      ok: false,
      sentence: expect.stringContaining('is not the one of run m') as string,
    });
  });

  it('refuses the cut over before the source has to be frozen', async () => {
    await deleteTarget();
    await expect(world.begin('x', FROZEN)).rejects.toThrow(
      /^The cut over of sync s is refused\. Table products-enhanced/,
    );
  });
});

describe('a target that has become a global table during the sync', () => {
  it('refuses the cut over, and says what to do with its replicas', async () => {
    const restore = addReplica(world.runtime().clients.tables, 'products-enhanced');
    const [refused] = await Promise.allSettled([world.begin('x', FROZEN)]);
    restore();
    expect(refused).toMatchObject({
      reason: {
        message: expect.stringMatching(
          /refused\. Table products-enhanced has become a global table \(replicas: us-east-1\)\. .* Remove its replicas, and add them again after the switch\./,
        ) as string,
      },
    });
  });
});

describe('an execution that works on the sync', () => {
  it('is named by a dry run, because a cut over would be refused', async () => {
    await world.begin('c', { action: 'compare' });
    const busy = async () => (await world.check('d')).checks?.find(({ what }) => what === 'execution');
    expect(await busy()).toMatchObject({
      ok: false,
      sentence: expect.stringContaining(':c works on') as string,
    });
    world.end('c');
    expect(await busy()).toEqual({
      what: 'execution',
      ok: true,
      sentence: 'No execution works on the sync.',
    });
  });
});

describe('a mapping that has not delivered for two looks of recoverRun', () => {
  const PROBLEM = 'PROBLEM: Function call failed.';
  it('is not ready for a cut over, though Lambda calls it Enabled', async () => {
    const [mapping] = world.mappings.found;
    if (mapping !== undefined) world.mappings.found[0] = { ...mapping, lastResult: PROBLEM };
    expect((await world.check('d')).checks).toContainEqual(
      expect.objectContaining({ what: 'mapping', ok: true }),
    );
    await updateIf(ledger(), runKey('s'), { set: { undeliveredSince: world.clock.now() } });
    world.clock.advance(900_000);
    expect((await world.check('d')).checks).toContainEqual({
      what: 'mapping',
      ok: false,
      sentence: expect.stringContaining(PROBLEM) as string,
    });
  });
});

describe('a source whose stream was switched off', () => {
  it('fails the check, and with it the cut over', async () => {
    await switchStreamOff(world);
    const { checks = [] } = await world.check('x');
    expect(checks.find(({ what }) => what === 'stream')).toMatchObject({ ok: false });
  });
});

describe('a transform that was deployed after the last compare', () => {
  const OTHER =
    /No compare was made yet with the transform that is deployed.* Run npm run compare -- --stage test first\./;
  beforeEach(() => world.compare('s', { transformVersion: 'another' }));

  it('fails the check of a dry run, which names the compare', async () => {
    const { checks = [] } = await world.check('d');
    expect(checks.find(({ what }) => what === 'transform')).toMatchObject({
      ok: false,
      sentence: expect.stringMatching(OTHER) as string,
    });
  });

  it('refuses the cut over before it waits for a frozen source', async () => {
    await expect(world.begin('x', FROZEN)).rejects.toThrow(OTHER);
    expect(await world.sync()).toMatchObject({ status: 'SYNCING' });
  });

  it('is compared with by the next compare, after which the cut over begins', async () => {
    await world.begin('c', { action: 'compare' });
    expect(await world.sync()).toMatchObject({ transformVersion: world.observer.config.transformVersion });
    await world.compare('c');
    world.end('c');
    expect(await world.begin('x', FROZEN)).toMatchObject({ outcome: 'DRAIN' });
  });
});

describe('a transform that is deployed during the cut over', () => {
  it('is no reason to switch, nor to blame a writer', async () => {
    await compared({ differing: 2, transformVersion: 'another' });
    const { switched, cause } = await world.switch('x');
    expect({ switched, cause }).toEqual({
      switched: false,
      cause: expect.stringMatching(
        /Another transform was deployed during the cut over[^]*\nnpm run compare [^]*\nnpm run cutover /,
      ) as string,
    });
    expect(cause).not.toMatch(/writer/);
  });
});

describe('a sync whose cut over would not fit into one history', () => {
  it('is not cut over, and keeps following', async () => {
    const { plan } = await world.sync();
    const large = { estimatedProducts: 30_000_000, estimatedBytes: 1_000_000, workers: 20 };
    const slow = { ...plan, ...large, readUnitsPerSecond: 500 };
    await updateIf(ledger(), runKey('s'), { set: { plan: slow } });
    expect((await world.check('d')).checks).toContainEqual({
      what: 'length',
      ok: false,
      sentence: expect.stringMatching(/^A cut over, which compares twice/) as string,
    });
    await expect(world.begin('x', FROZEN)).rejects.toMatchObject({
      name: 'RunTooLongForInlineError',
      message: expect.stringMatching(
        /A cut over, which compares twice .*start the sync with a higher/,
      ) as string,
    });
    expect(await world.sync()).toMatchObject({ status: 'SYNCING' });
  });
});
