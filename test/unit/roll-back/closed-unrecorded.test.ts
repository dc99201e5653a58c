import { CreateTableCommand, GetResourcePolicyCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { describeTable } from '../../../functions/shared/aws/describe-table.ts';
import { closingPolicy } from '../../../functions/shared/aws/table-policy.ts';
import {
  announceTable,
  findTableRecord,
  recordTable,
} from '../../../functions/shared/ledger/table-record.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import type { RollBackTurn } from '../../../functions/shared/state.ts';
import { awsError, type FakePolicies, fakePolicies } from '../../support/fake-policies.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn, longTurn, sampleExecution } from '../../support/sample-run.ts';

let world: LedgerWorld;
let fake: FakePolicies;
let runtime: Runtime;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  fake = fakePolicies(world, { commandMillis: 100 });
  ({ runtime } = fake);
  await begunRun(world, 'a');
  world.stepFunctions.executions.set(executionArn('a'), 'ABORTED');
});
afterAll(() => world.stop());

const arn = 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/cart';
const writer = 'products-migration-test';
const denied = (): Promise<never> => Promise.reject(awsError('AccessDeniedException'));

/** The run has announced its table and created it, and nothing is recorded of it. */
async function created(): Promise<void> {
  const { ledger, clients } = world.observer;
  const by = { runId: 'a', executionArn: executionArn('a'), name: 'cart', now: world.clock.now() };
  await announceTable(ledger, { ...by, outcome: 'INTENT' });
  const tags = { 'migration:run': 'a' };
  await clients.dynamo.send(new CreateTableCommand(createTableInput(cartTable, { name: 'cart', tags })));
}

/** The roll back keeps the table, because it may not look into it. */
function forbidScans(): void {
  runtime = { ...runtime, items: { ...runtime.items, scanPage: denied } };
}

function forbidPolicies(): void {
  const { clients } = runtime;
  const send = (command: object): Promise<unknown> =>
    command instanceof GetResourcePolicyCommand ? denied() : clients.tables.send(command as never);
  const tables = Object.assign(Object.create(clients.tables) as typeof clients.tables, { send });
  runtime = { ...runtime, clients: { ...clients, tables } };
}

/** Takes turns as the machine does, each after the pause that the one before has asked for. */
async function rolledBack(): Promise<RollBackTurn> {
  world.stepFunctions.executions.set(executionArn('r', 'rollback'), 'RUNNING');
  const execution = sampleExecution('r', 'rollback');
  const input = { runId: 'a', confirm: 'a' };
  for (let number = 1; number <= 50; number += 1) {
    const turn = await rollBack(runtime, { machine: 'rollback', execution, input }, longTurn);
    if (turn.done) return turn;
    world.clock.advance(turn.waitSeconds * 1_000);
  }
  throw new Error('The roll back does not end.');
}

const record = () => findTableRecord(world.observer.ledger, { runId: 'a', name: 'cart' });

describe('a kept table whose closing call died before it recorded that', () => {
  it('is opened where the run has created it closed', async () => {
    await created();
    fake.policies.set(arn, closingPolicy({ runId: 'a', tableArn: arn, writer }));
    forbidScans();
    expect(await rolledBack()).toMatchObject({
      end: 'ROLLBACK_FAILED',
      report: { tables: [{ name: 'cart', outcome: 'KEPT', access: 'OPEN' }] },
    });
    expect(fake.policies.size).toBe(0);
  });

  it('is opened where a roll back has closed it to everybody', async () => {
    await created();
    const { ledger, clients } = world.observer;
    const { TableId: tableId = '' } = (await describeTable(clients.dynamo, 'cart')) ?? {};
    await recordTable(ledger, 'a', { name: 'cart', outcome: 'CREATED', tableId, tableArn: arn });
    fake.policies.set(arn, closingPolicy({ runId: 'a', tableArn: arn }));
    const Item = { PK: { S: 'ORDER#1' }, SK: { S: 'METADATA' } };
    await clients.dynamo.send(new PutItemCommand({ TableName: 'cart', Item }));
    expect(await rolledBack()).toMatchObject({ end: 'ROLLED_BACK' });
    expect(await record()).toMatchObject({ outcome: 'KEPT', access: 'OPEN' });
    expect(fake.policies.size).toBe(0);
  });

  it('is named with the command that opens it where its policy cannot be read', async () => {
    await created();
    fake.policies.set(arn, closingPolicy({ runId: 'a', tableArn: arn, writer }));
    forbidScans();
    forbidPolicies();
    await rolledBack();
    const { remark } = (await record()) ?? {};
    expect(remark).toContain(
      ', and may be closed to other writers (AccessDeniedException); open it with: aws dynamodb delete-resource-policy',
    );
  });
});

describe('a kept table that another run has closed', () => {
  it('stays as it is, because the record of this run does not say whose it is', async () => {
    await created();
    fake.policies.set(arn, closingPolicy({ runId: 'b', tableArn: arn, writer }));
    forbidScans();
    await rolledBack();
    expect(fake.policies.size).toBe(1);
  });
});
