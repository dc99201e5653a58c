import { VerificationFailedError } from '../errors.ts';
import type { LedgerTable } from './ledger-table.ts';
import { type Reliance, type ReliedTable, rely } from './reliant.ts';
import { findAnyRun, type Run } from './run.ts';
import { MAX_FOUND_RUNS, type Shard } from './shard.ts';
import { findTableRecord, listAnnouncers, type TableRecord } from './table-record.ts';
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

const READS_TOGETHER = 25;

async function mapSome<T, Result>(
  things: readonly T[],
  read: (thing: T) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < things.length; start += READS_TOGETHER)
    results.push(...(await Promise.all(things.slice(start, start + READS_TOGETHER).map(read))));
  return results;
}

async function earlierRecords(
  ledger: LedgerTable,
  { runId: own, name }: { readonly runId: string; readonly name: string },
): Promise<readonly EarlierRecord[]> {
  const announcers = (await listAnnouncers(ledger, name)).filter((runId) => runId !== own);
  const records = await mapSome(announcers, async (runId): Promise<readonly EarlierRecord[]> => {
    const record = await findTableRecord(ledger, { runId, name });
    return record === undefined ? [] : [{ ...record, runId }];
  });
  return records.flat();
}

/** Anyone can write a mark into an item: only runs that the ledger knows count. */
async function knownRuns(ledger: LedgerTable, { runIds, isComplete }: FoundInTable): Promise<FoundInTable> {
  const known = await mapSome([...runIds], async (runId) =>
    (await findAnyRun(ledger, runId)) === undefined ? [] : [runId],
  );
  return { runIds: new Set(known.flat()), isComplete };
}

/** What a run has recorded of its work. */
export interface RunEvidence {
  readonly tables: readonly TableRecord[];
  /** Of MigrateProducts. */
  readonly shards: readonly Pick<Shard, 'foundRuns'>[];
}

/** Strongly consistent; for a run that created all of its tables and met no items of others it reads nothing. */
async function findReliance(
  ledger: LedgerTable,
  runId: string,
  { tables, shards }: RunEvidence,
): Promise<Reliance> {
  const earlier = new Map<string, readonly EarlierRecord[]>();
  const found = new Map<string, FoundInTable>();
  for (const [name, inTable] of foundByTable(shards)) found.set(name, await knownRuns(ledger, inTable));
  for (const { name, outcome } of tables)
    if (outcome === 'EXISTED' || found.get(name)?.isComplete === false)
      earlier.set(name, await earlierRecords(ledger, { runId, name }));
  return decideReliance({ runId, tables, earlier, found });
}

/** Whoever is being rolled back takes away what would be relied on. */
async function refuseRollingBack(ledger: LedgerTable, runId: string, reliance: Reliance): Promise<void> {
  const runs = await mapSome([...reliance.keys()], (on) => findAnyRun(ledger, on));
  const rollingBack = runs.find((run) => run?.status === 'ROLLING_BACK');
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
  await refuseRollingBack(ledger, runId, reliance);
  const reliesOn = [...reliance.keys()].slice(0, MAX_NAMED);
  const actions = await rely(ledger, { runId, committedAt }, reliance);
  return { facts: reliesOn.length === 0 ? {} : { reliesOn }, actions };
}
