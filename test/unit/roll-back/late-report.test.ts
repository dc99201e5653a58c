import { afterEach, expect, it } from 'vitest';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import type { RollBackTurn } from '../../../functions/shared/state.ts';
import { longTurn } from '../files/backup-bench.ts';
import {
  failedInput,
  holding,
  requestedInput,
  type MigrateBench,
  migrateBench,
  sizedProducts,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

/** A runtime whose every report is written, or not, after something else has happened. */
function withReports(write: (put: () => Promise<boolean>) => Promise<boolean>): Runtime {
  const { objects } = bench.runtime;
  const replace: typeof objects.replace = (...put) => write(() => objects.replace(...put));
  return { ...bench.runtime, objects: { ...objects, replace } };
}

it('the report of a roll back is asked for again where only the late report of an earlier end was written', async () => {
  bench = await migrateBench({ products: sizedProducts(1), run: holding });
  const refusing = withReports(() => Promise.reject(new Error('S3 is out')));
  let ended: Promise<RollBackTurn> | undefined;
  const slow = withReports(async (put) => {
    ended ??= rollBack(refusing, requestedInput(), longTurn());
    await ended;
    return put();
  });
  expect(await rollBack(slow, failedInput(), longTurn())).toMatchObject({ end: 'HELD' });
  expect(await ended).toMatchObject({ end: 'ROLLED_BACK' });
  expect(await readRun(bench.runtime.ledger, 'run-1')).toMatchObject({
    status: 'ROLLED_BACK',
    reporting: 'PENDING',
  });
});
