import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { ForeignStageTableError } from '../../../functions/shared/errors.ts';
import { listTables } from '../../../functions/shared/ledger/table-record.ts';
import { ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import {
  createLedgerWorld,
  dyingAfter,
  existingTables,
  type Gate,
  type LedgerWorld,
} from '../../support/ledger-world.ts';
import { begunRun, executionArn, longTurn, sampleExecution } from '../../support/sample-run.ts';

/** A table with indexes may take longer than its tags are waited for. */
const CREATING_LOOKS = 2;
const LOOK_MILLIS = 45_000;

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld({ closeNewTables: false })));
beforeEach(() => world.reset());
afterAll(() => world.stop());

interface Described {
  readonly output: { readonly Table?: Record<string, unknown> };
}

/** The first looks at a table find it CREATING, as DynamoDB does, which shows no tags until then. */
function creatingSlowly(gate: Gate = (_name, send) => send()): Gate {
  let looks = 0;
  return async (name, send, attempt) => {
    if (name === 'ListTagsOfResource' && looks <= CREATING_LOOKS)
      throw Object.assign(new Error('Requested resource not found'), { name: 'ResourceNotFoundException' });
    const answer = await gate(name, send, attempt);
    if (name !== 'DescribeTable') return answer;
    world.clock.advance(LOOK_MILLIS);
    const { output } = answer as Described;
    if (output.Table !== undefined) looks += 1;
    if (looks > CREATING_LOOKS) return answer;
    const Table = output.Table && { ...output.Table, TableStatus: 'CREATING' };
    return { ...(answer as object), output: { ...output, Table } };
  };
}

const ensure = (gate: Gate) =>
  ensureTable(world.runtime(gate), { spec: cartTable, runId: 'a', executionArn: executionArn('a') });

/** The answer to the first request of this name is lost. */
function losing(operation: string): Gate {
  let isLost = false;
  return async (name, send) => {
    const answer = await send();
    if (name !== operation || isLost) return answer;
    isLost = true;
    throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  };
}

describe('a table that is CREATING, whose tags DynamoDB does not show', () => {
  it("is the run's own where the answer to its creation was lost", async () => {
    await begunRun(world, 'a');
    const gate = creatingSlowly(losing('CreateTable'));
    expect(await ensure(gate)).toEqual({ name: 'cart', outcome: 'CREATED' });
  });

  it('stops the run where it turns out to be of another stage', async () => {
    const tags = { 'migration:service': 'products-migration', 'migration:stage': 'prod' };
    const input = createTableInput(cartTable, { name: 'cart', tags });
    await world.observer.clients.dynamo.send(new CreateTableCommand(input));
    await begunRun(world, 'a');
    await expect(ensure(creatingSlowly())).rejects.toThrow(ForeignStageTableError);
    expect(await listTables(world.observer.ledger, 'a')).toEqual([]);
  });

  it('is waited for by the roll back, which then deletes it', async () => {
    await begunRun(world, 'a');
    await expect(ensure(dyingAfter('CreateTable'))).rejects.toThrow('killed');
    world.stepFunctions.executions.set(executionArn('a'), 'FAILED');
    world.stepFunctions.executions.set(executionArn('r', 'rollback'), 'RUNNING');
    const runtime = world.runtime(creatingSlowly());
    const caller = { machine: 'rollback', execution: sampleExecution('r', 'rollback') } as const;
    let turn = await rollBack(runtime, { ...caller, input: { runId: 'a', confirm: 'a' } }, longTurn);
    for (let turns = 1; !turn.done && turns < 50; turns += 1) {
      world.clock.advance(turn.waitSeconds * 1_000);
      turn = await rollBack(runtime, { ...caller, input: { runId: 'a', confirm: 'a' } }, longTurn);
    }
    expect(turn).toMatchObject({ end: 'ROLLED_BACK' });
    expect(await existingTables(world.observer)).toEqual([]);
  });
});
