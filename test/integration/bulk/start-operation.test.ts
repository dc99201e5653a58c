import { DescribeBulkOperationCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bulkLoad } from '../../../functions/bulk-load/bulk-load.ts';
import { pauseRun, throttleRun } from '../../../functions/shared/ledger/control.ts';
import { runKey, shardKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import type { BulkLoadTurn } from '../../../functions/shared/state.ts';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { startTinyAws } from '../../support/embedded.ts';
import { longTurn } from '../../unit/files/backup-bench.ts';
import { type BulkBench, bulkBench, removeTables } from './bulk-bench.ts';

const INTENT_WAIT_SECONDS = 600;
const HOUR = 3_600;

let aws: EmbeddedAws;
let bench: BulkBench;
let runs = 0;

beforeAll(async () => void (aws = await startTinyAws()));
afterAll(() => aws.stop());
beforeEach(async () => void (bench = await bulkBench(aws, `run-${(runs += 1)}`)));
afterEach(async () => {
  aws.faults.clear();
  await removeTables(bench);
});

/** Operations appear in lists within ten minutes, which is more than a test takes. */
async function call(executionArn = bench.run.executionArn): Promise<BulkLoadTurn> {
  const { runtime, run } = bench;
  const config = { ...runtime.config, intentWaitSeconds: INTENT_WAIT_SECONDS };
  return bulkLoad({ ...runtime, config }, { runId: run.runId, executionArn }, longTurn());
}

const asked = () => ({ at: new Date(bench.runtime.clock.now()).toISOString(), by: 'an operator' });

async function throttle(writeUnitsPerSecond: number): Promise<void> {
  const { ledger } = bench.runtime;
  const run = await readRun(ledger, bench.run.runId);
  await throttleRun(ledger, run.runId, { asked: asked(), caps: { writeUnitsPerSecond } });
}

/** The caps of the operations of both tables. */
async function capsOfOperations(): Promise<readonly (number | undefined)[]> {
  const arns = [...(await bench.operations('even')), ...(await bench.operations('odd'))];
  const { dynamo } = bench.runtime.clients;
  const described = await Promise.all(
    arns.map((BulkOperationArn) => dynamo.send(new DescribeBulkOperationCommand({ BulkOperationArn }))),
  );
  return described.map(({ BulkOperationDescription: found }) => found?.MaxWriteRequestUnits);
}

/** Another execution resumes the run. */
async function resume(): Promise<string> {
  const executionArn = 'arn:resumed';
  await updateIf(bench.runtime.ledger, runKey(bench.run.runId), { set: { executionArn } });
  return executionArn;
}

describe('a paused run by bulk put', () => {
  it('looks again ever more rarely, so that a pause of days stays within the history', async () => {
    await call();
    await pauseRun(bench.runtime.ledger, bench.run.runId, asked());
    const waits: number[] = [];
    for (const hours of [0, 1, 6, 24]) {
      bench.later(hours * HOUR);
      const { done, waitSeconds } = await call();
      expect(done).toBe(false);
      waits.push(waitSeconds);
    }
    expect(waits).toEqual(waits.toSorted((one, other) => one - other));
    expect(waits[0]).toBe(5);
    expect(waits.at(-1)).toBeGreaterThan(900);
  });
});

describe('a cap that an operator gives before a bulk put starts', () => {
  it('is shared by the tables', async () => {
    await throttle(4_096);
    await call();
    expect(await capsOfOperations()).toEqual([2_048, 2_048]);
  });

  it('becomes the lowest one that DynamoDB accepts if it is lower', async () => {
    await throttle(0.5);
    await call();
    expect(await capsOfOperations()).toEqual([1_024, 1_024]);
  });

  it('is taken away by a cap of 0', async () => {
    await throttle(4_096);
    await throttle(0);
    await call();
    expect(await capsOfOperations()).toEqual([undefined, undefined]);
  });
});

it('a bulk put whose start got no answer is found by its token after the operator has given another cap', async () => {
  await throttle(4_096);
  aws.faults.add({ operation: 'StartBulkPutItems', kind: 'answerLost', times: 1 });
  await bench.step();
  await bench.step().catch(() => undefined);
  await throttle(8_192);
  await bench.load();
  expect(await capsOfOperations()).toEqual([2_048, 2_048]);
});

describe('a bulk put whose start got no answer, in a run that is resumed at once', () => {
  /** Both are started, and nobody hears of it. Lists do not show them until `show` is called. */
  async function startUnheard(): Promise<{ readonly show: () => void }> {
    let isShown = false;
    bench.runtime.clients.tables.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName !== 'ListBulkOperationsCommand' || isShown) return next(args);
          return { output: { BulkOperationsSummaryList: [], $metadata: {} }, response: {} };
        },
      { step: 'initialize' },
    );
    await bench.step();
    const { ledger } = bench.runtime;
    const announced = await bench.shards();
    await bench.step();
    await bench.ended();
    // As the ledger was before the answers.
    for (const { shard, cursor } of announced)
      await updateIf(ledger, shardKey(bench.run.runId, 'BulkLoad', shard), { set: { cursor } });
    return { show: () => void (isShown = true) };
  }

  it('is waited for until a list must have named it, and no other one is started before', async () => {
    const { show } = await startUnheard();
    const executionArn = await resume();
    expect(await call(executionArn)).toEqual({ done: false, waitSeconds: INTENT_WAIT_SECONDS });
    bench.later(INTENT_WAIT_SECONDS / 2);
    const { done, waitSeconds } = await call(executionArn);
    expect(done).toBe(false);
    expect(waitSeconds).toBeLessThanOrEqual(INTENT_WAIT_SECONDS / 2);
    show();
    await call(executionArn);
    const shards = await bench.shards();
    expect(shards.map(({ cursor }) => cursor?.attempt)).toEqual([1, 1]);
    expect(await bench.operations('even')).toEqual([shards[0]?.cursor?.operationArn]);
  });

  it('makes way for another one if no list has named it until then', async () => {
    await bench.step();
    const executionArn = await resume();
    await call(executionArn);
    expect((await bench.shards()).map(({ cursor }) => cursor?.attempt)).toEqual([1, 1]);
    bench.later(INTENT_WAIT_SECONDS);
    await call(executionArn);
    expect((await bench.shards()).map(({ cursor }) => cursor?.attempt)).toEqual([2, 2]);
    expect(await bench.operations('even')).toHaveLength(1);
  });
});

describe.each(['ResourceInUseException', 'LimitExceededException'])(
  'a bulk put that DynamoDB does not let start (%s)',
  (code) => {
    const refuse = () =>
      aws.faults.add({ operation: 'StartBulkPutItems', kind: 'error', code, status: 400, message: 'Busy' });

    it('is tried again after a while, and ever more rarely', async () => {
      const refusal = refuse();
      expect(await call()).toEqual({ done: false, waitSeconds: 1 });
      bench.later(HOUR);
      expect((await call()).waitSeconds).toBeGreaterThanOrEqual(360);
      refusal.remove();
      await bench.load();
      expect(await bench.operations('even')).toHaveLength(1);
    });

    it('fails the run after six hours, and the refusal is named', async () => {
      refuse();
      await call();
      bench.later(6 * HOUR);
      await expect(call()).rejects.toMatchObject({
        name: 'BulkLoadError',
        message: expect.stringMatching(/^Bulk put into table even could not start for 6 hours \(Busy\)\./),
      });
    });
  },
);
