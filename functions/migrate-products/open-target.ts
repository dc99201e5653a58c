import { TableUnavailableError } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { listTables } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { isAloneIn } from '../shared/tables/close-table.ts';
import type { KnownTable } from '../shared/tables/known-table.ts';
import type { FilledTable } from '../shared/migration/migration.ts';
import { refuseForeignMarks } from './own-mark.ts';
import { filledTablesOf } from '../shared/tables/run-tables.ts';
import { turnWriteScope, type WriteMeter, type WriteScope } from '../shared/copy/load/write-scope.ts';

/** A table that source items go into. */
export interface Target {
  readonly spec: FilledTable;
  readonly table: KnownTable;
  /** Whether nobody else can have written there: then nothing can be overwritten. */
  readonly isOurs: boolean;
  /** Whether it existed before the run. */
  readonly hasExisted: boolean;
}

/** @throws TableUnavailableError where the run has made no target ready, RunIdUsedError; neither is retried */
export async function findTargets(runtime: Runtime, run: Run): Promise<readonly Target[]> {
  const records = new Map(
    (await listTables(runtime.ledger, run.runId)).map((record) => [record.name, record]),
  );
  const targets: Target[] = [];
  for (const { spec, name } of filledTablesOf(runtime, run)) {
    const record = records.get(name);
    if (record === undefined)
      throw new TableUnavailableError(
        `Run ${run.runId} has no table ${name} to write to: CreateTables did not see to it. Nothing was written.`,
      );
    refuseForeignMarks(run, record);
    const hasExisted = record.outcome === 'EXISTED';
    targets.push({ spec, table: record, isOurs: isAloneIn(record, run), hasExisted });
  }
  return targets;
}

/** What a writer needs of the turn. */
export function writeScope(
  runtime: Runtime,
  turn: ShardTurn<unknown>,
  { target, meter }: { readonly target: Target; readonly meter: WriteMeter },
): WriteScope {
  const { table, spec } = target;
  return turnWriteScope(runtime, turn, { table, key: spec.tableKey, meter });
}
