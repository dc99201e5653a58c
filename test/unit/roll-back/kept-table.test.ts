import {
  CreateBackupCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  PutItemCommand,
  PutResourcePolicyCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { ordersTable } from '../../../functions/migrations/shop/tables/orders.ts';
import { describeTable } from '../../../functions/shared/aws/describe-table.ts';
import { RunClosedError } from '../../../functions/shared/errors.ts';
import { findTableRecord, type TableRecord } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import type { RollBackTurn } from '../../../functions/shared/state.ts';
import { ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import { addReplica } from '../../support/add-replica.ts';
import { awsError, type FakePolicies, fakePolicies } from '../../support/fake-policies.ts';
import { createLedgerWorld, existingTables, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn, longTurn, sampleExecution } from '../../support/sample-run.ts';

let world: LedgerWorld;
let fake: FakePolicies;
/** Names of the tables that were closed, once for each time. */
let closed: string[];
/** Which tables were closed before each turn that waited for a backup. */
let closedMeanwhile: Set<string>;
/** Names of the tables that were scanned, once for each time. */
let scanned: string[];
/** Tables that nobody may back up. */
let unbackable: Set<string>;
let runtime: Runtime;

beforeAll(async () => void (world = await createLedgerWorld({ closeNewTables: false })));
beforeEach(async () => {
  await world.reset();
  fake = fakePolicies(world, { commandMillis: 100 });
  [closed, scanned, closedMeanwhile, unbackable] = [[], [], new Set(), new Set()];
  runtime = watched(fake.runtime);
  const run = await begunRun(world, 'a');
  for (const spec of [cartTable, ordersTable])
    await ensureTable(runtime, { spec, runId: 'a', executionArn: executionArn('a') });
  const succeeded = { run, to: 'SUCCEEDED', lock: 'release', writer: 'end' } as const;
  await transition(world.observer.ledger, succeeded);
  world.stepFunctions.executions.set(executionArn('a'), 'SUCCEEDED');
});
afterAll(() => world.stop());

const nameIn = (arn = ''): string => arn.replace(/^.*\//, '');

/** Lists what is closed and scanned, and refuses backups. */
function watched({ clients, items, ...others }: Runtime): Runtime {
  const send = async (command: object): Promise<unknown> => {
    if (command instanceof PutResourcePolicyCommand) closed.push(nameIn(command.input.ResourceArn));
    if (command instanceof CreateBackupCommand && unbackable.has(command.input.TableName ?? ''))
      throw awsError('AccessDeniedException');
    return clients.dynamo.send(command as never);
  };
  const dynamo = Object.assign(Object.create(clients.dynamo) as typeof clients.dynamo, { send });
  const scanPage: typeof items.scanPage = (page) => {
    scanned.push(page.tableName);
    return items.scanPage(page);
  };
  return { ...others, clients: { ...clients, dynamo }, items: { ...items, scanPage } };
}

/** What happens before a turn, by its number. */
type Between = (turn: number) => Promise<void> | void;

/** Takes turns as the machine does, each after the pause that the one before has asked for. */
async function rolledBack(name: string, between: Between, turns = 50): Promise<RollBackTurn> {
  world.stepFunctions.executions.set(executionArn(name, 'rollback'), 'RUNNING');
  const execution = sampleExecution(name, 'rollback');
  const input = { runId: 'a', confirm: 'a' };
  for (let number = 1; number <= turns; number += 1) {
    await between(number);
    const turn = await rollBack(runtime, { machine: 'rollback', execution, input }, longTurn);
    if (turn.done) return turn;
    world.clock.advance(turn.waitSeconds * 1_000);
  }
  throw new Error('The roll back does not end.');
}

/** The backups of the other tables take so many turns. */
const backedUpInTurn =
  (turns: number): Between =>
  (turn) => {
    if (turn >= turns) for (const backup of fake.backups) backup.BackupStatus = 'AVAILABLE';
  };

const recordOf = async (name: string): Promise<Partial<TableRecord>> =>
  (await findTableRecord(world.observer.ledger, { runId: 'a', name })) ?? {};
const closedNow = (): readonly string[] => [...fake.policies.keys()].map(nameIn);
const sellInto = (TableName: string): Promise<unknown> =>
  world.observer.clients.dynamo.send(
    new PutItemCommand({ TableName, Item: { PK: { S: 'ORDER#1' }, SK: { S: 'METADATA' } } }),
  );

describe('a table to which its owner has added a replica', () => {
  it('stays open, is not looked into, and is named', async () => {
    const restore = addReplica(runtime.clients.tables, 'cart');
    const turn = await rolledBack('r', backedUpInTurn(2));
    restore();
    expect(turn).toMatchObject({
      end: 'ROLLED_BACK',
      report: {
        tables: [
          { name: 'cart', outcome: 'KEPT', remark: 'it is a global table (us-east-1)' },
          { name: 'orders', outcome: 'DELETED' },
        ],
      },
    });
    expect(closed).toEqual(['orders']);
    expect(closedNow()).not.toContain('cart');
    expect(scanned).not.toContain('cart');
  });
});

describe('a table that cannot be rolled back', () => {
  beforeEach(() => void unbackable.add('cart'));

  it('is opened at once and is not closed again while other tables are waited for', async () => {
    const turn = await rolledBack('r', async (number) => {
      if (fake.backups.length > 0) closedMeanwhile.add(closedNow().join());
      await backedUpInTurn(10)(number);
    });
    expect(turn).toMatchObject({ end: 'ROLLBACK_FAILED' });
    expect(turn.cause).toContain('cart: AccessDeniedException');
    expect(turn.report).toMatchObject({
      tables: [
        { name: 'cart', outcome: 'KEPT', access: 'OPEN' },
        { name: 'orders', outcome: 'DELETED' },
      ],
    });
    expect(closedMeanwhile).toEqual(new Set(['orders']));
    expect(closed.toSorted()).toEqual(['cart', 'orders']);
    expect(closedNow()).not.toContain('cart');
    expect(await existingTables(world.observer)).toEqual(['cart']);
  });

  it('is opened by a later turn if it could not be opened at once', async () => {
    fake.fail('DeleteResourcePolicy', [awsError('ValidationException')]);
    let remark: string | undefined;
    const turn = await rolledBack('r', async (number) => {
      if (fake.backups.length === 1 && closedNow().includes('cart')) ({ remark } = await recordOf('cart'));
      await backedUpInTurn(6)(number);
    });
    expect(remark).toContain('is still closed to other writers (ValidationException)');
    expect(turn).toMatchObject({
      end: 'ROLLBACK_FAILED',
      report: {
        tables: [
          { name: 'cart', access: 'OPEN', remark: expect.not.stringContaining('closed') as string },
          {},
        ],
      },
    });
    expect(closedNow()).not.toContain('cart');
  });

  it('is opened again if it was closed in the same turn', async () => {
    runtime = { ...runtime, config: { ...runtime.config, closeWaitSeconds: 0 } };
    expect(await rolledBack('r', backedUpInTurn(2))).toMatchObject({ end: 'ROLLBACK_FAILED' });
    expect(closed.toSorted()).toEqual(['cart', 'orders']);
    expect(closedNow()).not.toContain('cart');
  });

  it('is tried again by a roll back that is started again', async () => {
    expect(await rolledBack('r', backedUpInTurn(1))).toMatchObject({ end: 'ROLLBACK_FAILED' });
    unbackable.clear();
    world.clock.advance(1_000);
    expect(await rolledBack('again', backedUpInTurn(1))).toMatchObject({ end: 'ROLLED_BACK' });
    expect(await existingTables(world.observer)).toEqual([]);
  });

  it('is noted as deleted if somebody deletes it while other tables are waited for', async () => {
    const turn = await rolledBack('r', async (number) => {
      if (number === 5)
        await world.observer.clients.dynamo.send(new DeleteTableCommand({ TableName: 'cart' }));
      await backedUpInTurn(8)(number);
    });
    expect(turn).toMatchObject({ end: 'ROLLED_BACK' });
    expect(await recordOf('cart')).toMatchObject({ outcome: 'DELETED' });
  });
});

describe('a table that somebody has written into after it was closed', () => {
  it('is opened at once, and is neither closed nor inspected again while other tables are waited for', async () => {
    // It needs no backup, so only the other table is waited for.
    fake.recoverable.add('cart');
    const turn = await rolledBack('r', async (number) => {
      if (number === 2) await sellInto('cart');
      if (fake.backups.length > 0) closedMeanwhile.add(closedNow().join());
      await backedUpInTurn(10)(number);
    });
    expect(turn).toMatchObject({ end: 'ROLLED_BACK' });
    expect(await recordOf('cart')).toMatchObject({ outcome: 'KEPT', access: 'OPEN' });
    expect(closedMeanwhile).toEqual(new Set(['orders']));
    expect(closed.toSorted()).toEqual(['cart', 'orders']);
    // Once before it was closed, once after.
    expect(scanned.filter((name) => name === 'cart')).toHaveLength(2);
  });
});

/** DynamoDB refuses to delete both tables. */
const refuseDeletion = (): void =>
  fake.fail('DeleteTable', [awsError('AccessDeniedException'), awsError('AccessDeniedException')]);

describe('a table that DynamoDB does not delete', () => {
  const isProtected = async (name: string): Promise<boolean | undefined> =>
    (await describeTable(world.observer.clients.dynamo, name))?.DeletionProtectionEnabled;
  beforeEach(async () => {
    const protection = { TableName: 'orders', DeletionProtectionEnabled: true };
    await world.observer.clients.dynamo.send(new UpdateTableCommand(protection));
    refuseDeletion();
  });

  it('is protected from deletion again', async () => {
    expect(await rolledBack('r', backedUpInTurn(1))).toMatchObject({ end: 'ROLLBACK_FAILED' });
    expect(await isProtected('orders')).toBe(true);
    expect(await isProtected('cart')).not.toBe(true);
  });

  it('is reported with the command that protects it, where that is refused', async () => {
    const { clients } = runtime;
    const send = (command: object): Promise<unknown> =>
      command instanceof UpdateTableCommand && command.input.DeletionProtectionEnabled === true
        ? Promise.reject(awsError('ValidationException'))
        : clients.dynamo.send(command as never);
    const dynamo = Object.assign(Object.create(clients.dynamo) as typeof clients.dynamo, { send });
    runtime = { ...runtime, clients: { ...clients, dynamo } };
    await rolledBack('r', backedUpInTurn(1));
    const { remark } = await recordOf('orders');
    expect(remark).toMatch(
      /is no longer protected from deletion \(ValidationException\); protect it with: aws dynamodb update-table .*orders --deletion-protection-enabled/,
    );
  });
});

describe('a second roll back of the same run', () => {
  const aDay = 86_400_000;

  it('shuts nobody out of a table that the shop uses, though the first one has closed it', async () => {
    unbackable.add('cart');
    await rolledBack('r', backedUpInTurn(1));
    await sellInto('cart');
    closed = [];
    world.clock.advance(aDay);
    await rolledBack('again', backedUpInTurn(1));
    expect(closed).not.toContain('cart');
  });

  it.each([true, false])(
    'makes backups of its own, whether or not (%s) those of the first still exist',
    async (exist) => {
      refuseDeletion();
      expect(await rolledBack('r', backedUpInTurn(1))).toMatchObject({ end: 'ROLLBACK_FAILED' });
      if (!exist) fake.backups.splice(0);
      world.clock.advance(30 * aDay);
      expect(await rolledBack('again', backedUpInTurn(1))).toMatchObject({ end: 'ROLLED_BACK' });
      expect(fake.backups).toHaveLength(exist ? 4 : 2);
    },
  );
});

describe('a turn of the roll back', () => {
  it('that dies while DynamoDB deletes a table has the next one say what the table’s backup is', async () => {
    const { clients } = runtime;
    let isDead = false;
    const send = async (command: object): Promise<unknown> => {
      const answer: unknown = await clients.dynamo.send(command as never);
      if (!(command instanceof DeleteTableCommand) || isDead) return answer;
      isDead = true;
      throw new RunClosedError('The worker has died.');
    };
    const dynamo = Object.assign(Object.create(clients.dynamo) as typeof clients.dynamo, { send });
    runtime = { ...runtime, clients: { ...clients, dynamo } };
    await expect(rolledBack('r', backedUpInTurn(1))).rejects.toThrow('The worker has died.');
    await rolledBack('r', backedUpInTurn(1));
    for (const name of ['cart', 'orders'])
      expect(await recordOf(name)).toMatchObject({
        outcome: 'DELETED',
        remark: expect.stringMatching(/^its backup is arn:/) as string,
      });
  });

  it('that has no more time leaves the other tables to the next one', async () => {
    const { clients } = runtime;
    const deletions: number[] = [];
    let turnNow = 0;
    const send = async (command: object): Promise<unknown> => {
      if (command instanceof DeleteTableCommand) {
        deletions.push(turnNow);
        world.clock.advance(900_000);
      }
      return clients.dynamo.send(command as never);
    };
    const dynamo = Object.assign(Object.create(clients.dynamo) as typeof clients.dynamo, { send });
    runtime = { ...runtime, clients: { ...clients, dynamo } };
    const available = backedUpInTurn(1);
    const turn = await rolledBack('r', async (number) => {
      turnNow = number;
      await available(number);
    });
    expect(turn).toMatchObject({ end: 'ROLLED_BACK' });
    expect(new Set(deletions).size).toBe(2);
  });

  it('that finds a table busy rolls the others back, and waits for it without shutting anybody out', async () => {
    const looks: number[] = [];
    let wereShutOut = false;
    let meanwhile: readonly string[] = [];
    runtime = withStatus('cart', () => (looks.length < 100 ? 'UPDATING' : 'ACTIVE'));
    const turn = await rolledBack(
      'r',
      async (number) => {
        looks.push(world.clock.now());
        wereShutOut ||= looks.length <= 100 && closed.includes('cart');
        await backedUpInTurn(1)(number);
        if (number === 50) meanwhile = await existingTables(world.observer);
      },
      150,
    );
    expect(turn).toMatchObject({ end: 'ROLLED_BACK' });
    expect(meanwhile).toEqual(['cart']);
    expect(wereShutOut).toBe(false);
    // A hundred looks at nine events each last for more than a day.
    expect((looks[99] ?? 0) - (looks[0] ?? 0)).toBeGreaterThan(12 * 3_600_000);
    expect(await existingTables(world.observer)).toEqual([]);
  });

  it('that finds a table busy which the shop has written into leaves it open', async () => {
    runtime = withStatus('cart', () => 'UPDATING');
    await sellInto('cart');
    expect(await rolledBack('r', backedUpInTurn(1))).toMatchObject({ end: 'ROLLED_BACK' });
    expect(await recordOf('cart')).toMatchObject({ outcome: 'KEPT' });
    expect(closed).toEqual(['orders']);
  });

  it.each(['INACCESSIBLE_ENCRYPTION_CREDENTIALS', 'ARCHIVED'])(
    'that finds a table %s keeps and names it, and the lock is released',
    async (status) => {
      runtime = withStatus('cart', () => status);
      const turn = await rolledBack('r', backedUpInTurn(1));
      expect(turn).toMatchObject({ end: 'ROLLBACK_FAILED' });
      expect(turn.cause).toContain(`cart was kept, because it is ${status}, so nobody can look into it`);
      expect(await existingTables(world.observer)).toEqual(['cart']);
    },
  );

  /** DescribeTable says this of one table. */
  function withStatus(name: string, statusNow: () => string): Runtime {
    const { clients } = runtime;
    const send = async (command: object): Promise<unknown> => {
      const answer = (await clients.tables.send(command as never)) as { readonly Table?: object };
      if (!(command instanceof DescribeTableCommand) || command.input.TableName !== name) return answer;
      return { Table: { ...answer.Table, TableStatus: statusNow() } };
    };
    const tables = Object.assign(Object.create(clients.tables) as typeof clients.tables, { send });
    return { ...runtime, clients: { ...clients, tables } };
  }
});
