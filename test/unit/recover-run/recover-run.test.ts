import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withMappings } from '../../support/fake-mappings.ts';
import { recoverRuns } from '../../../functions/recover-run/recover-run.ts';
import { recoveryName } from '../../../functions/recover-run/start-recovery.ts';
import { beginRun } from '../../../functions/shared/ledger/begin.ts';
import { runKey, VERSIONED } from '../../../functions/shared/ledger/ledger-table.ts';
import { type Run, type RunStatus, readRun } from '../../../functions/shared/ledger/run.ts';
import { noteDone } from '../../../functions/shared/ledger/run-update.ts';
import { announceTable, recordTable } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import {
  begunRun,
  executionArn,
  sampleHolder,
  sampleNewRun,
  sampleStart,
  longTurn,
} from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

const recover = () => recoverRuns(withMappings(world.observer), longTurn);
const set = (name: string, status: string, machine: 'migrate' | 'rollback' = 'migrate') =>
  void world.stepFunctions.executions.set(executionArn(name, machine), status);

async function moved(to: RunStatus, facts: Partial<Run> = {}): Promise<Run> {
  const run = await readRun(world.observer.ledger, 'a');
  const lock = to === 'SUCCEEDED' ? 'release' : 'take';
  const after = await transition(world.observer.ledger, { run, to, lock, writer: to, facts });
  if (after === undefined) throw new Error(`not ${to}`);
  return after;
}

describe('the name of a roll back that recovers', () => {
  it('says which run, and the how manieth attempt', () => {
    expect(recoveryName('run-a', 3)).toBe('recover-run-a-3');
  });

  it('stays within 80 characters for a run id of 80, and keeps two such apart', () => {
    const [one, other] = [`${'x'.repeat(79)}1`, `${'x'.repeat(79)}2`];
    expect(recoveryName(one, 12).length).toBeLessThanOrEqual(80);
    expect(recoveryName(one, 1)).not.toBe(recoveryName(other, 1));
    expect(recoveryName(one, 1)).not.toBe(recoveryName(one, 2));
    expect(recoveryName(one, 1)).toMatch(/^[A-Za-z0-9_-]+$/);
  });
});

describe('recovering runs', () => {
  it('leaves a run alone whose execution lives', async () => {
    await begunRun(world, 'a');
    expect(await recover()).toEqual({ examined: 1, started: [] });
  });

  it.each(['ABORTED', 'FAILED', 'TIMED_OUT', 'SUCCEEDED'])(
    'starts the roll back of a run whose execution is %s',
    async (status) => {
      await begunRun(world, 'a');
      set('a', status);
      expect(await recover()).toEqual({ examined: 1, started: ['recover-a-1'] });
      expect(world.stepFunctions.started).toEqual([
        { name: 'recover-a-1', input: '{"runId":"a","recover":true}' },
      ]);
    },
  );

  it.each([
    ['us-gov-west-1', 'aws-us-gov'],
    ['cn-north-1', 'aws-cn'],
  ])('starts the machine of its own region and partition, %s', async (region, partition) => {
    await begunRun(world, 'a');
    set('a', 'ABORTED');
    const { config, accountId } = world.observer;
    await recoverRuns(withMappings({ ...world.observer, config: { ...config, region } }), longTurn);
    expect([...world.stepFunctions.executions.keys()]).toContain(
      `arn:${partition}:states:${region}:${accountId}:execution:${config.service}-${config.stage}-rollback:recover-a-1`,
    );
  });

  it('starts it for an execution that Step Functions does not know any more', async () => {
    await begunRun(world, 'a');
    world.stepFunctions.executions.clear();
    expect((await recover()).started).toEqual(['recover-a-1']);
  });

  it('starts nothing twice, called again or at the same time', async () => {
    await begunRun(world, 'a');
    set('a', 'ABORTED');
    await Promise.all([recover(), recover(), recover()]);
    await recover();
    expect(world.stepFunctions.started).toHaveLength(1);
  });

  it('starts the next attempt when the last one died', async () => {
    await begunRun(world, 'a');
    set('a', 'ABORTED');
    await recover();
    set('recover-a-1', 'TIMED_OUT', 'rollback');
    expect((await recover()).started).toEqual(['recover-a-2']);
  });

  it('leaves a roll back alone that is under way, and takes over from a dead one', async () => {
    await begunRun(world, 'a');
    set('a', 'ABORTED');
    set('by-hand', 'RUNNING', 'rollback');
    await moved('ROLLING_BACK', { recoveryOwner: executionArn('by-hand', 'rollback') });
    expect((await recover()).started).toEqual([]);
    set('by-hand', 'ABORTED', 'rollback');
    expect((await recover()).started).toEqual(['recover-a-1']);
  });

  describe('a run that is older than 200 others', () => {
    /** What begins 200 other runs, such as a compare every hour. */
    async function after200Others(): Promise<void> {
      const { client, tableName } = world.observer.ledger;
      for (let batch = 0; batch < 8; batch += 1) {
        const requests = Array.from({ length: 25 }, (_, index) => {
          const number = 25 * batch + index;
          const startedAt = new Date(Date.parse(sampleStart) + 3_600_000 * (1 + number)).toISOString();
          const other = { ...sampleNewRun(`other-${number}`, { startedAt }), status: 'ROLLED_BACK' };
          return {
            PutRequest: {
              Item: { ...runKey(other.runId), ...VERSIONED, entity: 'RUN', warnings: [], ...other },
            },
          };
        });
        await client.send(new BatchWriteCommand({ RequestItems: { [tableName]: requests } }));
      }
    }

    it.each(['RUNNING', 'ROLLING_BACK'] as const)(
      'is recovered where it was begun again (%s) and its execution has died',
      async (to) => {
        await begunRun(world, 'a');
        await noteDone(world.observer.ledger, await moved('HELD'), 'reporting');
        await after200Others();
        set('a', 'FAILED');
        set('again', 'ABORTED', 'rollback');
        const execution = executionArn('again', 'rollback');
        await moved(to, { executionArn: execution, recoveryOwner: execution });
        expect((await recover()).started).toEqual(['recover-a-1']);
      },
    );

    it('is opened where that has failed before', async () => {
      const { ledger } = world.observer;
      const { executionArn: arn } = await begunRun(world, 'a');
      await announceTable(ledger, { runId: 'a', executionArn: arn, name: 'cart', now: 1, outcome: 'INTENT' });
      await recordTable(ledger, 'a', { name: 'cart', outcome: 'CREATED', tableId: '1', access: 'CLOSED' });
      await moved('SUCCEEDED', { opening: 'PENDING', finishedAt: sampleStart });
      const refusing = world.runtime(async (operation, send) => {
        if (!operation.endsWith('ResourcePolicy')) return send();
        world.clock.advance(120_001);
        throw Object.assign(new Error('denied'), { name: 'AccessDeniedException' });
      });
      await recoverRuns(withMappings(refusing), longTurn);
      await after200Others();
      expect(await readRun(ledger, 'a')).toMatchObject({ opening: 'PENDING' });
      await recover();
      expect(await readRun(ledger, 'a')).toMatchObject({ opening: 'DONE' });
    });
  });

  it('leaves a held run held, whatever became of its execution', async () => {
    await begunRun(world, 'a');
    set('a', 'FAILED');
    await noteDone(world.observer.ledger, await moved('HELD'), 'reporting');
    expect((await recover()).started).toEqual([]);
  });

  it('has the report written of a run whose last call died before it, for a day', async () => {
    await begunRun(world, 'a');
    await moved('HELD', { finishedAt: new Date(world.clock.now()).toISOString() });
    expect((await recover()).started).toEqual([]);
    set('a', 'FAILED');
    expect((await recover()).started).toEqual(['recover-a-1']);
    set('recover-a-1', 'TIMED_OUT', 'rollback');
    expect((await recover()).started).toEqual(['recover-a-2']);
    set('recover-a-2', 'TIMED_OUT', 'rollback');
    world.clock.advance(24 * 3_600_000 + 1);
    expect((await recover()).started).toEqual([]);
  });

  it('finds a step called alone once its time is up, not before', async () => {
    const holder = sampleHolder('a', { executionArn: 'manual:a', expiresAt: world.clock.now() + 10_000 });
    await beginRun(world.observer.ledger, sampleNewRun('a', { kind: 'manual' }), holder);
    expect((await recover()).started).toEqual([]);
    world.clock.advance(10_001);
    expect((await recover()).started).toEqual(['recover-a-1']);
  });

  it('finishes the protection of a run whose CompleteRun died after its commit, a quarter of an hour later', async () => {
    await begunRun(world, 'a');
    const finishedAt = new Date(world.clock.now()).toISOString();
    await moved('SUCCEEDED', { protection: 'PENDING', finishedAt });
    await recover();
    expect(await readRun(world.observer.ledger, 'a')).toMatchObject({ protection: 'PENDING' });
    world.clock.advance(900_001);
    await recover();
    expect(await readRun(world.observer.ledger, 'a')).toMatchObject({ protection: 'DONE' });
  });

  it('tries again for a day what a young table does not take yet', async () => {
    const { executionArn: arn } = await begunRun(world, 'a');
    const { ledger } = world.observer;
    await announceTable(ledger, { runId: 'a', executionArn: arn, name: 'cart', now: 1, outcome: 'INTENT' });
    await recordTable(ledger, 'a', { name: 'cart', outcome: 'CREATED', tableId: '1' });
    const finishedAt = new Date(world.clock.now()).toISOString();
    await moved('SUCCEEDED', { protection: 'PENDING', finishedAt });
    const done = { output: { $metadata: {} }, response: {} };
    let isYoung = true;
    const runtime = world.runtime(async (operation, send) => {
      if (operation === 'UpdateTable') return done;
      if (operation !== 'UpdateContinuousBackups') return send();
      if (!isYoung) return done;
      world.clock.advance(60_001);
      throw Object.assign(new Error('busy'), { name: 'ContinuousBackupsUnavailableException' });
    });
    world.clock.advance(900_001);
    await recoverRuns(withMappings(runtime), longTurn);
    expect(await readRun(ledger, 'a')).toMatchObject({
      protection: 'PENDING',
      warnings: [expect.stringContaining('tried again every 15 minutes')],
    });
    isYoung = false;
    await recoverRuns(withMappings(runtime), longTurn);
    expect(await readRun(ledger, 'a')).toMatchObject({ protection: 'DONE' });
  });

  it('does not try again what the endpoint does not offer, and says so', async () => {
    const { executionArn: arn } = await begunRun(world, 'a');
    const { ledger } = world.observer;
    await announceTable(ledger, { runId: 'a', executionArn: arn, name: 'cart', now: 1, outcome: 'INTENT' });
    await recordTable(ledger, 'a', { name: 'cart', outcome: 'CREATED', tableId: '1' });
    const finishedAt = new Date(world.clock.now()).toISOString();
    await moved('SUCCEEDED', { protection: 'PENDING', finishedAt });
    const runtime = world.runtime(async (operation, send) => {
      if (!operation.startsWith('Update') || operation === 'UpdateItem') return send();
      throw Object.assign(new Error('no such call'), { name: 'UnknownOperationException' });
    });
    world.clock.advance(900_001);
    await recoverRuns(withMappings(runtime), longTurn);
    expect(await readRun(ledger, 'a')).toMatchObject({
      protection: 'DONE',
      warnings: [
        'This endpoint offers no deletion protection. Without it: cart.',
        'This endpoint offers no point-in-time recovery. Without it: cart.',
      ],
    });
  });

  it('recovers the others when one run cannot be', async () => {
    await begunRun(world, 'a');
    await begunRun(world, 'b', { sourceTable: 'other', startedAt: '2026-05-01T00:00:01.000Z' });
    set('a', 'ABORTED');
    set('b', 'AccessDeniedException');
    await expect(recover()).rejects.toThrow('AccessDeniedException');
    expect(world.stepFunctions.started.map(({ name }) => name)).toContain('recover-a-1');
  });
});
