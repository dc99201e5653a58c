import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recoverRuns } from '../../../functions/recover-run/recover-run.ts';
import { closingPolicy } from '../../../functions/shared/aws/table-policy.ts';
import { beginRun } from '../../../functions/shared/ledger/begin.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { announceTable, recordTable } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { type FakeMapping, withMappings } from '../../support/fake-mappings.ts';
import { awsError, type FakePolicies, fakePolicies } from '../../support/fake-policies.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { sampleHolder, sampleNewRun } from '../../support/sample-run.ts';

let world: LedgerWorld;
let fake: FakePolicies;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  fake = fakePolicies(world, { commandMillis: 100 });
});
afterAll(() => world.stop());

const arnOf = (name: string): string => `arn:aws:dynamodb:ap-southeast-2:123456789012:table/${name}`;

/** A run that was committed an hour ago, whose own table is neither open nor protected. */
async function committed(runId: string): Promise<void> {
  const { ledger } = world.observer;
  const name = `table-of-${runId}`;
  const holder = sampleHolder(runId);
  await beginRun(ledger, sampleNewRun(runId, { sourceTable: `source-of-${runId}` }), holder);
  const announced = { runId, executionArn: holder.executionArn, name, now: 1 } as const;
  await announceTable(ledger, { ...announced, outcome: 'INTENT' });
  const facts = { tableId: 'id', tableArn: arnOf(name), access: 'CLOSED', policyRevision: 'r' } as const;
  await recordTable(ledger, runId, { name, outcome: 'CREATED', ...facts });
  fake.policies.set(arnOf(name), closingPolicy({ runId, tableArn: arnOf(name), writer: 'w' }));
  const finishedAt = new Date(world.clock.now() - 3_600_000).toISOString();
  await transition(ledger, {
    run: await readRun(ledger, runId),
    to: 'SUCCEEDED',
    lock: 'release',
    writer: 'commit',
    facts: { opening: 'PENDING', protection: 'PENDING', finishedAt },
  });
}

/** The role may not change these runs' tables for good, as where somebody has taken their tags off. */
function refusing(...runIds: readonly string[]): Runtime {
  const { runtime } = fake;
  const { dynamo } = runtime.clients;
  const send = async (command: { readonly input: { ResourceArn?: string; TableName?: string } }) => {
    const { ResourceArn, TableName = ResourceArn } = command.input;
    if (!runIds.some((runId) => TableName?.endsWith(`table-of-${runId}`)))
      return dynamo.send(command as never);
    world.clock.advance(100);
    throw awsError('AccessDeniedException');
  };
  const clock = {
    now: () => world.clock.now(),
    sleep: async (millis: number) => world.clock.advance(millis),
  };
  const refusingDynamo = Object.assign(Object.create(dynamo) as DynamoDBClient, { send });
  return { ...runtime, clock, clients: { ...runtime.clients, dynamo: refusingDynamo } };
}

const orphan = (): FakeMapping => ({
  mappingId: 'orphan',
  functionArn: 'arn:aws:lambda:ap-southeast-2:123456789012:function:products-migration-test-syncProducts',
  state: 'Enabled',
  streamArn: 'stream',
});

function callWith(ownRuntime: Runtime, limitMillis = 300_000) {
  const begunAt = world.clock.now();
  const runtime = withMappings(ownRuntime, [orphan()]);
  const remainingMillis = (): number => begunAt + limitMillis - world.clock.now();
  return { runtime, remainingMillis, call: () => recoverRuns(runtime, { remainingMillis }) };
}

const openingsOf = (runIds: readonly string[]) =>
  Promise.all(runIds.map(async (runId) => (await readRun(world.observer.ledger, runId)).opening));

describe('a call of recoverRun', () => {
  it('ends within its time although the tables of five runs cannot be opened, and deletes orphaned mappings', async () => {
    const runIds = ['a', 'b', 'c', 'd', 'e'];
    for (const runId of runIds) await committed(runId);
    const { runtime, remainingMillis, call } = callWith(refusing(...runIds));
    await call();
    expect(remainingMillis()).toBeGreaterThan(0);
    expect(runtime.mappings.found).toEqual([]);
    expect(await openingsOf(runIds)).toEqual(runIds.map(() => 'PENDING'));
  });

  it('opens the tables of one run within its time although those of four others cannot be opened', async () => {
    for (const runId of ['a', 'b', 'c', 'd', 'e']) await committed(runId);
    const { remainingMillis, call } = callWith(refusing('a', 'b', 'd', 'e'));
    await call();
    expect(remainingMillis()).toBeGreaterThan(0);
    expect(await openingsOf(['b', 'c', 'd'])).toEqual(['PENDING', 'DONE', 'PENDING']);
  });

  it('opens tables however little time it has, and leaves their protection to the next call', async () => {
    await committed('a');
    const first = callWith(fake.runtime, 100_000);
    await first.call();
    expect(fake.policies.size).toBe(0);
    expect(first.runtime.mappings.found).toEqual([]);
    const { ledger } = world.observer;
    expect(await readRun(ledger, 'a')).toMatchObject({ opening: 'DONE', protection: 'PENDING' });
    await callWith(fake.runtime, 100_000).call();
    expect(await readRun(ledger, 'a')).toMatchObject({ protection: 'DONE' });
  });
});
