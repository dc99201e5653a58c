import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeForRollBack } from '../../../functions/roll-back/close-table.ts';
import { keepNet } from '../../../functions/roll-back/keep-net.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import {
  announceTable,
  listTables,
  recordTable,
  type TableRecord,
} from '../../../functions/shared/ledger/table-record.ts';
import { closingPolicy, isClosed, isClosedBy } from '../../../functions/shared/aws/table-policy.ts';
import { awsError, type FakePolicies, fakePolicies } from '../../support/fake-policies.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn } from '../../support/sample-run.ts';

const tableArn = 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/orders';
const closure = { runId: 'a', tableArn };
const table = { TableName: 'orders', TableId: 'id', TableStatus: 'ACTIVE' } as const;
const TOO_YOUNG = awsError('ContinuousBackupsUnavailableException');
const fence = { check: () => Promise.resolve() };

let world: LedgerWorld;
let fake: FakePolicies;
let run: Run;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  fake = fakePolicies(world);
  run = { ...(await begunRun(world, 'a')), rolledBackFrom: 'SUCCEEDED', markedAt: world.clock.now() };
  const { ledger } = world.observer;
  const announced = { runId: 'a', executionArn: executionArn('a'), name: 'orders', now: 1 } as const;
  await announceTable(ledger, { ...announced, outcome: 'INTENT' });
  await recordTable(ledger, 'a', { name: 'orders', outcome: 'CREATED', tableId: 'id', tableArn });
});
afterAll(() => world.stop());

async function recorded(): Promise<TableRecord> {
  const [record] = await listTables(world.observer.ledger, 'a');
  if (record === undefined) throw new Error('nothing is recorded');
  return record;
}

const close = async (from: Run['status'] = 'SUCCEEDED') =>
  closeForRollBack(fake.runtime, {
    run: { ...run, rolledBackFrom: from },
    fence,
    record: await recorded(),
    isInUse: from === 'SUCCEEDED',
  });
const net = async () => keepNet(fake.runtime, { run, fence, record: await recorded(), table });
const warnings = async () => (await readRun(world.observer.ledger, 'a')).warnings;

describe('a table of a run that succeeded', () => {
  it('is closed to everybody, and looked into only a minute later', async () => {
    expect(await close()).toEqual({ kind: 'wait', seconds: 60 });
    expect(isClosedBy(fake.policies.get(tableArn), closure)).toBe(true);
    world.clock.advance(54_000);
    expect(await close()).toMatchObject({ kind: 'wait' });
    world.clock.advance(10_000);
    expect(await close()).toEqual({ kind: 'closed' });
    expect(fake.sent.filter((name) => name === 'PutResourcePolicy')).toHaveLength(1);
  });

  it('is closed again, and waited for again, when somebody has opened it meanwhile', async () => {
    await close();
    world.clock.advance(120_000);
    fake.policies.delete(tableArn);
    expect(await close()).toEqual({ kind: 'wait', seconds: 60 });
  });

  it('has a report that says that a window is left', async () => {
    await close();
    world.clock.advance(120_000);
    await close();
    expect(await warnings()).toEqual([expect.stringContaining('does not rule it out')]);
  });

  it('is open for good when the endpoint has no resource policies', async () => {
    const record = await recorded();
    expect(await closeForRollBack(world.observer, { run, fence, record, isInUse: true })).toEqual({
      kind: 'open',
    });
  });
});

describe('a table of a run that failed', () => {
  it('has been closed since its creation', async () => {
    await recordTable(world.observer.ledger, 'a', { name: 'orders', outcome: 'CREATED', access: 'CLOSED' });
    fake.policies.set(tableArn, closingPolicy({ ...closure, writer: 'w' }));
    expect(await close('RUNNING')).toEqual({ kind: 'closed' });
    expect(isClosed(fake.policies.get(tableArn))).toBe(true);
  });

  it('is closed to everybody, and looked into only a minute later, when nobody has closed it', async () => {
    expect(await close('RUNNING')).toEqual({ kind: 'wait', seconds: 60 });
    expect(isClosedBy(fake.policies.get(tableArn), closure)).toBe(true);
    world.clock.advance(54_000);
    expect(await close('RUNNING')).toMatchObject({ kind: 'wait' });
    world.clock.advance(10_000);
    expect(await close('RUNNING')).toEqual({ kind: 'closed' });
  });

  it('is closed to everybody when somebody has taken the policy off', async () => {
    await recordTable(world.observer.ledger, 'a', { name: 'orders', outcome: 'CREATED', access: 'CLOSED' });
    expect(await close('RUNNING')).toEqual({ kind: 'wait', seconds: 60 });
  });

  it('stays open where nobody may put a policy', async () => {
    fake.fail(
      'PutResourcePolicy',
      Array.from({ length: 100 }, () => awsError('AccessDeniedException')),
    );
    expect(await close('RUNNING')).toEqual({ kind: 'open' });
    expect(fake.policies.size).toBe(0);
  });
});

describe('what is left of a table that goes', () => {
  it('is the system backup that DynamoDB makes of one with point-in-time recovery', async () => {
    fake.recoverable.add('orders');
    expect(await net()).toMatchObject({ kind: 'ready' });
    expect(fake.backups).toEqual([]);
    expect(await recorded()).toMatchObject({ net: 'SYSTEM_BACKUP' });
  });

  it('is else one backup, which has to be AVAILABLE before the table may go', async () => {
    expect(await net()).toEqual({ kind: 'wait' });
    expect(await net()).toEqual({ kind: 'wait' });
    expect(await recorded()).toMatchObject({ net: 'BACKUP', backupArn: 'arn:backup/1' });
    for (const backup of fake.backups) backup.BackupStatus = 'AVAILABLE';
    expect(await net()).toEqual({ kind: 'ready', remark: 'its backup is arn:backup/1' });
    expect(fake.backups).toHaveLength(1);
  });

  it('is the same backup when the answer to its request was lost', async () => {
    fake.fail('CreateBackup', [Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })], 'after');
    expect(await net()).toEqual({ kind: 'wait' });
    expect(fake.backups).toHaveLength(1);
    expect(await recorded()).toMatchObject({ backupArn: 'arn:backup/1' });
  });

  it('is the same backup when the call that made it died before it was recorded', async () => {
    fake.fail('CreateBackup', [new Error('killed')], 'after');
    await expect(net()).rejects.toThrow('killed');
    expect(await net()).toEqual({ kind: 'wait' });
    expect(fake.backups).toHaveLength(1);
  });

  it('is waited for while another backup of the table is in progress', async () => {
    fake.fail('CreateBackup', [awsError('BackupInUseException'), awsError('BackupInUseException')]);
    expect(await net()).toEqual({ kind: 'wait' });
    expect(fake.backups).toHaveLength(1);
  });

  it('is waited for while DynamoDB has not enabled backups of a young table', async () => {
    fake.fail('CreateBackup', [TOO_YOUNG, TOO_YOUNG]);
    expect(await net()).toEqual({ kind: 'wait' });
    expect(await net()).toEqual({ kind: 'wait' });
    expect(fake.backups).toEqual([]);
    await net();
    for (const backup of fake.backups) backup.BackupStatus = 'AVAILABLE';
    expect(await net()).toEqual({ kind: 'ready', remark: 'its backup is arn:backup/1' });
    expect(await recorded()).toMatchObject({ net: 'BACKUP' });
  });

  it('fails if DynamoDB has not enabled backups after ten minutes, and another roll back waits again', async () => {
    fake.fail('CreateBackup', [TOO_YOUNG, TOO_YOUNG, TOO_YOUNG]);
    expect(await net()).toEqual({ kind: 'wait' });
    world.clock.advance(11 * 60_000);
    await expect(net()).rejects.toThrow('ContinuousBackupsUnavailableException');
    run = { ...run, markedAt: world.clock.now() };
    expect(await net()).toEqual({ kind: 'wait' });
  });

  it('is not a backup of an earlier table of that name', async () => {
    const earlier = fakePolicies(world, { tableId: () => 'another' });
    await keepNet(earlier.runtime, { run, fence, record: await recorded(), table });
    fake.backups.push(...earlier.backups.map((backup) => ({ ...backup, BackupArn: 'arn:backup/earlier' })));
    const record = { ...(await recorded()), backupArn: undefined };
    const { backupArn: _earlier, ...unrecorded } = record;
    await keepNet(fake.runtime, { run, fence, record: unrecorded, table });
    expect(fake.backups).toHaveLength(2);
  });

  it('is nothing when the endpoint offers no backups, and the report says so', async () => {
    const record = await recorded();
    expect(await keepNet(world.observer, { run, fence, record, table })).toMatchObject({ kind: 'ready' });
    expect(await recorded()).toMatchObject({ net: 'NOT_OFFERED' });
    // It may be kept: whether it holds something of others is looked at later.
    expect(await warnings()).toEqual([
      'Table orders was rolled back without a DynamoDB backup of it, because this endpoint offers none.',
    ]);
  });
});
