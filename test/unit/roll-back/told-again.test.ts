import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import type { RollBackInput, RollBackTurn } from '../../../functions/shared/state.ts';
import { longTurn } from '../files/backup-bench.ts';
import {
  awsError,
  executionOf,
  failedInput,
  type MigrateBench,
  migrateBench,
  requestedInput,
  sizedProducts,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
beforeEach(async () => {
  bench = await migrateBench({ products: sizedProducts(2), existing: [] });
  await bench.migrate();
});
afterEach(() => bench.stop());

type Ended = RollBackTurn & { readonly report: Report };

async function rolledBack(input: RollBackInput, runtime: Runtime): Promise<Ended> {
  let turn = await rollBack(runtime, input, longTurn());
  while (!turn.done) turn = await rollBack(runtime, input, longTurn());
  return turn as Ended;
}

/** A runtime that may delete nine of the ten items. */
function withNineDeletions(): Runtime {
  const denied = Object.assign(awsError('AccessDeniedException', 'Not authorized.'), {
    $metadata: { httpStatusCode: 400 },
  });
  let allowed = 9;
  return bench.withItems({
    deleteIf(...request) {
      allowed -= 1;
      return allowed < 0 ? Promise.reject(denied) : bench.runtime.items.deleteIf(...request);
    },
  });
}

async function succeed(): Promise<void> {
  const { ledger } = bench.runtime;
  const run = await readRun(ledger, 'run-1');
  await transition(ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: 'end' });
}

describe('a roll back that failed, and whose answer was lost', () => {
  it('is told again with what remains and how to go on', async () => {
    const runtime = withNineDeletions();
    const first = await rolledBack(failedInput(), runtime);
    expect(first.cause).toContain('Still there: products-enhanced: the run');
    const again = await rolledBack(failedInput(), runtime);
    expect(again).toMatchObject({ end: 'ROLLBACK_FAILED', cause: first.cause });
    expect(again.report.failure).toEqual(first.report.failure);
  });

  it('is not begun again by the execution that an operator has started for it', async () => {
    await succeed();
    const runtime = withNineDeletions();
    const input = requestedInput({ confirm: 'run-1' });
    const first = await rolledBack(input, runtime);
    const { markedAt } = await readRun(bench.runtime.ledger, 'run-1');
    const again = await rolledBack(input, runtime);
    expect(again).toMatchObject({ end: 'ROLLBACK_FAILED', cause: first.cause });
    expect(await readRun(bench.runtime.ledger, 'run-1')).toMatchObject({ markedAt });
  });

  it('is begun again by another execution, or by one that has the same name years later', async () => {
    await succeed();
    const input = requestedInput({ confirm: 'run-1' });
    const runtime = withNineDeletions();
    await rolledBack(input, runtime);
    const { markedAt } = await readRun(bench.runtime.ledger, 'run-1');
    const later = new Date(Date.now() + 1_000).toISOString();
    await rolledBack({ ...input, execution: { ...input.execution, startTime: later } }, runtime);
    const again = await readRun(bench.runtime.ledger, 'run-1');
    expect(again.markedAt).toBeGreaterThan(markedAt ?? 0);
    const another = { ...input, execution: executionOf('another') };
    expect(await rolledBack(another, bench.runtime)).toMatchObject({
      end: 'ROLLED_BACK',
      report: { rolledBack: { deleted: 10 } },
    });
    expect(await readRun(bench.runtime.ledger, 'run-1')).not.toHaveProperty('remains');
  });
});
