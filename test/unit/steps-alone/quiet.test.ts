import { afterEach, describe, expect, it } from 'vitest';
import { backupAlone } from '../../../functions/backup-products/backup-alone.ts';
import { migrateAlone } from '../../../functions/migrate-products/migrate-alone.ts';
import { restoreAlone } from '../../../functions/restore-from-backup/restore-alone.ts';
import { createInDoubt } from '../../../functions/shared/aws/in-doubt.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import type { Runtime, Turn } from '../../../functions/shared/runtime.ts';
import type { ItemTable } from '../../../functions/shared/aws/item-table.ts';
import { type Bench, longTurn, productsTable, sourceTable, startBench } from '../files/backup-bench.ts';
import { sealedBench } from '../files/sealed-bench.ts';
import { sizedProducts } from '../migrate/migrate-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

const doubtMillis = 60_000;

/** A sandbox whose first batch gets no answer, though DynamoDB carries it out; waiting costs no time. */
function losingRuntime(): { readonly runtime: Runtime; readonly waited: () => number } {
  let waited = 0;
  const clock = { now: () => Date.now() + waited };
  const inDoubt = createInDoubt(clock, doubtMillis);
  let calls = 0;
  const lose = async <T>(attempt: () => Promise<T>): Promise<T> => {
    const answer = await attempt();
    calls += 1;
    if (calls > 1) return answer;
    inDoubt.note();
    throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  };
  const { items } = bench.runtime;
  const losing: Partial<ItemTable> = {
    putIf: (table, item, condition) => lose(() => items.putIf(table, item, condition)),
  };
  const sleep = async (millis: number): Promise<void> => void (waited += millis);
  const config = { ...bench.runtime.config, fenceWaitSeconds: doubtMillis / 2_000 };
  return { runtime: { ...bench.withItems(losing), config, clock, inDoubt, sleep }, waited: () => waited };
}

const turnOf = (remainingMillis: number): Turn => ({ ...longTurn(), remainingMillis: () => remainingMillis });

async function sealed(count: number): Promise<void> {
  const made = await sealedBench(sizedProducts(count));
  bench = made.bench;
  const { ledger } = bench.runtime;
  const run = await readRun(ledger, made.run.runId);
  await transition(ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: 'end' });
}

describe.each([
  ['migrateProductsEnhanced', migrateAlone],
  ['restoreFromBackup', restoreAlone],
] as const)('%s called alone, of which a request got no answer', (_step, call) => {
  it('is complete once the request can no longer take effect', async () => {
    await sealed(40);
    const { runtime, waited } = losingRuntime();
    const outcome = await call(runtime, turnOf(600_000));
    expect(outcome.done).toBe(true);
    expect(waited()).toBeGreaterThan(doubtMillis - 10_000);
    expect(runtime.inDoubt.until).toBeLessThanOrEqual(runtime.clock.now());
  });

  it('is not complete when it has no time to wait for that; the next call goes on', async () => {
    await sealed(40);
    const { runtime, waited } = losingRuntime();
    const first = await call(runtime, turnOf(40_000));
    expect(first.done).toBe(false);
    expect(first.message).toContain('Time was short');
    expect(waited()).toBe(0);
    expect((await readRun(runtime.ledger, first.runId)).status).toBe('HELD');
    const second = await call(runtime, turnOf(600_000));
    expect(second).toMatchObject({ done: true, runId: first.runId });
    expect(waited()).toBeGreaterThan(doubtMillis - 20_000);
  });
});

describe('backupProducts called alone, of which a request got no answer', () => {
  it('does not begin to seal when it has no time to wait for that; the next call seals', async () => {
    bench = await startBench();
    await bench.createTable(productsTable);
    await bench.fill(sourceTable, sizedProducts(12));
    const { runtime, waited } = losingRuntime();
    runtime.inDoubt.note();
    const first = await backupAlone(runtime, turnOf(40_000));
    expect(first).toMatchObject({ done: false, result: { step: 'SealBackup' } });
    expect(waited()).toBe(0);
    const second = await backupAlone(runtime, turnOf(600_000));
    expect(second).toMatchObject({ done: true, runId: first.runId, result: { items: 12 } });
  });
});
