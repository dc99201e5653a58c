import {
  CreateTableCommand,
  DeleteTableCommand,
  type TableDescription,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deleteTable, type Doomed } from '../../../functions/roll-back/delete-table.ts';
import type { Contents } from '../../../functions/roll-back/inspection.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { describeTable } from '../../../functions/shared/aws/describe-table.ts';
import { createLedgerWorld, type LedgerWorld, existingTables } from '../../support/ledger-world.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

const nothing: Contents = { kind: 'nothing of the shop' };
const done = (): Promise<void> => Promise.resolve();

async function create(): Promise<TableDescription> {
  const input = createTableInput(cartTable, { name: 'cart', tags: {} });
  await world.observer.clients.dynamo.send(new CreateTableCommand(input));
  return (await describeTable(world.observer.clients.dynamo, 'cart')) ?? {};
}

async function replace(): Promise<TableDescription> {
  await world.observer.clients.dynamo.send(new DeleteTableCommand({ TableName: 'cart' }));
  return create();
}

function remove(
  table: TableDescription,
  lookAgain?: () => Promise<Contents>,
  check: Doomed['fence']['check'] = done,
): Promise<Contents> {
  const deadline = world.clock.now() + 60_000;
  const notes = { noteUnprotected: done, noteDeleting: done };
  return deleteTable(world.observer, { table, fence: { check }, deadline, lookAgain, ...notes });
}

const protect = (DeletionProtectionEnabled: boolean): Promise<unknown> =>
  world.observer.clients.dynamo.send(
    new UpdateTableCommand({ TableName: 'cart', DeletionProtectionEnabled }),
  );

const idNow = async (): Promise<string | undefined> =>
  (await describeTable(world.observer.clients.dynamo, 'cart'))?.TableId;

describe('deleting a table', () => {
  it('deletes the one that was looked into', async () => {
    expect(await remove(await create(), async () => nothing)).toEqual(nothing);
    expect(await existingTables(world.observer)).toEqual([]);
  });

  it('leaves one that somebody has put into its place before', async () => {
    const table = await create();
    const { TableId } = await replace();
    expect(await remove(table)).toEqual(nothing);
    expect(await idNow()).toBe(TableId);
  });

  it('leaves one that somebody has put into its place during the last look, which may take minutes', async () => {
    const table = await create();
    let TableId: string | undefined;
    const look = async (): Promise<Contents> => {
      ({ TableId } = await replace());
      world.clock.advance(120_000);
      return nothing;
    };
    expect(await remove(table, look)).toEqual(nothing);
    expect(await idNow()).toBe(TableId);
  });

  it('leaves one that somebody has put into its place while the ledger answered slowly', async () => {
    const table = await create();
    let TableId: string | undefined;
    const slowly = async (): Promise<void> => {
      if (TableId !== undefined) return;
      ({ TableId } = await replace());
      world.clock.advance(20_000);
    };
    expect(await remove(table, undefined, slowly)).toEqual(nothing);
    expect(await idNow()).toBe(TableId);
  });

  it('leaves one that somebody has put into its place protected as it is', async () => {
    await create();
    await protect(true);
    const table = (await describeTable(world.observer.clients.dynamo, 'cart')) ?? {};
    await protect(false);
    const { TableId } = await replace();
    await protect(true);
    expect(await remove(table)).toEqual(nothing);
    expect(await describeTable(world.observer.clients.dynamo, 'cart')).toMatchObject({
      TableId,
      DeletionProtectionEnabled: true,
    });
  });
});
