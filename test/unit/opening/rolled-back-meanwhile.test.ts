import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CreateTableCommand, GetResourcePolicyCommand } from '@aws-sdk/client-dynamodb';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { finishOpening } from '../../../functions/shared/runs/finish-opening.ts';
import { finishProtection } from '../../../functions/shared/runs/finish-protection.ts';
import { beginRun } from '../../../functions/shared/ledger/begin.ts';
import { readRun, type Run, type RunStatus } from '../../../functions/shared/ledger/run.ts';
import { announceTable, noteTable, recordTable } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { describeTable } from '../../../functions/shared/aws/describe-table.ts';
import { openTable } from '../../../functions/shared/tables/open-table.ts';
import { closedPolicy, closingPolicy, isClosedBy } from '../../../functions/shared/aws/table-policy.ts';
import { type FakePolicies, fakePolicies } from '../../support/fake-policies.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn, movedTo, sampleHolder, sampleNewRun } from '../../support/sample-run.ts';

let world: LedgerWorld;
let fake: FakePolicies;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  fake = fakePolicies(world);
});
afterAll(() => world.stop());

const tableArn = 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/cart';

/** A run that uses `cart` and has been committed. */
async function committed(runId: string, outcome: 'CREATED' | 'EXISTED'): Promise<Run> {
  const { ledger } = world.observer;
  await beginRun(ledger, sampleNewRun(runId), sampleHolder(runId));
  const by = { runId, executionArn: executionArn(runId), name: 'cart', now: 1 };
  await announceTable(ledger, { ...by, outcome: outcome === 'CREATED' ? 'INTENT' : 'EXISTED' });
  await recordTable(ledger, runId, { name: 'cart', outcome, tableId: 'id', tableArn });
  const finishedAt = new Date(world.clock.now()).toISOString();
  const facts = { opening: 'PENDING', protection: 'PENDING', finishedAt } as const;
  return move(runId, 'SUCCEEDED', facts);
}

async function move(runId: string, to: RunStatus, facts: Partial<Run> = {}): Promise<Run> {
  const run = await readRun(world.observer.ledger, runId);
  const lock = to === 'ROLLING_BACK' ? 'take' : 'release';
  const moved = await transition(world.observer.ledger, { run, to, lock, writer: to, facts });
  if (moved === undefined) throw new Error(`not ${to}`);
  return moved;
}

/** As the roll back of a run that was in use closes it to everybody. */
const close = (runId: string): void =>
  void fake.policies.set(tableArn, closedPolicy(fake.policies.get(tableArn), { runId, tableArn }));
const isClosedFor = (runId: string): boolean => isClosedBy(fake.policies.get(tableArn), { runId, tableArn });

/** The run once its tables are opened, as far as they can be. */
async function opened(runtime: Runtime, run: Run): Promise<Run> {
  await finishOpening(runtime, run);
  return readRun(world.observer.ledger, run.runId);
}

describe('a table that a roll back has closed to everybody, to look into it and delete it', () => {
  it('is not opened by the run itself, whose CompleteRun is still at work after its commit', async () => {
    const run = await committed('a', 'CREATED');
    await move('a', 'ROLLING_BACK');
    close('a');
    expect(await opened(fake.runtime, run)).toMatchObject({ opening: 'PENDING' });
    expect(isClosedFor('a')).toBe(true);
  });

  it('is not opened by a later run, whose own opening has not come to its end', async () => {
    await committed('a', 'CREATED');
    const later = await committed('b', 'EXISTED');
    await move('a', 'ROLLING_BACK');
    close('a');
    const now = await opened(fake.runtime, later);
    expect(isClosedFor('a')).toBe(true);
    expect(now.opening).toBe('PENDING');
    expect(now.warnings.join()).toContain('run a');
  });

  it('is opened by that later run once the roll back has ended', async () => {
    await committed('a', 'CREATED');
    const later = await committed('b', 'EXISTED');
    await move('a', 'ROLLING_BACK');
    close('a');
    await move('a', 'ROLLBACK_FAILED');
    expect(await opened(fake.runtime, later)).toMatchObject({ opening: 'DONE' });
    expect(isClosedFor('a')).toBe(false);
  });

  it('is opened by the roll back itself, when it keeps the table', async () => {
    const run = await committed('a', 'CREATED');
    await move('a', 'ROLLING_BACK');
    close('a');
    const record = { name: 'cart', outcome: 'CREATED', intentAt: 1, tableArn } as const;
    const check = (): Promise<void> => Promise.resolve();
    expect(await openTable(fake.runtime, run, record, check)).toEqual({ isOpen: true });
    expect(isClosedFor('a')).toBe(false);
  });
});

describe('a table that a run at work has closed to others', () => {
  const writer = 'products-migration-test';
  const closeToOthers = (runId: string): void =>
    void fake.policies.set(tableArn, closingPolicy({ runId, tableArn, writer }));

  /** A run of another source. A deployment with another `sourceTable` leaves it in the same tables. */
  const beginBeside = (runId: string): Promise<Run> =>
    begunRun(world, runId, { sourceTable: 'other-products' });

  it('is not opened by an earlier run, whose opening has not come to its end', async () => {
    const earlier = await committed('a', 'CREATED');
    await begunRun(world, 'b');
    closeToOthers('b');
    const now = await opened(fake.runtime, earlier);
    expect(fake.policies.size).toBe(1);
    expect(now.opening).toBe('PENDING');
    expect(now.warnings).toEqual([
      'Table cart could not be opened (run b is still running). Until it is open, nobody but the migration can write there, and it is tried again every 15 minutes. It is opened once that run has ended.',
    ]);
  });

  it('is opened by that earlier run once the other one has ended', async () => {
    const earlier = await committed('a', 'CREATED');
    await begunRun(world, 'b');
    closeToOthers('b');
    await move('b', 'SUCCEEDED');
    expect(await opened(fake.runtime, earlier)).toMatchObject({ opening: 'DONE', warnings: [] });
    expect(fake.policies.size).toBe(0);
  });

  it.each(['HELD', 'ROLLING_BACK'] as const)(
    'is not opened by a run of another source while it is %s',
    async (status) => {
      await beginBeside('b');
      const other = await committed('a', 'EXISTED');
      await movedTo(world, 'b', status);
      closeToOthers('b');
      expect(await opened(fake.runtime, other)).toMatchObject({ opening: 'PENDING' });
      expect(fake.policies.size).toBe(1);
    },
  );

  it('is not opened by the roll back of another run either', async () => {
    await beginBeside('b');
    closeToOthers('b');
    const run = await committed('a', 'CREATED');
    await move('a', 'ROLLING_BACK');
    const record = { name: 'cart', outcome: 'KEPT', intentAt: 1, tableArn } as const;
    const check = (): Promise<void> => Promise.resolve();
    const reason = 'run b is still running';
    expect(await openTable(fake.runtime, run, record, check)).toEqual({
      isOpen: false,
      reason,
      neededBy: 'b',
    });
    expect(fake.policies.size).toBe(1);
  });
});

describe('a table that has replaced the one of a committed run', () => {
  it('is not opened by that run, even where no run is at work any more', async () => {
    const { dynamo } = world.observer.clients;
    await dynamo.send(new CreateTableCommand(createTableInput(cartTable, { name: 'cart', tags: {} })));
    const run = await committed('a', 'CREATED');
    close('b');
    expect(await opened(fake.runtime, run)).toMatchObject({ opening: 'DONE', warnings: [] });
    expect(isClosedFor('b')).toBe(true);
  });

  it('is not opened by the revision of a policy either', async () => {
    const { dynamo } = world.observer.clients;
    await dynamo.send(new CreateTableCommand(createTableInput(cartTable, { name: 'cart', tags: {} })));
    const run = await committed('a', 'CREATED');
    close('b');
    const { RevisionId: policyRevision = '' } = await fake.runtime.clients.tables.send(
      new GetResourcePolicyCommand({ ResourceArn: tableArn }),
    );
    const closed = { access: 'CLOSED', policyRevision } as const;
    await noteTable(world.observer.ledger, { runId: 'a', name: 'cart' }, closed);
    expect(await opened(fake.runtime, run)).toMatchObject({ opening: 'DONE', warnings: [] });
    expect(isClosedFor('b')).toBe(true);
  });
});

describe('a table of a run that is rolled back right after its commit', () => {
  it('is not protected from deletion any more, and neither is what has its name then', async () => {
    const { dynamo } = world.observer.clients;
    await dynamo.send(new CreateTableCommand(createTableInput(cartTable, { name: 'cart', tags: {} })));
    const run = await committed('a', 'CREATED');
    await move('a', 'ROLLING_BACK');
    await finishProtection(fake.runtime, run);
    expect((await describeTable(dynamo, 'cart'))?.DeletionProtectionEnabled).not.toBe(true);
    // Nothing is left to be switched on.
    expect((await readRun(world.observer.ledger, 'a')).warnings).toEqual([]);
  });
});
