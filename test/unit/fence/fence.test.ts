import type { BatchGetCommandOutput } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RunClosedError, RunNotFoundError } from '../../../functions/shared/errors.ts';
import { type Fence, fenceOf } from '../../../functions/shared/ledger/fence.ts';
import { resumeRun } from '../../../functions/shared/ledger/begin.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { createLedgerWorld, type Gate, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn, sampleHolder } from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

async function raise(gate?: Gate, runId = 'a'): Promise<Fence> {
  const { ledger, clock } = world.runtime(gate);
  const readAt = clock.now();
  const run = await readRun(ledger, runId);
  return fenceOf({ ledger, clock, runId, executionArn: executionArn(runId) }, run, readAt);
}

async function close(): Promise<void> {
  const run = await readRun(world.observer.ledger, 'a');
  await transition(world.observer.ledger, { run, to: 'ROLLING_BACK', lock: 'take', writer: 'recoveryOwner' });
}

describe('a worker at its entry', () => {
  it('may work for a run that is RUNNING for its execution', async () => {
    await begunRun(world, 'a');
    const fence = await raise();
    expect(fence.run.runId).toBe('a');
    await expect(fence.check()).resolves.toBeUndefined();
  });

  it('is refused when there is no run', async () => {
    await expect(raise()).rejects.toThrow(RunNotFoundError);
  });

  it.each(['HELD', 'ROLLING_BACK', 'SUCCEEDED', 'PLANNED'] as const)(
    'is refused when the run is %s',
    async (to) => {
      const run = await begunRun(world, 'a');
      const lock = to === 'SUCCEEDED' || to === 'PLANNED' ? 'release' : 'keep';
      await transition(world.observer.ledger, { run, to, lock, writer: 'me' });
      await expect(raise()).rejects.toThrow(RunClosedError);
      await expect(raise()).rejects.toThrow(`is ${to}`);
    },
  );

  it('is refused when the run continues under another execution', async () => {
    const run = await begunRun(world, 'a');
    const { ledger } = world.observer;
    const held = await transition(ledger, { run, to: 'HELD', lock: 'keep', writer: 'me' });
    if (held !== undefined) await resumeRun(ledger, held, sampleHolder('again'));
    await expect(raise()).rejects.toThrow(executionArn('again'));
  });
});

describe('a worker at its work', () => {
  it('begins nothing later than 5 seconds after its last look at a run that was closed', async () => {
    await begunRun(world, 'a');
    const fence = await raise();
    await close();
    world.clock.advance(5_000);
    await expect(fence.check()).rejects.toThrow(RunClosedError);
    await expect(fence.check()).rejects.toThrow(RunClosedError);
  });

  it('stops at any rhythm of requests within the bound', async () => {
    for (const stepMillis of [100, 700, 1_300, 2_499, 2_500, 4_999]) {
      await world.reset();
      await begunRun(world, 'a');
      const fence = await raise();
      await close();
      let allowedMillis = 0;
      for (let elapsed = stepMillis; elapsed < 20_000; elapsed += stepMillis) {
        world.clock.advance(stepMillis);
        const isAllowed = await fence.check().then(
          () => true,
          () => false,
        );
        if (isAllowed) allowedMillis = elapsed;
      }
      expect(allowedMillis).toBeLessThan(5_000);
    }
  });

  it('does not ask for every request, and not twice at once', async () => {
    await begunRun(world, 'a');
    let reads = 0;
    const fence = await raise((name, send) => {
      if (name === 'GetItem' || name === 'BatchGetItem') reads += 1;
      return send();
    });
    expect(reads).toBe(1);
    await Promise.all(Array.from({ length: 20 }, () => fence.check()));
    expect(reads).toBe(1);
    world.clock.advance(5_000);
    await Promise.all(Array.from({ length: 20 }, () => fence.check()));
    expect(reads).toBe(2);
  });

  it('does not ask again once it knows that the run is closed', async () => {
    await begunRun(world, 'a');
    let reads = 0;
    const fence = await raise((name, send) => {
      if (name === 'GetItem' || name === 'BatchGetItem') reads += 1;
      return send();
    });
    fence.throwIfClosed();
    await close();
    world.clock.advance(5_000);
    await expect(fence.check()).rejects.toThrow(RunClosedError);
    expect(() => fence.throwIfClosed()).toThrow(RunClosedError);
    world.clock.advance(60_000);
    await expect(fence.check()).rejects.toThrow(RunClosedError);
    fence.latest();
    expect(reads).toBe(2);
  });

  it('counts the age of a look from its beginning: a slow answer is an old one', async () => {
    await begunRun(world, 'a');
    const fence = await raise(async (_name, send) => {
      const answer = await send();
      world.clock.advance(4_000);
      return answer;
    });
    await close();
    world.clock.advance(1_000);
    await expect(fence.check()).rejects.toThrow(RunClosedError);
  });

  it('reads everything again where it has to ask for a missing key and the rest is more than 2.5 seconds old', async () => {
    await begunRun(world, 'a');
    let answers = 0;
    const fence = await raise(async (name, send) => {
      const answer = await send();
      if (name !== 'BatchGetItem' || ++answers > 1) return answer;
      await close();
      world.clock.advance(10_000);
      return withoutLock(answer as BatchAnswer);
    });
    world.clock.advance(5_000);
    await expect(fence.check()).rejects.toThrow('is ROLLING_BACK');
    expect(answers).toBe(3);
  });

  it('asks only for the missing key while the rest is younger', async () => {
    await begunRun(world, 'a');
    let answers = 0;
    const fence = await raise(async (name, send) => {
      const answer = await send();
      if (name !== 'BatchGetItem' || ++answers > 1) return answer;
      world.clock.advance(1_000);
      return withoutLock(answer as BatchAnswer);
    });
    world.clock.advance(5_000);
    await expect(fence.check()).resolves.toBeUndefined();
    expect(answers).toBe(2);
  });
});

interface BatchAnswer {
  readonly output: BatchGetCommandOutput;
}

/** As DynamoDB answers while the lock's partition is throttled. */
function withoutLock({ output, ...answer }: BatchAnswer): BatchAnswer {
  const [[table, items] = ['', []]] = Object.entries(output.Responses ?? {});
  const Keys = items.filter(({ SK }) => SK === 'LOCK').map(({ PK, SK }) => ({ PK, SK }));
  const Responses = { [table]: items.filter(({ SK }) => SK !== 'LOCK') };
  return { ...answer, output: { ...output, Responses, UnprocessedKeys: { [table]: { Keys } } } };
}
