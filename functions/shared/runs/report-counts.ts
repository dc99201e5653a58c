import { isRestore, type Run, type Verification } from '../ledger/run.ts';
import { warningsOfRun } from '../ledger/warnings.ts';
import { type FilledTable, kindCounter } from '../migration/migration.ts';
import type { OtherTable, TableRecord } from '../ledger/table-record.ts';
import { filledTable, filledTablesOf, type RunTable, type RunTablesOf } from '../tables/run-tables.ts';
import { countMigrated, countOver, rolledBackItems, type Shards } from './count-shards.ts';
import { passProblems } from './equations.ts';
import { isOrdered } from './ending.ts';
import type { ReportedTable } from './report.ts';
import { type MigratedCounts, NOTHING_MIGRATED, type RolledBack } from './reported-counts.ts';
import { shownSamples } from './report-samples.ts';

/** A filled table, and what the report says of it; absent: nothing was announced. */
export interface FilledTableOfReport extends RunTable<FilledTable> {
  readonly reported: ReportedTable | undefined;
  /** Another table that has its name now, and that a roll back has looked into. */
  readonly other: OtherTable | undefined;
}

/** `number`: which of the run's filled tables it is, and its shard of the state RollBack. */
type NumberedTable = FilledTableOfReport & { readonly number: number };

/** What a report and the ledger say of tables. */
interface SaidOfTables {
  readonly reported: readonly ReportedTable[];
  readonly records: readonly TableRecord[];
}

/** The filled tables of the run, under the names that they have in it. */
export const filledOfReport = (
  runtime: RunTablesOf,
  run: Pick<Run, 'runId' | 'settings'>,
  { reported, records }: SaidOfTables,
): readonly NumberedTable[] =>
  filledTablesOf(runtime, run).map(({ spec, name }) => ({
    spec,
    name,
    number: filledTable(runtime, run, name).number,
    reported: reported.find((table) => table.name === name),
    other: records.find((record) => record.name === name)?.other,
  }));

/**
 * Names of filled tables that a roll back has kept, or has not looked through: items of the run may be in them. A worker
 * may have died before it recorded what it wrote, and others may have changed or removed items since.
 */
export function uncountedTables(
  { rolledBackFrom }: Pick<Run, 'rolledBackFrom'>,
  shards: Shards,
  filled: readonly NumberedTable[],
): ReadonlySet<string> {
  const isWritten = (['MigrateProducts', 'BulkLoad'] as const).some((state) => shards.has(state));
  if (rolledBackFrom === undefined || !isWritten) return new Set();
  const isThrough = (number: number): boolean =>
    shards.get('RollBack')?.find(({ shard }) => shard === number)?.done === true;
  const isUncounted = ({ number, reported }: NumberedTable): boolean =>
    reported?.outcome === 'KEPT' || (reported?.outcome === 'EXISTED' && !isThrough(number));
  return new Set(filled.filter(isUncounted).map(({ name }) => name));
}

const uncountedWarning = (name: string): string =>
  `Nobody has counted the items of this run that are in table ${name} now. The report counts those that its workers have recorded.`;

/** {@link warningsOfRun}, those about settings that nobody has confirmed, and one for each of {@link uncountedTables}. */
export const warningsOf = (
  run: Pick<Run, 'warnings' | 'warningsLeftOut' | 'unconfirmedSettings'>,
  uncounted: ReadonlySet<string>,
) => [...warningsOfRun(run), ...(run.unconfirmedSettings ?? []), ...[...uncounted].map(uncountedWarning)];

/** What of the run is in place in the target now, by what exists and what was counted. */
export function countsInPlace(
  shards: Shards,
  filled: readonly FilledTableOfReport[],
  back: RolledBack | undefined,
): MigratedCounts {
  const outcomes = filled.flatMap(({ reported }) => reported?.outcome ?? []);
  if (outcomes.every((outcome) => outcome === 'DELETED')) {
    // What was kept in a table that has been replaced since is gone with it.
    const isOfOther = filled.some(
      ({ reported, other }) => reported?.isReplaced === true && other !== undefined,
    );
    return { ...NOTHING_MIGRATED, items: isOfOther ? (back?.kept ?? 0) : 0 };
  }
  const standing = filled.filter(({ reported }) => reported?.outcome !== 'DELETED');
  const migrated =
    standing.length === filled.length ? migratedCounts(shards, filled) : countsIn(shards, standing);
  if (!outcomes.includes('EXISTED') || back === undefined) return migrated;
  const { items, alreadyPresent, replaced = 0 } = migrated;
  const written = items - alreadyPresent + replaced;
  // A roll back walks through tables that existed before, and keeps or deletes others whole.
  const whole = standing.filter(({ reported }) => reported?.outcome !== 'EXISTED');
  const left = back.isThrough
    ? back.kept + countsIn(shards, whole).items
    : Math.max(0, written - back.deleted - back.restored);
  return { ...NOTHING_MIGRATED, items: left };
}

/** What is in some of the filled tables. A worker counts by table what it has done of whole files only. */
function countsIn(shards: Shards, tables: readonly RunTable<FilledTable>[]): MigratedCounts {
  const byTarget = countsByTarget(shards, tables);
  const items = Object.values(byTarget)
    .flatMap(Object.values<number>)
    .reduce((sum, number) => sum + number, 0);
  const alreadyPresent = Math.min(items, countMigrated(shards, 'alreadyPresent'));
  const replaced = Math.min(alreadyPresent, countMigrated(shards, 'replaced'));
  return { ...NOTHING_MIGRATED, items, byTarget, alreadyPresent, replaced };
}

/** Items of each kind, by table. */
function countsByTarget(
  shards: Shards,
  tables: readonly RunTable<FilledTable>[],
): NonNullable<MigratedCounts['byTarget']> {
  return Object.fromEntries(
    tables.map(({ spec, name }) => [
      name,
      Object.fromEntries(spec.kinds.map((kind) => [kind, countMigrated(shards, kindCounter(spec, kind))])),
    ]),
  );
}

function migratedCounts(shards: Shards, filled: readonly RunTable<FilledTable>[]): MigratedCounts {
  const count = (counter: string): number => countMigrated(shards, counter);
  return {
    products: count('metadata'),
    items: count('items'),
    metadata: count('metadata'),
    variants: count('variants'),
    byTarget: countsByTarget(shards, filled),
    alreadyPresent: count('alreadyPresent'),
    quarantined: count('quarantined'),
    replaced: count('replaced'),
    keptChanged: count('keptChanged'),
    keptTooLarge: count('keptTooLarge'),
    staleRemoved: count('staleRemoved'),
  };
}

/** What JudgeDigests recorded, with the counts of the comparison by key if there was one. */
export function countedVerification(run: Run, shards: Shards): Verification | undefined {
  const { verification } = run;
  if (verification === undefined || (shards.get('CompareByKey') ?? []).length === 0) return verification;
  const count = (counter: string): number => countOver(shards, 'CompareByKey', counter);
  const expected = run.rehearsal?.expected.count ?? verification.expected;
  return {
    ...verification,
    expected,
    found: count('found'),
    // Without a comparison, nothing counts as found.
    missing: Math.max(count('missing'), expected - count('found')),
    different: count('different'),
    changedSince: count('changedSince'),
    presentDifferent: count('presentDifferent'),
    staleVariants: countOver(shards, 'VerifyMigration', 'staleVariants'),
    extra: Math.max(verification.extra, count('extra')),
    drift: { added: count('driftAdded'), changed: count('driftChanged'), removed: count('driftRemoved') },
  };
}

/**
 * {@link countedVerification} for a report: nothing where the run ended before it had compared every key that it was to
 * compare. What nobody has looked for is not missing.
 */
export function reportedVerification(run: Run, shards: Shards): Verification | undefined {
  const verification = countedVerification(run, shards);
  if (verification === undefined) return undefined;
  const compared = shards.get('CompareByKey') ?? [];
  const { expected, found } = verification;
  // Where nothing was compared, the digests alone must have said that everything is there.
  const isComplete =
    compared.length === 0
      ? found === expected
      : passProblems({ state: 'CompareByKey', planned: run.plan.shards, shards: compared }).length === 0;
  return isComplete || isRestore(run) ? verification : undefined;
}

/** What a roll back has done. `undefined` for a run that was never rolled back. */
export function rolledBackCounts(run: Run, shards: Shards): RolledBack | undefined {
  const { rolledBackFrom: from } = run;
  if (from === undefined) return undefined;
  const { keptKeys, ...counts } = rolledBackItems(shards.get('RollBack') ?? []);
  return {
    from,
    onRequest: run.rollBackAsked ?? isOrdered(run),
    ...counts,
    keptKeys: shownSamples(keptKeys),
  };
}
