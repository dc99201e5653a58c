import { actualCost } from '../cost/actual.ts';
import type { Cost, EstimatedCost } from '../cost/cost.ts';
import { estimateRun } from '../cost/estimate.ts';
import { sizeOfPlan } from '../cost/run-size.ts';
import { RUN_LAYOUT } from '../files/layout.ts';
import type { Run, Verification } from '../ledger/run.ts';
import { listShards, type QuarantinedProduct, type ShardState, SHARD_STATES } from '../ledger/shard.ts';
import { listTables, type TableRecord } from '../ledger/table-record.ts';
import {
  type DriftKeys,
  type KeySamples,
  type MigratedCounts,
  NOTHING_MIGRATED,
  type Report,
  type ReportedFailure,
  type ReportStatus,
  type ReportedTable,
  type RolledBack,
} from './report.ts';
import type { Runtime } from '../runtime.ts';
import { countOver, countOverAll, rolledBackItems, type Shards } from './count-shards.ts';
import { type FoundTables, reportedTable } from './report-tables.ts';
import { timingsOf } from './report-timings.ts';
import { type FilledTable, kindCounter } from '../migration/migration.ts';
import { filledTablesOf, type RunTable } from '../tables/run-tables.ts';
import { shorten } from '../text.ts';

/** What the ledger holds of a run besides the run itself. */
export interface RunLedger {
  readonly shards: Shards;
  readonly tables: readonly TableRecord[];
}

export async function readRunLedger(runtime: Runtime, runId: string): Promise<RunLedger> {
  const entries = await Promise.all(
    SHARD_STATES.map(async (state) => [state, await listShards(runtime.ledger, runId, state)] as const),
  );
  return { shards: new Map(entries), tables: await listTables(runtime.ledger, runId) };
}

/** Ten samples of a kind at 120 bytes: the report is a state's output and stays below 16 KiB. */
const SAMPLE_COUNT = 10;
const MAX_SAMPLE_BYTES = 120;

function samplesOf(shards: Shards, states: readonly ShardState[], kind: string): readonly string[] {
  const found = states.flatMap((state) =>
    (shards.get(state) ?? []).flatMap((shard) => shard.samples?.[kind] ?? []),
  );
  return [...new Set(found)].slice(0, SAMPLE_COUNT).map((sample) => shorten(sample, MAX_SAMPLE_BYTES));
}

/** Only the kinds that have any. */
function namedSamples<Name extends string>(
  shards: Shards,
  kinds: Readonly<Record<Name, string>>,
): { readonly [key in Name]?: readonly string[] } {
  const states = SHARD_STATES.filter((state) => state !== 'RollBack');
  const entries = (Object.entries(kinds) as [Name, string][]).map(
    ([name, kind]) => [name, samplesOf(shards, states, kind)] as const,
  );
  return Object.fromEntries(entries.filter(([, keys]) => keys.length > 0)) as {
    readonly [key in Name]?: readonly string[];
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

function migratedCounts(shards: Shards, filled: readonly RunTable<FilledTable>[]): MigratedCounts {
  const count = (counter: string): number => countOver(shards, 'MigrateProducts', counter);
  return {
    products: count('metadata'),
    items: count('items'),
    metadata: count('metadata'),
    variants: count('variants'),
    byTarget: Object.fromEntries(
      filled.map(({ spec, name }) => [
        name,
        Object.fromEntries(spec.kinds.map((kind) => [kind, count(kindCounter(spec, kind))])),
      ]),
    ),
    alreadyPresent: count('alreadyPresent'),
    quarantined: count('quarantined'),
    replaced: count('replaced'),
    keptChanged: count('keptChanged'),
    keptTooLarge: count('keptTooLarge'),
    staleRemoved: count('staleRemoved'),
  };
}

/** What a roll back has done. `undefined` for a run that was never rolled back. */
export function rolledBackCounts(run: Run, shards: Shards): RolledBack | undefined {
  const { rolledBackFrom: from } = run;
  if (from === undefined) return undefined;
  const { keptKeys, ...counts } = rolledBackItems(shards.get('RollBack') ?? []);
  return {
    from,
    ...counts,
    keptKeys: keptKeys.slice(0, SAMPLE_COUNT).map((key) => shorten(key, MAX_SAMPLE_BYTES)),
  };
}

/** A filled table, and what the report says of it; absent: nothing was announced. */
export interface FilledTableOfReport extends RunTable<FilledTable> {
  readonly reported: ReportedTable | undefined;
}

/** What of the run is in place in the target now, by what exists and what was counted. */
export function countsInPlace(
  shards: Shards,
  filled: readonly FilledTableOfReport[],
  back: RolledBack | undefined,
): MigratedCounts {
  const outcomes = filled.flatMap(({ reported }) => reported?.outcome ?? []);
  if (outcomes.every((outcome) => outcome === 'DELETED')) return NOTHING_MIGRATED;
  const migrated = migratedCounts(shards, filled);
  if (!outcomes.includes('EXISTED') || back === undefined) return migrated;
  const { items, alreadyPresent, replaced = 0 } = migrated;
  const written = items - alreadyPresent + replaced;
  const left = back.isThrough ? back.kept : Math.max(0, written - back.deleted - back.restored);
  return { ...NOTHING_MIGRATED, items: left };
}

function quarantineOf(shards: Shards): readonly QuarantinedProduct[] {
  return (shards.get('TransformProducts') ?? [])
    .flatMap(({ quarantined = [] }) => quarantined)
    .slice(0, SAMPLE_COUNT)
    .map(({ productId, code, sentence }) => ({
      productId: shorten(productId, MAX_SAMPLE_BYTES),
      code,
      sentence: shorten(sentence, MAX_SAMPLE_BYTES),
    }));
}

function costs(runtime: Runtime, run: Run, shards: Shards): { estimated: EstimatedCost; actual: Cost } {
  const { plan, rehearsal, backup } = run;
  const region = runtime.config.region;
  const estimated = estimateRun(sizeOfPlan(plan, { region, rehearsal, migration: runtime.migration }));
  const actual = actualCost({ region, shards: [...shards.values()].flat(), files: backup?.files ?? 0 });
  return { estimated, actual };
}

function expiringItems({ plan }: Run, shards: Shards): Pick<Report['source'], 'timeToLive'> {
  const { timeToLiveAttribute: attribute } = plan;
  if (attribute === undefined) return {};
  const count = (counter: string): number => countOver(shards, 'TransformProducts', counter);
  return { timeToLive: { attribute, expiring: count('expiring'), expired: count('expired') } };
}

/** How the run ended, beyond what the ledger says. */
export interface RunEnd {
  readonly status: ReportStatus;
  readonly failure: ReportedFailure | null;
  /** Epoch milliseconds. */
  readonly finishedAt: number;
  /** What is there now of the run's tables. */
  readonly found: FoundTables;
}

/** Builds a run's report from its ledger. Reads nothing itself, so that the report is the same whenever it is built. */
export function buildReport(runtime: Runtime, run: Run, ledger: RunLedger, end: RunEnd): Report {
  const { shards, tables } = ledger;
  const { backup, rehearsal } = run;
  const reported = tables.flatMap((table) => reportedTable(table, end.found.get(table.name)) ?? []);
  const rolledBack = rolledBackCounts(run, shards);
  const filled = filledTablesOf(runtime, run).map((table) => ({
    ...table,
    reported: reported.find(({ name }) => name === table.name),
  }));
  const migrated = countsInPlace(shards, filled, rolledBack);
  const quarantined = rehearsal?.quarantined ?? countOver(shards, 'TransformProducts', 'quarantined');
  return {
    runId: run.runId,
    kind: run.kind,
    ...(run.step === undefined ? {} : { step: run.step }),
    status: end.status,
    source: {
      table: run.sourceTable,
      products: backup?.items ?? countOver(shards, 'BackupProducts', 'items'),
      bytes: backup?.bytes ?? countOver(shards, 'BackupProducts', 'bytes'),
      ...expiringItems(run, shards),
    },
    backup:
      backup === undefined
        ? null
        : { backupId: backup.backupId, uri: backup.uri, files: backup.files, items: backup.items },
    tables: reported,
    migrated: { ...migrated, quarantined },
    verification: countedVerification(run, shards) ?? null,
    consumed: {
      readUnits: countOverAll(shards, 'readUnits'),
      writeUnits: countOverAll(shards, 'writeUnits'),
    },
    cost: costs(runtime, run, shards),
    startedAt: run.startedAt,
    finishedAt: new Date(end.finishedAt).toISOString(),
    durationSeconds: (end.finishedAt - Date.parse(run.startedAt)) / 1000,
    failure: end.failure,
    reportUri: `s3://${runtime.bucket}/${RUN_LAYOUT.report(run.runId)}`,
    executionArn: run.executionArn,
    parameters: run.parameters,
    warnings: run.warnings,
    ...(rehearsal === undefined ? {} : { rehearsal }),
    ...(quarantined === 0
      ? {}
      : {
          quarantine: quarantineOf(shards),
          quarantineUri: `s3://${runtime.bucket}/${RUN_LAYOUT.quarantinePrefix(run.runId)}`,
        }),
    mismatches: namedSamples(shards, {
      missing: 'missing',
      different: 'different',
      extra: 'extra',
      changedSince: 'changedSince',
      keptChanged: 'keptChanged',
      keptTooLarge: 'keptTooLarge',
      presentDifferent: 'presentDifferent',
      staleVariants: 'staleVariants',
      outdated: 'outdated',
      removedAtSource: 'removedAtSource',
    }) satisfies KeySamples,
    driftKeys: namedSamples(shards, {
      added: 'driftAdded',
      changed: 'driftChanged',
      removed: 'driftRemoved',
    }) satisfies DriftKeys,
    ...(rolledBack === undefined ? {} : { rolledBack }),
    throttles: countOverAll(shards, 'throttles'),
    timings: timingsOf(shards),
    ...(run.opening === undefined ? {} : { opening: run.opening }),
    ...(run.protection === undefined ? {} : { protection: run.protection }),
    ...(run.reliesOn === undefined ? {} : { reliesOn: run.reliesOn }),
    ...(run.details === undefined ? {} : { details: run.details }),
  };
}
