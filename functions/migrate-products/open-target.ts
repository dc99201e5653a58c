import { setTimeout as sleep } from 'node:timers/promises';
import { TableUnavailableError } from '../shared/errors.ts';
import { type Run, tablePrefixOf } from '../shared/ledger/run.ts';
import { listTables } from '../shared/ledger/table-record.ts';
import { createRate } from '../shared/copy/rate.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { assertSameTable } from '../shared/tables/known-table.ts';
import { tableName } from '../shared/migration/table-spec.ts';
import { catalogueTable } from '../migrations/shop/tables/target-tables.ts';
import type { WriteMeter, WriteScope } from '../shared/copy/load/write-scope.ts';
import { targetKey } from '../migrations/shop/target-key.ts';

/** The table that products go into. */
export interface Target {
  readonly tableName: string;
  /** Whether this run created it and nobody else can have written there: then nothing can be overwritten. */
  readonly isOurs: boolean;
}

/** @throws TableUnavailableError (not retried) where the run has made no target ready, or somebody has replaced it */
export async function findTarget(runtime: Runtime, run: Run): Promise<Target> {
  const name = tableName(catalogueTable, tablePrefixOf(runtime, run));
  const record = (await listTables(runtime.ledger, run.runId)).find((table) => table.name === name);
  if (record === undefined) {
    throw new TableUnavailableError(
      `Run ${run.runId} has no table ${name} to write to: CreateTables did not see to it. Nothing was written. Start again.`,
    );
  }
  await assertSameTable(runtime, record);
  return { tableName: name, isOurs: record.outcome === 'CREATED' && !run.resumed };
}

/** What a writer needs of the turn. */
export function writeScope(
  runtime: Runtime,
  turn: ShardTurn<unknown>,
  { tableName: name, meter }: { readonly tableName: string; readonly meter: WriteMeter },
): WriteScope {
  const { plan } = turn.run;
  return {
    tableName: name,
    key: targetKey,
    items: runtime.items,
    rate: createRate({
      unitsPerSecond: plan.writeUnitsPerSecond / plan.workers,
      clock: runtime.clock,
      deadline: turn.deadline,
    }),
    fence: turn.fence,
    meter,
    retry: (attempt, onRetry) => turn.retry(attempt, onRetry),
    isShort: () => turn.isShort(),
    random: runtime.random,
    pause: sleep,
  };
}
