import { CreateTableCommand, GetResourcePolicyCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withMappings } from '../../support/fake-mappings.ts';
import { finishOpening } from '../../../functions/shared/runs/finish-opening.ts';
import { finishProtection } from '../../../functions/shared/runs/finish-protection.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import {
  announceTable,
  listTables,
  noteTable,
  recordTable,
} from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { closedPolicy, closingPolicy } from '../../../functions/shared/aws/table-policy.ts';
import { recoverRuns } from '../../../functions/recover-run/recover-run.ts';
import { awsError, type FakePolicies, fakePolicies } from '../../support/fake-policies.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn, longTurn } from '../../support/sample-run.ts';

let world: LedgerWorld;
let fake: FakePolicies;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  fake = fakePolicies(world);
});
afterAll(() => world.stop());

const arnOf = (name: string): string => `arn:aws:dynamodb:ap-southeast-2:123456789012:table/${name}`;
const writer = 'products-migration-test';
const foreign = {
  Sid: 'OfTheShop',
  Effect: 'Deny',
  Principal: '*',
  Action: 'dynamodb:Scan',
  Resource: arnOf('cart'),
};

/** A run that has just been committed, with tables that it has created, or found. */
async function committed(
  tables: Readonly<Record<string, 'CREATED' | 'EXISTED'>>,
  facts: Partial<Run> = { opening: 'PENDING' },
): Promise<Run> {
  const { ledger } = world.observer;
  await begunRun(world, 'a');
  for (const [name, outcome] of Object.entries(tables)) {
    const announced = outcome === 'CREATED' ? 'INTENT' : 'EXISTED';
    await announceTable(ledger, {
      runId: 'a',
      executionArn: executionArn('a'),
      name,
      now: 1,
      outcome: announced,
    });
    await recordTable(ledger, 'a', { name, outcome, tableId: 'id', tableArn: arnOf(name), access: 'CLOSED' });
  }
  const run = await readRun(ledger, 'a');
  const finishedAt = new Date(world.clock.now()).toISOString();
  await transition(ledger, {
    run,
    to: 'SUCCEEDED',
    lock: 'release',
    writer: 'w',
    facts: { ...facts, finishedAt },
  });
  return readRun(ledger, 'a');
}

const close = (name: string, runId = 'a'): void =>
  void fake.policies.set(arnOf(name), closingPolicy({ runId, tableArn: arnOf(name), writer }));
const accessOf = async () =>
  Object.fromEntries(
    (await listTables(world.observer.ledger, 'a')).map(({ name, access }) => [name, access]),
  );

/** The run once its tables are protected, as far as they can be. */
async function protectedRun(run: Run): Promise<Run> {
  await finishProtection(fake.runtime, run);
  return readRun(world.observer.ledger, run.runId);
}

/** The run once its tables are opened, as far as they can be. */
async function opened(runtime: Runtime, run: Run): Promise<Run> {
  await finishOpening(runtime, run);
  return readRun(world.observer.ledger, run.runId);
}

describe('opening the tables of a committed run', () => {
  it('takes the run’s statements off, reads that back, and notes both', async () => {
    const run = await committed({ cart: 'CREATED', orders: 'CREATED' });
    close('cart');
    close('orders');
    expect(await opened(fake.runtime, run)).toMatchObject({ opening: 'DONE', warnings: [] });
    expect(fake.policies.size).toBe(0);
    expect(await accessOf()).toEqual({ cart: 'OPEN', orders: 'OPEN' });
  });

  it('takes off what another run has left on an existing table', async () => {
    const run = await committed({ cart: 'EXISTED' });
    close('cart', 'an-earlier-run');
    expect(await opened(fake.runtime, run)).toMatchObject({ opening: 'DONE' });
    expect(fake.policies.size).toBe(0);
  });

  it('leaves the statements of others', async () => {
    const run = await committed({ cart: 'CREATED' });
    const own = { Version: '2012-10-17', Statement: [foreign] };
    fake.policies.set(
      arnOf('cart'),
      closedPolicy(JSON.stringify(own), { runId: 'a', tableArn: arnOf('cart'), writer }),
    );
    await finishOpening(fake.runtime, run);
    expect(JSON.parse(fake.policies.get(arnOf('cart')) ?? '')).toEqual(own);
  });

  it('reads the policy again when somebody has changed it meanwhile', async () => {
    const run = await committed({ cart: 'CREATED' });
    close('cart');
    fake.fail('DeleteResourcePolicy', [awsError('PolicyNotFoundException')]);
    expect(await opened(fake.runtime, run)).toMatchObject({ opening: 'DONE' });
  });

  it('does not believe GetResourcePolicy that a table has no policy which was closed a moment ago', async () => {
    const run = await committed({ cart: 'CREATED' });
    close('cart');
    const { RevisionId: policyRevision } = await fake.runtime.clients.tables.send(
      new GetResourcePolicyCommand({ ResourceArn: arnOf('cart') }),
    );
    await noteTable(
      world.observer.ledger,
      { runId: 'a', name: 'cart' },
      policyRevision === undefined ? {} : { access: 'CLOSED', policyRevision },
    );
    fake.fail('GetResourcePolicy', [
      awsError('ResourceNotFoundException'),
      awsError('PolicyNotFoundException'),
    ]);
    expect(await opened(fake.runtime, run)).toMatchObject({ opening: 'DONE' });
    expect(fake.policies.size).toBe(0);
  });

  it('passes a permission that goes by tags, which show late', async () => {
    const run = await committed({ cart: 'CREATED' });
    close('cart');
    fake.fail('DeleteResourcePolicy', [awsError('AccessDeniedException')]);
    expect(await opened(fake.runtime, run)).toMatchObject({ opening: 'DONE', warnings: [] });
  });

  it('never touches the source, though a restore may have filled it up', async () => {
    const run = await committed({ products: 'EXISTED' });
    expect(await opened(fake.runtime, run)).toMatchObject({ opening: 'DONE' });
    expect(fake.sent).toEqual([]);
  });

  it('says of an engine without resource policies that nothing kept others out', async () => {
    const run = await committed({ cart: 'CREATED' });
    await recordTable(world.observer.ledger, 'a', {
      name: 'cart',
      outcome: 'CREATED',
      access: 'NEVER_CLOSED',
    });
    const now = await opened(world.observer, run);
    expect(now).toMatchObject({ opening: 'DONE' });
    expect(now.warnings).toEqual([
      'This endpoint has no resource policies, so nothing kept others from writing to cart during the run.',
    ]);
  });
});

describe('a table that cannot be opened', () => {
  beforeEach(() => void (fake = fakePolicies(world, { commandMillis: 10_000 })));

  const denied = Array.from({ length: 40 }, () => awsError('AccessDeniedException'));

  it('leaves the run PENDING, with the command that opens it', async () => {
    const run = await committed({ cart: 'CREATED', orders: 'CREATED' });
    close('cart');
    fake.fail('DeleteResourcePolicy', denied);
    const now = await opened(fake.runtime, run);
    expect(now.opening).toBe('PENDING');
    expect(now.warnings).toEqual([
      `Table cart could not be opened (AccessDeniedException). Until it is open, nobody but the migration can write there, and it is tried again every 15 minutes. To open it at once: aws dynamodb delete-resource-policy --resource-arn ${arnOf('cart')} --region ap-southeast-2`,
    ]);
    expect(await accessOf()).toEqual({ cart: 'CLOSED', orders: 'OPEN' });
  });

  it('is opened by recoverRun later, without limit', async () => {
    await committed({ cart: 'CREATED' });
    close('cart');
    world.clock.advance(400 * 24 * 3_600_000);
    await recoverRuns(withMappings(fake.runtime), longTurn);
    expect(await readRun(world.observer.ledger, 'a')).toMatchObject({ opening: 'DONE' });
    expect(fake.policies.size).toBe(0);
  });

  it('is what an alarm rings for from half an hour on, and not before', async () => {
    const lines: string[] = [];
    const logger = { error: (message: string) => void lines.push(message), warn: () => 0, info: () => 0 };
    const runtime = { ...fake.runtime, logger: logger as unknown as Runtime['logger'] };
    await committed({ cart: 'CREATED' });
    close('cart');
    fake.fail('DeleteResourcePolicy', [...denied, ...denied]);
    await recoverRuns(withMappings(runtime), longTurn);
    expect(lines).toEqual([]);
    world.clock.advance(30 * 60_000);
    await recoverRuns(withMappings(runtime), longTurn);
    expect(lines).toEqual(['Tables are still closed']);
  });

  it('counts as open when it is gone', async () => {
    const run = await committed({ cart: 'CREATED' });
    fake.fail('GetResourcePolicy', [awsError('ResourceNotFoundException')]);
    expect(await opened(fake.runtime, run)).toMatchObject({ opening: 'DONE', warnings: [] });
  });
});

describe('the protection of a committed run', () => {
  beforeEach(() => void (fake = fakePolicies(world, { commandMillis: 15_000 })));

  const notYet = (name: string) => Array.from({ length: 8 }, () => awsError(name));
  const statesOf = async () =>
    (await listTables(world.observer.ledger, 'a')).map(({ deletionProtection, pointInTimeRecovery }) => [
      deletionProtection,
      pointInTimeRecovery,
    ]);

  async function createTable(): Promise<void> {
    await world.observer.clients.dynamo.send(
      new CreateTableCommand(createTableInput(cartTable, { name: 'cart', tags: {} })),
    );
  }

  it('is noted for each of the two, and what is on is not asked for again', async () => {
    await createTable();
    const run = await committed({ cart: 'CREATED' }, { protection: 'PENDING' });
    // The engine has no point-in-time recovery, and so the fake answers first.
    fake.fail('UpdateContinuousBackups', notYet('ContinuousBackupsUnavailableException'));
    expect(await protectedRun(run)).toMatchObject({ protection: 'PENDING' });
    expect(await statesOf()).toEqual([['ON', 'PENDING']]);
    fake.fail('UpdateTable', [awsError('ValidationException')]);
    fake.fail('UpdateContinuousBackups', notYet('ContinuousBackupsUnavailableException'));
    await finishProtection(fake.runtime, run);
    expect(await statesOf()).toEqual([['ON', 'PENDING']]);
  });

  it('passes a permission that goes by tags for a minute, and stays PENDING after that', async () => {
    await createTable();
    const run = await committed({ cart: 'CREATED' }, { protection: 'PENDING' });
    fake.fail('UpdateTable', [awsError('AccessDeniedException'), awsError('AccessDeniedException')]);
    fake.fail('UpdateContinuousBackups', notYet('AccessDeniedException'));
    expect(await protectedRun(run)).toMatchObject({ protection: 'PENDING' });
    expect(await statesOf()).toEqual([['ON', 'PENDING']]);
  });

  it('is refused for good when DynamoDB says no', async () => {
    await createTable();
    const run = await committed({ cart: 'CREATED' }, { protection: 'PENDING' });
    fake.fail('UpdateContinuousBackups', [awsError('ValidationException')]);
    expect(await protectedRun(run)).toMatchObject({ protection: 'DONE' });
    expect(await statesOf()).toEqual([['ON', 'REFUSED']]);
  });
});
