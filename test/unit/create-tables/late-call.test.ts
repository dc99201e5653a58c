import { GetResourcePolicyCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { closingPolicy } from '../../../functions/shared/aws/table-policy.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { listTables, type TableRecord } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { finishOpening } from '../../../functions/shared/runs/finish-opening.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import { type FakePolicies, fakePolicies } from '../../support/fake-policies.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn } from '../../support/sample-run.ts';

let world: LedgerWorld;
let fake: FakePolicies;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  fake = fakePolicies(world, { commandMillis: 100 });
});
afterAll(() => world.stop());

const ensure = (runtime: Runtime) =>
  ensureTable(runtime, { spec: cartTable, runId: 'a', executionArn: executionArn('a') });
const record = async (): Promise<Partial<TableRecord>> =>
  (await listTables(world.observer.ledger, 'a'))[0] ?? {};

/** CompleteRun commits the run and opens its table. */
async function commitAndOpen(): Promise<void> {
  const { ledger } = world.observer;
  const run = await readRun(ledger, 'a');
  const facts = { opening: 'PENDING' } as const;
  await transition(ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: 'complete', facts });
  await finishOpening(fake.runtime, await readRun(ledger, 'a'));
}

/** Does something when a call first looks at the policy of its table: the last thing that it does before it records. */
function atLastLook(act: () => Promise<unknown>): Runtime {
  const { clients } = fake.runtime;
  let isDone = false;
  const send = async (command: object): Promise<unknown> => {
    const answer: unknown = await clients.tables.send(command as never);
    if (!(command instanceof GetResourcePolicyCommand) || isDone) return answer;
    isDone = true;
    await act();
    return answer;
  };
  const tables = Object.assign(Object.create(clients.tables) as typeof clients.tables, { send });
  return { ...fake.runtime, clients: { ...clients, tables } };
}

describe('a call that records its table only after the run was committed and the table opened', () => {
  beforeEach(async () => {
    await begunRun(world, 'a');
    const tableArn = 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/cart';
    fake.policies.set(tableArn, closingPolicy({ runId: 'a', tableArn, writer: 'products-migration-test' }));
    await ensure(fake.runtime);
  });

  it('leaves it recorded as open', async () => {
    await ensure(atLastLook(commitAndOpen));
    expect(await record()).toMatchObject({ outcome: 'CREATED', access: 'OPEN' });
  });

  it('leaves it recorded as open also where another call has taken over from it', async () => {
    const overtaken = atLastLook(async () => {
      await ensure(fake.runtime);
      await commitAndOpen();
    });
    await ensure(overtaken);
    expect(await record()).toMatchObject({ outcome: 'CREATED', access: 'OPEN' });
  });

  it('lets go of its claim', async () => {
    await ensure(atLastLook(commitAndOpen));
    expect(await record()).not.toHaveProperty('claim');
  });
});
