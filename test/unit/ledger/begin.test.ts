import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RunClosedError, RunIdUsedError } from '../../../functions/shared/errors.ts';
import { attemptsOf } from '../../../functions/shared/ledger/attempt.ts';
import { beginRun, resumeRun } from '../../../functions/shared/ledger/begin.ts';
import { findExecution } from '../../../functions/shared/ledger/execution-record.ts';
import { executionKey, runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { findLock } from '../../../functions/shared/ledger/lock.ts';
import { findRun, readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { warnRun } from '../../../functions/shared/ledger/run-update.ts';
import { get, updateIf } from '../../../functions/shared/ledger/store.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { createLedgerWorld, type Gate, type LedgerWorld } from '../../support/ledger-world.ts';
import {
  begunRun,
  executionArn,
  sampleExecution,
  sampleHolder,
  sampleNewRun,
} from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

/** Carries the first request of a name out and then loses its answer. */
function losesAnswerOf(operation: string): Gate {
  let isLost = false;
  return async (name, send) => {
    const answer = await send();
    if (isLost || name !== operation) return answer;
    isLost = true;
    throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', name: 'TimeoutError' });
  };
}

async function held(run: Run): Promise<Run> {
  const after = await transition(world.observer.ledger, { run, to: 'HELD', lock: 'keep', writer: 'hold' });
  if (after === undefined) throw new Error('not held');
  return after;
}

describe('beginning a run', () => {
  it('writes run, execution and lock together', async () => {
    const { ledger } = world.observer;
    const run = await begunRun(world, 'a');
    expect(await findRun(ledger, 'a')).toMatchObject({ ...run, status: 'RUNNING' });
    expect(await findLock(ledger, 'products')).toMatchObject({ runId: 'a', executionArn: executionArn('a') });
    expect(await findExecution(ledger, sampleExecution('a'))).toMatchObject({ runId: 'a' });
  });

  it('finds its own run again when the answer was lost', async () => {
    const { ledger } = world.runtime(losesAnswerOf('TransactWriteItems'));
    const begun = await beginRun(ledger, sampleNewRun('a'), sampleHolder('a'));
    expect(begun).toMatchObject({ outcome: 'BEGUN', run: { runId: 'a', status: 'RUNNING' } });
  });

  it('answers a retry of the same execution with the run it began', async () => {
    const first = await begunRun(world, 'a');
    expect(await begunRun(world, 'a')).toMatchObject({ runId: 'a', changedBy: first.changedBy });
  });

  it('leaves a table alone that another run has locked, and names the lock', async () => {
    await begunRun(world, 'a');
    const begun = await beginRun(world.observer.ledger, sampleNewRun('b'), sampleHolder('b'));
    expect(begun).toMatchObject({ outcome: 'LOCKED', lock: { runId: 'a' } });
    expect(await findRun(world.observer.ledger, 'b')).toBeUndefined();
    expect(await findExecution(world.observer.ledger, sampleExecution('b'))).toBeUndefined();
  });

  it('lets two tables be worked on at once', async () => {
    await begunRun(world, 'a');
    expect(await begunRun(world, 'b', { sourceTable: 'other' })).toMatchObject({ status: 'RUNNING' });
  });

  it('refuses a known id with another start time', async () => {
    await begunRun(world, 'a');
    const later = sampleHolder('a', { startTime: '2026-09-01T00:00:00.000Z' });
    await expect(beginRun(world.observer.ledger, sampleNewRun('a'), later)).rejects.toThrow(RunIdUsedError);
  });

  it('does not begin a closed run once more, as a redriven execution would', async () => {
    const run = await begunRun(world, 'a');
    await transition(world.observer.ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: 'end' });
    await expect(beginRun(world.observer.ledger, sampleNewRun('a'), sampleHolder('a'))).rejects.toThrow(
      RunClosedError,
    );
    expect(await findLock(world.observer.ledger, 'products')).toBeUndefined();
  });

  it('lets exactly one of many executions at once proceed', async () => {
    const { ledger } = world.observer;
    const names = ['a', 'b', 'c', 'd', 'e'];
    const all = await Promise.all(
      names.map((name) => beginRun(ledger, sampleNewRun(name), sampleHolder(name))),
    );
    expect(all.filter(({ outcome }) => outcome === 'BEGUN')).toHaveLength(1);
  });
});

describe('the record of an execution', () => {
  it('stays as it is where an execution of another machine has the same name', async () => {
    const { ledger } = world.observer;
    const run = await held(await begunRun(world, 'a'));
    await resumeRun(ledger, run, sampleHolder('same'));
    const restore = sampleHolder('same', { executionArn: executionArn('same', 'restore') });
    await beginRun(ledger, sampleNewRun('same', { kind: 'restore', lockTable: 'restored' }), restore);

    const name = 'same';
    expect(await findExecution(ledger, { name, id: executionArn('same') })).toMatchObject({ runId: 'a' });
    expect(await findExecution(ledger, { name, id: restore.executionArn })).toMatchObject({ runId: 'same' });
    const id = executionArn('same', 'sync');
    expect(await findExecution(ledger, { name, id })).toBeUndefined();
    expect(await get(ledger, executionKey('same'))).toMatchObject({ runId: 'a' });
  });
});

describe('resuming a held run', () => {
  it('moves status, lock and execution to the new execution, under the old id', async () => {
    const { ledger } = world.observer;
    const run = await held(await begunRun(world, 'a'));
    const resumed = await resumeRun(ledger, run, sampleHolder('again'), { targetMaking: 1 });
    const executionArnOfAgain = executionArn('again');
    expect(resumed).toMatchObject({
      runId: 'a',
      status: 'RUNNING',
      executionArn: executionArnOfAgain,
      targetMaking: 1,
    });
    expect(await findLock(ledger, 'products')).toMatchObject({
      runId: 'a',
      executionArn: executionArnOfAgain,
    });
    expect(await findExecution(ledger, sampleExecution('again'))).toMatchObject({ runId: 'a' });
  });

  it('finds its own resumption again when the answer was lost, and when it is called once more', async () => {
    const run = await held(await begunRun(world, 'a'));
    const { ledger } = world.runtime(losesAnswerOf('TransactWriteItems'));
    expect(await resumeRun(ledger, run, sampleHolder('again'))).toMatchObject({ status: 'RUNNING' });
    const now = await readRun(ledger, 'a');
    expect(await resumeRun(ledger, now, sampleHolder('again'))).toEqual(now);
  });

  it('adds its warnings to those that others have added since the run was read, each of them once', async () => {
    const { ledger } = world.observer;
    const run = await held(await begunRun(world, 'a'));
    await warnRun(ledger, run, ['of a dead worker']);
    const warnings = ['of the resumption'];
    await resumeRun(ledger, run, sampleHolder('again'), { warnings });
    expect((await readRun(ledger, 'a')).warnings).toEqual(['of a dead worker', 'of the resumption']);
    const heldAgain = await held(await readRun(ledger, 'a'));
    await resumeRun(ledger, heldAgain, sampleHolder('once more'), { warnings });
    expect((await readRun(ledger, 'a')).warnings).toEqual(['of a dead worker', 'of the resumption']);
  });

  it('keeps 48 KB of warnings and counts how often there was no room for one', async () => {
    const { ledger } = world.observer;
    const run = await begunRun(world, 'a');
    const sentences = (from: string) =>
      Array.from({ length: 30 }, (_, n) => `${from} ${n} ${'é'.repeat(500)}`);
    await warnRun(ledger, run, sentences('first'));
    await warnRun(ledger, run, sentences('second'));
    await warnRun(ledger, run, sentences('first'));
    await resumeRun(ledger, await held(await readRun(ledger, 'a')), sampleHolder('again'), {
      warnings: sentences('third'),
    });

    const { warnings, warningsLeftOut = 0 } = await readRun(ledger, 'a');
    expect(warnings.length + warningsLeftOut).toBe(90);
    expect(Buffer.byteLength(warnings.join(''))).toBeGreaterThan(47_000);
    expect(Buffer.byteLength(warnings.join(''))).toBeLessThanOrEqual(48 * 1_024);
  });

  it('keeps the newest 100 executions, and of those before them their number and their time of work', async () => {
    const { ledger } = world.observer;
    const run = await begunRun(world, 'a');
    const attempt = {
      executionArn: executionArn('a'),
      startedAt: '2026-05-01T00:00:00.000Z',
      finishedAt: '2026-05-01T00:00:02.000Z',
      status: 'HELD',
    };
    await updateIf(ledger, runKey('a'), { set: { attempts: Array.from({ length: 120 }, () => attempt) } });
    const finishedAt = '2026-05-01T00:00:07.000Z';
    const again = await transition(ledger, {
      run: await readRun(ledger, run.runId),
      to: 'HELD',
      lock: 'keep',
      writer: 'hold',
      facts: { finishedAt },
    });
    await resumeRun(ledger, again as Run, sampleHolder('again'));

    const resumed = await readRun(ledger, 'a');
    expect(resumed.attempts).toHaveLength(100);
    expect(resumed.attempts?.at(-1)).toMatchObject({ finishedAt, status: 'HELD' });
    expect(resumed.attemptsLeftOut).toEqual({ count: 21, workedSeconds: 42 });
    const now = Date.parse(resumed.executionStartTime);
    expect(attemptsOf(resumed, now)).toMatchObject({ attemptsLeftOut: 21, workedSeconds: 120 * 2 + 7 });
  });

  it('lets exactly one of two executions at once proceed', async () => {
    const { ledger } = world.observer;
    const run = await held(await begunRun(world, 'a'));
    const both = await Promise.all(['b', 'c'].map((name) => resumeRun(ledger, run, sampleHolder(name))));
    expect(both.filter((one) => one !== undefined)).toHaveLength(1);
  });

  it('leaves a run alone that is not held', async () => {
    const run = await begunRun(world, 'a');
    expect(await resumeRun(world.observer.ledger, run, sampleHolder('b'))).toBeUndefined();
    expect(await readRun(world.observer.ledger, 'a')).toMatchObject({ executionArn: executionArn('a') });
  });
});
