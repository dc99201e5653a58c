import { committedFence } from '../ledger/committed-fence.ts';
import type { Run } from '../ledger/run.ts';
import { noteDone, warnRun } from '../ledger/run-update.ts';
import { listTables, type TableRecord } from '../ledger/table-record.ts';
import type { Runtime } from '../runtime.ts';
import { protectTables } from '../tables/protect-tables.ts';
import { filledTablesOf } from '../tables/run-tables.ts';

/** A young table takes point-in-time recovery within hours. After a day it is left to an operator. */
const PATIENCE_MILLIS = 24 * 3_600_000;

/**
 * Protects a committed run's tables and marks it as DONE. A protection that could not be switched on becomes a warning.
 * If it may be possible later, the run stays PENDING for a day. Idempotent: `recoverRun` calls it again for a run that is
 * PENDING, also when CompleteRun died after its commit.
 *
 * @param known the run's tables as they were read behind the last change of their protection; absent: they are read
 */
export async function finishProtection(
  runtime: Runtime,
  run: Run,
  known?: readonly TableRecord[],
): Promise<void> {
  if (run.protection !== 'PENDING') return;
  const { ledger, clock } = runtime;
  const { runId } = run;
  const tables = known ?? (await listTables(ledger, runId));
  const { warnings, isWorthAnotherTry } = await protectTables(runtime, {
    runId,
    tables,
    expiring: expiringOf(runtime, run),
    check: committedFence(runtime, { runId, status: 'SUCCEEDED' }),
  });
  await warnRun(ledger, run, warnings);
  const isLate = clock.now() > Date.parse(run.finishedAt ?? run.startedAt) + PATIENCE_MILLIS;
  if (isLate || !isWorthAnotherTry) await noteDone(ledger, run, 'protection');
}

function expiringOf(runtime: Runtime, run: Run): ReadonlyMap<string, string> {
  const tables = filledTablesOf(runtime, run);
  return new Map(
    tables.flatMap(({ name, spec: { timeToLiveAttribute: attribute } }) =>
      attribute === undefined ? [] : [[name, attribute] as const],
    ),
  );
}
