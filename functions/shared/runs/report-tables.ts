import { existingTables } from '../aws/existing-tables.ts';
import type { TableRecord } from '../ledger/table-record.ts';
import { isRestore, type Run } from '../ledger/run.ts';
import type { Shards } from './count-shards.ts';
import { blindnessIn } from '../tables/close-table.ts';
import type { ReportedTable, ReportStatus } from './report.ts';
import type { Runtime } from '../runtime.ts';
import { describeTable, isCreatedSince, RUN_TAG, tagsOf } from '../aws/describe-table.ts';

/** The client that looks. */
interface Lookout {
  readonly clients: Pick<Runtime['clients'], 'tables'>;
}

/** What exists under a table's name now. */
export type FoundTable =
  /** The table that the ledger has recorded, or, if it has recorded none, one that carries the run's tag. */
  | 'same'
  /** A table, but another one. */
  | 'other'
  | 'none'
  /** It could not be looked at. */
  | 'unknown';

/** By the table's name. */
export type FoundTables = ReadonlyMap<string, FoundTable>;

/** Looks at every table of a run. A table that cannot be looked at is `unknown`: a report is written all the same. */
export async function lookAtTables(
  runtime: Lookout,
  runId: string,
  tables: readonly TableRecord[],
): Promise<FoundTables> {
  const looks = tables.map(async (record) => {
    const found = await lookAt(runtime, runId, record).catch((): FoundTable => 'unknown');
    return [record.name, found] as const;
  });
  return new Map(await Promise.all(looks));
}

async function lookAt(runtime: Lookout, runId: string, record: TableRecord): Promise<FoundTable> {
  const existing = (await existingTables(runtime, [record.name])).get(record.name);
  if (existing === undefined || existing.status === 'DELETING') return 'none';
  if (record.tableId !== undefined) return existing.tableId === record.tableId ? 'same' : 'other';
  // The call that found it died before it could record the id. It carries no tag of the run.
  if (record.outcome === 'EXISTED') return 'same';
  return (await isOfRun(runtime, runId, record)) ? 'same' : 'other';
}

/** For a table whose id never reached the ledger, because the answer was lost. */
async function isOfRun({ clients }: Lookout, runId: string, record: TableRecord): Promise<boolean> {
  const table = await describeTable(clients.tables, record.name);
  if (table === undefined) return false;
  const tags = await tagsOf(clients.tables, table.TableArn ?? '');
  // A table that is CREATING does not show them.
  const isUntold = tags === undefined || table.TableStatus === 'CREATING';
  return isUntold ? isCreatedSince(table, record.intentAt) : tags.get(RUN_TAG) === runId;
}

/** Which run, as far as its tables may hold something of it that nobody has looked for. */
export interface ReportedRun {
  readonly run: Pick<Run, 'kind' | 'step' | 'plan' | 'resumed' | 'rolledBackFrom'>;
  readonly status: ReportStatus;
  readonly shards: Shards;
  /** Names of the tables that it fills. */
  readonly filled: readonly string[];
}

/**
 * What became of one table, by what the run has recorded and what exists now. `undefined`: it was announced but never
 * created, so there is nothing to report.
 */
export function reportedTable(
  record: TableRecord,
  found: FoundTable,
  of: ReportedRun,
): ReportedTable | undefined {
  const { name, outcome, remark, access } = record;
  const as = (shown: ReportedTable['outcome'], why = remark): ReportedTable => ({
    name,
    outcome: shown,
    ...(why === undefined ? {} : { remark: why }),
    ...(access === undefined || shown === 'DELETED' || shown === 'EXISTED' ? {} : { access }),
  });
  if (outcome === 'DELETED') return record.isNeverCreated === true ? undefined : deleted(found, as);
  if (outcome === 'INTENT') return announced(found, as);
  if (found === 'same') return as(outcome);
  if (found === 'unknown') return as(outcome, [remark ?? [], NOT_LOOKED_AT].flat().join('; '));
  const gone = found === 'none' ? 'somebody has deleted it' : replacedText(record, of);
  return {
    ...as('DELETED', outcome === 'EXISTED' ? `it existed before, and ${gone}` : gone),
    ...(outcome === 'EXISTED' && { existedBefore: true }),
    ...(found === 'other' && { isReplaced: true }),
  };
}

const NOT_LOOKED_AT = 'it could not be looked at when this was written';

/** What the run has sent before it noticed has gone to the other table. */
function replacedText(record: TableRecord, of: ReportedRun): string {
  const { name, other } = record;
  const replaced = 'somebody has replaced it by another table';
  if (other !== undefined) return `${replaced}, with TableId ${other.tableId}: ${other.contents}`;
  if (!mayHoldItems(name, of)) return replaced;
  const items = `${replaced}, and items of this run may be in that one`;
  return [items, ...blindnessIn(record, of.run)].join('; ');
}

/** A roll back looks for the items of a migration. Those of a restore carry no mark. */
function mayHoldItems(name: string, { run, status, shards, filled }: ReportedRun): boolean {
  if (!LOADS.some((state) => shards.has(state))) return false;
  if (isRestore(run)) return status !== 'SUCCEEDED' && run.rolledBackFrom !== 'SUCCEEDED';
  return status === 'HELD' && filled.includes(name);
}

const LOADS = ['MigrateProducts', 'RestoreProducts', 'BulkLoad'] as const;

type As = (shown: ReportedTable['outcome'], why?: string) => ReportedTable;

/** A table that was deleted and still exists was never gone, because no id is given twice. */
function deleted(found: FoundTable, as: As): ReportedTable {
  return found === 'same' ? as('KEPT', 'it was to be deleted, and is still there') : as('DELETED');
}

function announced(found: FoundTable, as: As): ReportedTable | undefined {
  switch (found) {
    case 'same':
      return as('CREATED', 'the run died before it could record the creation');
    case 'other':
      return as(
        'KEPT',
        'it was announced, and a table of this name exists that cannot be shown to be the run’s',
      );
    case 'unknown':
      return as('KEPT', `it was announced, and ${NOT_LOOKED_AT}`);
    case 'none':
      return undefined;
  }
}
