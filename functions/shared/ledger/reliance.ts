import { VerificationFailedError } from '../errors.ts';
import { type LedgerTable, tableKey } from './ledger-table.ts';
import { type Reliance, type ReliedTable, rely } from './reliant.ts';
import { type AnyRun, findAnyRuns, type Run } from './run.ts';
import { MAX_FOUND_RUNS, type Shard } from './shard.ts';
import { readTogether } from './store.ts';
import { listAnnouncers, type TableRecord } from './table-record.ts';
import type { TransactItem } from './transact.ts';

/** An earlier run's record of a table that the run uses. */
export interface EarlierRecord extends Pick<TableRecord, 'outcome' | 'tableId'> {
  readonly runId: string;
}

/** Everything that tells on whom a run relies. */
export interface RelianceFacts {
  readonly runId: string;
  /** The run's own tables. */
  readonly tables: readonly Pick<TableRecord, 'name' | 'outcome' | 'tableId'>[];
  /** By table: what earlier runs have recorded of a table of that name. */
  readonly earlier: ReadonlyMap<string, readonly EarlierRecord[]>;
  /** By table: the runs whose items the run found under its keys. */
  readonly found: ReadonlyMap<string, FoundInTable>;
}

export interface FoundInTable {
  readonly runIds: ReadonlySet<string>;
  /** False: there may be more, and every earlier run of that table counts. */
  readonly isComplete: boolean;
}

/** Whether an earlier run recorded the very table that existed, or may have made it before it could record its id. */
function mayBeSameTable(existed: ReliedTable, { outcome, tableId }: EarlierRecord): boolean {
  if (tableId === undefined) return outcome === 'INTENT' || outcome === 'KEPT';
  return existed.tableId === undefined || existed.tableId === tableId;
}

/**
 * On whom a run relies: on every run that has recorded a table, under its TableId, which existed before this one, and
 * on every run whose items it found under its keys. Whatever became of those runs.
 */
export function decideReliance({ runId, tables, earlier, found }: RelianceFacts): Reliance {
  const reliance = new Map<string, ReliedTable[]>();
  const rely = (on: string, table: ReliedTable): void => {
    if (on !== runId) reliance.set(on, [...(reliance.get(on) ?? []), table]);
  };
  for (const { name, outcome, tableId } of tables) {
    const table = { name, ...(tableId === undefined ? {} : { tableId }) };
    const { runIds = new Set<string>(), isComplete = true } = found.get(name) ?? {};
    const records = earlier.get(name) ?? [];
    const sharing = records.filter(
      (record) => !isComplete || (outcome === 'EXISTED' && mayBeSameTable(table, record)),
    );
    for (const on of new Set([...sharing.map((record) => record.runId), ...runIds])) rely(on, table);
  }
  return reliance;
}

/** What the workers found, over all shards. */
function foundByTable(shards: readonly Pick<Shard, 'foundRuns'>[]): ReadonlyMap<string, FoundInTable> {
  const found = new Map<string, FoundInTable>();
  for (const [name, runIds] of shards.flatMap(({ foundRuns = {} }) => Object.entries(foundRuns))) {
    const before = found.get(name);
    const isComplete = before?.isComplete !== false && runIds.length < MAX_FOUND_RUNS;
    found.set(name, { runIds: new Set([...(before?.runIds ?? []), ...runIds]), isComplete });
  }
  return found;
}

/** What a run has recorded of its work. */
export interface RunEvidence {
  readonly tables: readonly TableRecord[];
  /** Of MigrateProducts. */
  readonly shards: readonly Pick<Shard, 'foundRuns'>[];
}

/**
 * Strongly consistent; for a run that created all of its tables and met no items of others it reads nothing.
 *
 * @throws VerificationFailedError where one of the runs that it relies on is being rolled back
 */
async function findReliance(
  ledger: LedgerTable,
  runId: string,
  { tables, shards }: RunEvidence,
): Promise<Reliance> {
  const found = foundByTable(shards);
  const shared = tables.filter(
    ({ name, outcome }) => outcome === 'EXISTED' || found.get(name)?.isComplete === false,
  );
  const announced = await Promise.all(
    shared.map(async ({ name }) => {
      const runIds = await listAnnouncers(ledger, name);
      return { name, runIds: runIds.filter((other) => other !== runId) };
    }),
  );
  const earlier = await earlierRecords(ledger, announced);
  const runIds = [...announced, ...found.values()].flatMap((one) => [...one.runIds]);
  const runs = await findAnyRuns(ledger, [...new Set(runIds)]);
  // Anyone can write a mark into an item: only runs that the ledger knows count.
  const known = new Map(
    [...found].map(([name, { runIds: marks, isComplete }]) => [
      name,
      { runIds: new Set([...marks].filter((mark) => runs.has(mark))), isComplete },
    ]),
  );
  const reliance = decideReliance({ runId, tables, earlier, found: known });
  refuseRollingBack(
    runId,
    [...reliance.keys()].flatMap((on) => runs.get(on) ?? []),
  );
  return reliance;
}

/** By table: what the other runs that have announced it have recorded of it. */
async function earlierRecords(
  ledger: LedgerTable,
  announced: readonly { readonly name: string; readonly runIds: readonly string[] }[],
): Promise<ReadonlyMap<string, readonly EarlierRecord[]>> {
  const places = announced.flatMap(({ name, runIds }) => runIds.map((runId) => ({ name, runId })));
  const found = await readTogether(
    ledger,
    places.map(({ name, runId }) => tableKey(runId, name)),
  );
  const records = places.flatMap((place, index) => (found[index] ? [{ ...found[index], ...place }] : []));
  return Map.groupBy(records as (EarlierRecord & { readonly name: string })[], ({ name }) => name);
}

/** Whoever is being rolled back takes away what would be relied on. */
function refuseRollingBack(runId: string, runs: readonly AnyRun[]): void {
  const rollingBack = runs.find(({ status }) => status === 'ROLLING_BACK');
  if (rollingBack === undefined) return;
  throw new VerificationFailedError(
    `Run ${runId} cannot be committed, because run ${rollingBack.runId}, whose tables or items it found in place, is being rolled back. Wait until that roll back has ended.`,
  );
}

/** A report is a state's output and stays below 16 KiB. */
const MAX_NAMED = 10;

/**
 * Notes on whom a run relies, for the transaction that commits it: from then on these runs cannot be rolled back
 * without a word. Where they are many, some are noted at once. Safe to repeat.
 *
 * @throws VerificationFailedError (not retried) where one of them is being rolled back; TransientError (retried), the
 *   SDK's errors.
 */
export async function noteReliance(
  ledger: LedgerTable,
  { runId, committedAt }: { readonly runId: string; readonly committedAt: string },
  evidence: RunEvidence,
): Promise<{ readonly facts: Pick<Run, 'reliesOn'>; readonly actions: readonly TransactItem[] }> {
  const reliance = await findReliance(ledger, runId, evidence);
  const reliesOn = [...reliance.keys()].slice(0, MAX_NAMED);
  const actions = await rely(ledger, { runId, committedAt }, reliance);
  return { facts: reliesOn.length === 0 ? {} : { reliesOn }, actions };
}
