import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { tableKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { findLock } from '../../../functions/shared/ledger/lock.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import type { RollBackTurn } from '../../../functions/shared/state.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { ensureBlueprint, ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import { EMPTY_DIGEST } from '../../../functions/shared/items/digest.ts';
import { createLedgerWorld, type LedgerWorld, existingTables } from '../../support/ledger-world.ts';
import { begunRun, executionArn, longTurn, removeByHand, sampleExecution } from '../../support/sample-run.ts';
import {
  failedInput,
  migrateBench,
  shopItem,
  sizedProducts,
  snapshot,
  targetName,
} from '../migrate/migrate-bench.ts';

/** A call whose sandbox dies after so many writes to the ledger. */
function dyingAfter(runtime: Runtime, writes: number): Runtime {
  const { client } = runtime.ledger;
  let left = writes;
  const send = (command: object): Promise<unknown> => {
    const isWrite = /^(Put|Update|TransactWrite)/.test(command.constructor.name);
    if (left === 0) return Promise.reject(Object.assign(new Error('dead'), { name: 'Killed' }));
    if (isWrite) left -= 1;
    return client.send(command as never);
  };
  const dying = Object.assign(Object.create(client) as typeof client, { send });
  return { ...runtime, ledger: { ...runtime.ledger, client: dying } };
}

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

async function rolledBack(name: string, runtime = world.observer): Promise<RollBackTurn> {
  world.stepFunctions.executions.set(executionArn(name, 'rollback'), 'RUNNING');
  const execution = sampleExecution(name, 'rollback');
  for (;;) {
    const turn = await rollBack(runtime, { machine: 'rollback', execution, input: { runId: 'a' } }, longTurn);
    if (turn.done) return turn;
    world.clock.advance(turn.waitSeconds * 1_000);
  }
}

describe('a table whose record somebody has removed from the ledger by hand', () => {
  beforeEach(async () => {
    const backup = { backupId: 'b', uri: 's3://b', files: 1, items: 1, bytes: 1, digest: EMPTY_DIGEST };
    await begunRun(world, 'a', { backup });
    await ensureTable(world.runtime(), { spec: cartTable, runId: 'a', executionArn: executionArn('a') });
    const { client, tableName: TableName } = world.observer.ledger;
    await client.send(new DeleteCommand({ TableName, Key: tableKey('a', 'cart') }));
    world.stepFunctions.executions.set(executionArn('a'), 'ABORTED');
  });

  it('is kept and named, and the lock is released', async () => {
    const turn = await rolledBack('r');
    expect(turn).toMatchObject({ end: 'ROLLBACK_FAILED' });
    expect(turn.cause).toContain('cart was kept, because it carries the tag migration:run = a');
    expect(turn.cause).toContain(
      '\nLook into table cart, which others may write to again, and delete it only if nobody needs it:\naws dynamodb delete-table --table-name arn:aws:dynamodb:ap-southeast-2:123456789012:table/cart --region ap-southeast-2\n',
    );
    expect(turn.report).toMatchObject({ tables: [{ name: 'cart', outcome: 'KEPT' }] });
    expect(await existingTables(world.observer)).toEqual(['cart']);
    expect(await findLock(world.observer.ledger, 'products')).toBeUndefined();
  });

  it('is kept and named by the next turn as well, if the one that has noted it dies', async () => {
    let isNoted = false;
    const dying = world.runtime(async (operation, send) => {
      if (isNoted) throw new Error('killed');
      const answer = await send();
      isNoted = operation === 'PutItem';
      return answer;
    });
    await expect(rolledBack('r', dying)).rejects.toThrow('killed');
    expect(await rolledBack('r')).toMatchObject({
      end: 'ROLLBACK_FAILED',
      cause: expect.stringContaining('cart was kept') as string,
    });
    expect(await existingTables(world.observer)).toEqual(['cart']);
  });

  it('is deleted by a second roll back, which finds it noted', async () => {
    await rolledBack('r');
    world.clock.advance(1_000);
    expect(await rolledBack('again')).toMatchObject({ end: 'ROLLED_BACK' });
    expect(await existingTables(world.observer)).toEqual([]);
  });
});

describe('the table of a restore whose record somebody has removed by hand', () => {
  it('is kept and named', async () => {
    const name = 'products-restored-x';
    const backupId = '01777593600000-0a1b2c3d';
    const details = { backupId, targetTable: name };
    const run = await begunRun(world, 'a', { kind: 'restore', lockTable: name, details });
    const runtime = world.runtime();
    const blueprint = {
      name,
      input: (tags: Readonly<Record<string, string>>) => createTableInput(cartTable, { name, tags }),
      differences: () => [],
    };
    await ensureBlueprint(runtime, { blueprint, run, executionArn: executionArn('a') });
    await removeByHand(world.observer.ledger, tableKey('a', name));
    world.stepFunctions.executions.set(executionArn('a'), 'ABORTED');
    const turn = await rolledBack('r');
    expect(turn).toMatchObject({ end: 'ROLLBACK_FAILED' });
    expect(turn.cause).toContain(`${name} was kept, because it carries the tag migration:run = a`);
  });
});

describe('a table that existed before the run, and whose record somebody has removed by hand', () => {
  it('is named in the report also where a call dies as it notes the table again', async () => {
    const bench = await migrateBench({ products: sizedProducts(3), existing: [shopItem] });
    try {
      await bench.migrate();
      await removeByHand(bench.runtime.ledger, tableKey('run-1', targetName));
      let turn: RollBackTurn | undefined;
      // Whatever the call sends to the ledger last: the next one goes on from there.
      for (let allowed = 1; turn?.done !== true && allowed < 200; allowed += 1)
        turn = await rollBack(dyingAfter(bench.runtime, allowed), failedInput(), longTurn).catch(
          () => undefined,
        );
      expect(turn).toMatchObject({
        end: 'ROLLED_BACK',
        report: {
          warnings: expect.arrayContaining([
            expect.stringContaining(`no longer had the record of table ${targetName}`),
          ]) as string[],
        },
      });
    } finally {
      await bench.stop();
    }
  });

  it('is as it was before after the roll back', async () => {
    const bench = await migrateBench({ products: sizedProducts(3), existing: [shopItem] });
    try {
      const before = await snapshot(bench);
      await bench.migrate();
      await removeByHand(bench.runtime.ledger, tableKey('run-1', targetName));
      let turn: RollBackTurn;
      do turn = await rollBack(bench.runtime, failedInput(), longTurn);
      while (!turn.done);
      expect(await snapshot(bench)).toBe(before);
      expect(turn).toMatchObject({
        end: 'ROLLED_BACK',
        report: {
          rolledBack: { deleted: 14 },
          tables: [{ name: targetName, outcome: 'EXISTED' }],
          warnings: [expect.stringContaining(`no longer had the record of table ${targetName}`)],
        },
      });
    } finally {
      await bench.stop();
    }
  });
});
