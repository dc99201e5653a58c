import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupSegment } from '../../../functions/backup-products/backup-segment.ts';
import { createInDoubt } from '../../../functions/shared/aws/in-doubt.ts';
import { verifyBackup } from '../../../functions/shared/files/verify.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { findShard } from '../../../functions/shared/ledger/shard.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { sealBackup } from '../../../functions/shared/runs/seal-backup.ts';
import { doubtMillisOf, type Runtime, type Turn } from '../../../functions/shared/runtime.ts';
import type { WorkerOutput } from '../../../functions/shared/state.ts';
import { type Bench, longTurn, product, productsTable, sourceTable, startBench } from './backup-bench.ts';
import { backUpAndTransform } from './sealed-bench.ts';

let bench: Bench;
let run: Run;
/** Milliseconds that the bench has waited. */
let waited: number;
/** The call that has sent a data file and knows of no answer. */
let firstCall: Promise<unknown>;
beforeEach(async () => {
  const opened = await startBench();
  waited = 0;
  const clock = { now: () => Date.now() + waited };
  const sleep = async (millis: number): Promise<void> => void (waited += millis);
  const config = { ...opened.runtime.config, fenceWaitSeconds: 30 };
  const inDoubt = createInDoubt(clock, doubtMillisOf(config));
  bench = { ...opened, runtime: { ...opened.runtime, config, clock, sleep, inDoubt } };
  await bench.createTable(productsTable);
  run = await bench.begin('run-1');
});
afterEach(() => bench.stop());

const backUp = (turn: Turn = longTurn(), runtime: Runtime = bench.runtime): Promise<WorkerOutput> =>
  backupSegment(runtime, { runId: run.runId, executionArn: run.executionArn, shard: 0 }, turn);

/**
 * A call sends its data file and gets no answer. The shop removes the product before the next call.
 *
 * @param fail what becomes of the call
 * @returns lands the data file
 */
async function lateFileOf(fail: () => Promise<never>): Promise<() => void> {
  await bench.fill(sourceTable, [product(0)]);
  const sent = Promise.withResolvers<() => void>();
  bench.objects.beforePut = (key, body) => {
    if (!key.includes('/data/')) return undefined;
    sent.resolve(() => void bench.objects.bodies.set(key, body));
    return fail();
  };
  firstCall = backUp().catch(() => undefined);
  const land = await sent.promise;
  if (fail === unanswered) await firstCall;
  bench.objects.beforePut = () => undefined;
  const remove = new DeleteItemCommand({ TableName: sourceTable, Key: { id: { S: 'p-0' } } });
  await bench.runtime.clients.dynamo.send(remove);
  return land;
}

const killed = (): Promise<never> => new Promise(() => undefined);
const unanswered = (): Promise<never> => {
  bench.runtime.inDoubt.note();
  return Promise.reject(Object.assign(new Error('no answer'), { name: 'TimeoutError' }));
};

/** The runtime of the next call. */
const landingAfter = (seconds: number, land: () => void): Runtime => ({
  ...bench.runtime,
  sleep: async (millis) => {
    if (waited < seconds * 1_000 && waited + millis >= seconds * 1_000) land();
    waited += millis;
  },
});

describe('the data file of an earlier call, in a segment that is empty by now', () => {
  it.each([
    ['was killed', killed, 25],
    ['got no answer', unanswered, 55],
  ])('is part of the backup though it lands late: its call %s', async (_what, fail, seconds) => {
    const land = await lateFileOf(fail);
    expect(await backUp(longTurn(), landingAfter(seconds, land))).toMatchObject({ done: true, itemsDone: 1 });
    await backUpAndTransform(bench, run);
    expect(await sealBackup(bench.runtime, run)).toMatchObject({ files: 1, items: 1 });
    const { backupId } = run;
    expect(await verifyBackup(bench.objects, { backupId })).toMatchObject({ items: 1, findings: [] });
  });

  it('is part of the backup though its call was taken over before it knew that there is no answer', async () => {
    const answer = Promise.withResolvers<never>();
    const land = await lateFileOf(() => answer.promise);
    const landing = landingAfter(75, land);
    const sleep = async (millis: number): Promise<void> => {
      await landing.sleep(20_000);
      answer.reject(await unanswered().catch((error: unknown) => error));
      await firstCall;
      await landing.sleep(millis - 20_000);
    };
    expect(await backUp(longTurn(), { ...landing, sleep })).toMatchObject({ done: true, itemsDone: 1 });
  });

  it('is left alone where the run was closed while it was waited for', async () => {
    await lateFileOf(unanswered);
    const sleep = async (millis: number): Promise<void> => {
      waited += millis;
      const change = { run, to: 'ROLLING_BACK', lock: 'keep', writer: 'mark' } as const;
      await transition(bench.runtime.ledger, change);
    };
    await expect(backUp(longTurn(), { ...bench.runtime, sleep })).rejects.toMatchObject({
      name: 'RunClosedError',
    });
    const { ledger } = bench.runtime;
    expect(await findShard(ledger, run.runId, 'BackupProducts', 0)).toMatchObject({ done: false });
  });

  it('is waited for once, also where it never lands', async () => {
    await lateFileOf(unanswered);
    expect(await backUp()).toMatchObject({ done: true, itemsDone: 0 });
    expect(Math.round(waited / 1_000)).toBe(60);
    await backUpAndTransform(bench, run);
    expect(await sealBackup(bench.runtime, run)).toMatchObject({ files: 0, items: 0 });
    expect(Math.round(waited / 1_000)).toBe(60);
  });

  it('is waited for by several turns where the time of one is too short', async () => {
    const land = await lateFileOf(unanswered);
    const turn = { ...longTurn(), remainingMillis: () => 25_000 };
    const runtime = landingAfter(55, land);
    expect(await backUp(turn, runtime)).toMatchObject({ done: false });
    expect(waited).toBeLessThan(25_000);
    expect(await findShard(bench.runtime.ledger, run.runId, 'BackupProducts', 0)).not.toHaveProperty('claim');
    expect(await backUp(turn, runtime)).toMatchObject({ done: false });
    expect(await backUp(turn, runtime)).toMatchObject({ done: false });
    expect(await backUp(turn, runtime)).toMatchObject({ done: true, itemsDone: 1 });
  });
});

describe('an empty segment', () => {
  it('is not waited for where no earlier call was at it', async () => {
    expect(await backUp()).toMatchObject({ done: true, itemsDone: 0 });
    expect(waited).toBe(0);
  });
});
