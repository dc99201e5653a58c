import { CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { quietTimeOf } from '../../../functions/shared/ledger/quiet.ts';
import {
  ForeignStageTableError,
  RunClosedError,
  TableSchemaMismatchError,
  TableUnavailableError,
} from '../../../functions/shared/errors.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { listTables } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { describeTable } from '../../../functions/shared/aws/describe-table.ts';
import { ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import {
  createLedgerWorld,
  dyingAfter,
  type Gate,
  type LedgerWorld,
  existingTables,
} from '../../support/ledger-world.ts';
import { begunRun, executionArn } from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

const ensure = (gate?: Gate, runId = 'a') =>
  ensureTable(world.runtime(gate), { spec: cartTable, runId, executionArn: executionArn(runId) });
const records = (runId = 'a') => listTables(world.observer.ledger, runId);
const create = (tags: Readonly<Record<string, string>> = {}) =>
  world.observer.clients.dynamo.send(
    new CreateTableCommand(createTableInput(cartTable, { name: 'cart', tags })),
  );
const remove = () => world.observer.clients.dynamo.send(new DeleteTableCommand({ TableName: 'cart' }));

async function take(runId: string, to: 'ROLLING_BACK' | 'ROLLED_BACK'): Promise<void> {
  const run = await readRun(world.observer.ledger, runId);
  const lock = to === 'ROLLED_BACK' ? 'release' : 'take';
  await transition(world.observer.ledger, { run, to, lock, writer: to });
}

/** Does something at the first request of a name, before or after it is carried out. */
function at(operation: string, when: 'before' | 'after', act: () => Promise<unknown>): Gate {
  let isDone = false;
  return async (name, send) => {
    const isNow = name === operation && !isDone;
    if (isNow) isDone = true;
    if (isNow && when === 'before') await act();
    const answer = await send();
    if (isNow && when === 'after') await act();
    return answer;
  };
}

const lostAnswer = () => Promise.reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));

describe('a table that is not there', () => {
  it('is created with its tags, announced before and recorded after', async () => {
    await begunRun(world, 'a');
    let announced: unknown;
    const gate = at('CreateTable', 'before', async () => void (announced = await records()));
    expect(await ensure(gate)).toEqual({ name: 'cart', outcome: 'CREATED' });
    expect(announced).toMatchObject([{ name: 'cart', outcome: 'INTENT' }]);
    const table = await describeTable(world.observer.clients.dynamo, 'cart');
    expect(await records()).toMatchObject([{ outcome: 'CREATED', tableId: table?.TableId }]);
  });

  it('is created once, called again', async () => {
    await begunRun(world, 'a');
    await ensure();
    const [before] = await records();
    expect(await ensure()).toEqual({ name: 'cart', outcome: 'CREATED' });
    expect(await records()).toEqual([before]);
  });

  it("is the run's own although the answer was lost", async () => {
    await begunRun(world, 'a');
    expect(await ensure(at('CreateTable', 'after', lostAnswer))).toEqual({
      name: 'cart',
      outcome: 'CREATED',
    });
  });

  it('is not taken for the one that somebody creates in its place at once', async () => {
    await begunRun(world, 'a');
    const { dynamo } = world.observer.clients;
    let own: string | undefined;
    const replace = async (): Promise<void> => {
      own = (await describeTable(dynamo, 'cart'))?.TableId;
      await dynamo.send(new DeleteTableCommand({ TableName: 'cart' }));
      await create();
    };
    await expect(ensure(at('CreateTable', 'after', replace))).rejects.toThrow(
      'Table cart is not the one that this run began with',
    );
    expect(await records()).toMatchObject([{ outcome: 'CREATED', tableId: own }]);
  });

  it("is the run's own although the worker died right after it", async () => {
    await begunRun(world, 'a');
    await expect(ensure(dyingAfter('CreateTable'))).rejects.toThrow('killed');
    expect(await ensure()).toEqual({ name: 'cart', outcome: 'CREATED' });
  });

  it('is not announced, and not created, for a run that is closed', async () => {
    await begunRun(world, 'a');
    const gate = at('TransactWriteItems', 'before', () => take('a', 'ROLLING_BACK'));
    await expect(ensure(gate)).rejects.toThrow(RunClosedError);
    expect([await records(), await existingTables(world.observer)]).toEqual([[], []]);
  });
});

describe('a run that is marked while its table is being created', () => {
  it('leaves the table to its roll back, which waits until this call has let go of it', async () => {
    const run = await begunRun(world, 'a');
    const quietSeconds = async (): Promise<number> =>
      (await quietTimeOf(world.observer, run, world.clock.now())) - world.clock.now();
    let wait = 0;
    const gate = at('CreateTable', 'after', async () => {
      await take('a', 'ROLLING_BACK');
      wait = await quietSeconds();
    });
    await expect(ensure(gate)).rejects.toThrow(RunClosedError);
    expect(wait).toBe(30_000);
    expect(await quietSeconds()).toBeLessThanOrEqual(0);
    expect(await existingTables(world.observer)).toEqual(['cart']);
  });

  it('keeps its roll back waiting for a minute when CreateTable got no answer', async () => {
    const run = await begunRun(world, 'a');
    const gate: Gate = (name, send) =>
      name === 'CreateTable' ? Promise.reject(new Error('no answer')) : send();
    await expect(ensure(gate)).rejects.toThrow('no answer');
    const quietAt = await quietTimeOf(world.observer, run, world.clock.now());
    expect(quietAt - world.clock.now()).toBe(60_000);
  });

  it("leaves the next run's table alone, however late it wakes up", async () => {
    await begunRun(world, 'a');
    const gate = at('CreateTable', 'after', async () => {
      await take('a', 'ROLLING_BACK');
      await remove();
      await take('a', 'ROLLED_BACK');
      await begunRun(world, 'b');
      await ensure(undefined, 'b');
    });
    await expect(ensure(gate)).rejects.toThrow(RunClosedError);
    expect(await records('b')).toMatchObject([{ name: 'cart', outcome: 'CREATED' }]);
    expect(await existingTables(world.observer)).toEqual(['cart']);
  });

  it('ends at once when its roll back has taken the table away already', async () => {
    await begunRun(world, 'a');
    const gate = at('CreateTable', 'after', async () => {
      await take('a', 'ROLLING_BACK');
      await remove();
    });
    await expect(ensure(gate)).rejects.toThrow(RunClosedError);
  });
});

describe('a table that is there', () => {
  it('is left as it is when its keys are right', async () => {
    await create();
    const before = await describeTable(world.observer.clients.dynamo, 'cart');
    world.clock.advance(before?.CreationDateTime?.getTime() ?? 0);
    await begunRun(world, 'a');
    expect(await ensure()).toEqual({ name: 'cart', outcome: 'EXISTED' });
    expect(await records()).toMatchObject([{ outcome: 'EXISTED', tableId: before?.TableId }]);
  });

  it('stays EXISTED for the run, called again', async () => {
    await create({ 'migration:run': 'earlier', 'migration:stage': 'test' });
    await begunRun(world, 'a');
    await ensure();
    expect(await ensure()).toEqual({ name: 'cart', outcome: 'EXISTED' });
  });

  it('stops the run when its keys are others', async () => {
    const { dynamo } = world.observer.clients;
    await dynamo.send(
      new CreateTableCommand({
        TableName: 'cart',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        Tags: [{ Key: 'owner', Value: 'shop' }],
      }),
    );
    await begunRun(world, 'a');
    await expect(ensure()).rejects.toThrow(TableSchemaMismatchError);
  });

  it('stops the run when it belongs to another stage', async () => {
    await create({
      'migration:run': 'earlier',
      'migration:service': 'products-migration',
      'migration:stage': 'prod',
    });
    await begunRun(world, 'a');
    await expect(ensure()).rejects.toThrow(ForeignStageTableError);
  });

  it('is missed at once when the run had it and somebody deleted it', async () => {
    await begunRun(world, 'a');
    await ensure();
    await remove();
    await expect(ensure()).rejects.toThrow(TableUnavailableError);
  });
});
