import { actualCost } from './cost/actual.ts';
import type { Cost, EstimatedCost } from './cost/cost.ts';
import { estimateRun } from './cost/estimate.ts';
import { runLayout } from './backup/layout.ts';
import type { Run, Verification } from './ledger/run.ts';
import { listShards, type Shard, type ShardState, shardStates } from './ledger/shard.ts';
import { listTables, type TableRecord } from './ledger/table-record.ts';
import {
  type DriftKeys,
  type KeySamples,
  type MigratedCounts,
  nothingMigrated,
  quarantinedProduct,
  type Report,
  type ReportedFailure,
  type ReportedTable,
  type ReportStatus,
  type StateTiming,
} from './report.ts';
import type { Runtime } from './runtime.ts';
import { tableName } from './tables/table-spec.ts';
import { catalogueTable } from './tables/target-tables.ts';
import { shorten } from './text.ts';

type Shards = ReadonlyMap<ShardState, readonly Shard[]>;

/** What the ledger holds of a run beside the run itself. */
export interface RunLedger {
  readonly shards: Shards;
  readonly tables: readonly TableRecord[];
}

export async function readRunLedger(runtime: Runtime, runId: string): Promise<RunLedger> {
  const entries = await Promise.all(
    shardStates.map(async (state) => [state, await listShards(runtime.ledger, runId, state)] as const),
  );
  return { shards: new Map(entries), tables: await listTables(runtime.ledger, runId) };
}

/** One counter over all shards of a state. */
export function countOver(shards: Shards, state: ShardState, counter: string): number {
  return (shards.get(state) ?? []).reduce((sum, shard) => sum + (shard.counters[counter] ?? 0), 0);
}

function countOverAll(shards: Shards, counter: string): number {
  return shardStates.reduce((sum, state) => sum + countOver(shards, state, counter), 0);
}

/** Ten samples of a kind at 120 bytes: the report is a state's output and stays below 16 KiB. */
const sampleCount = 10;
const maxSampleBytes = 120;

function samplesOf(shards: Shards, states: readonly ShardState[], kind: string): readonly string[] {
  const found = states.flatMap((state) =>
    (shards.get(state) ?? []).flatMap((shard) => shard.samples?.[kind] ?? []),
  );
  return [...new Set(found)].slice(0, sampleCount).map((sample) => shorten(sample, maxSampleBytes));
}

/** Only the kinds that have any. */
function namedSamples<Name extends string>(
  shards: Shards,
  kinds: Readonly<Record<Name, string>>,
): { readonly [key in Name]?: readonly string[] } {
  const states: readonly ShardState[] = ['MigrateProducts', 'VerifyMigration', 'CompareByKey'];
  const entries = (Object.entries(kinds) as [Name, string][]).map(
    ([name, kind]) => [name, samplesOf(shards, states, kind)] as const,
  );
  return Object.fromEntries(entries.filter(([, keys]) => keys.length > 0)) as {
    readonly [key in Name]?: readonly string[];
  };
}

function timingOf(state: ShardState, shards: readonly Shard[]): StateTiming {
  const startedAt = Math.min(...shards.map((shard) => shard.startedAt));
  const finishedAt = Math.max(...shards.map((shard) => shard.updatedAt));
  const items = shards.reduce((sum, shard) => sum + (shard.counters['items'] ?? 0), 0);
  return {
    state,
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(finishedAt).toISOString(),
    seconds: (finishedAt - startedAt) / 1000,
    items,
  };
}

function timings(shards: Shards): readonly StateTiming[] {
  return shardStates.flatMap((state) => {
    const own = shards.get(state) ?? [];
    return own.length === 0 ? [] : [timingOf(state, own)];
  });
}

/** What JudgeDigests noted, with the counts of the comparison key by key where there was one. */
export function countedVerification(run: Run, shards: Shards): Verification | undefined {
  const { verification } = run;
  if (verification === undefined || (shards.get('CompareByKey') ?? []).length === 0) return verification;
  const count = (counter: string): number => countOver(shards, 'CompareByKey', counter);
  return {
    ...verification,
    expected: count('expected'),
    found: count('found'),
    missing: count('missing'),
    different: count('different'),
    changedSince: count('changedSince'),
    extra: Math.max(verification.extra, count('extra')),
    drift: { added: count('driftAdded'), changed: count('driftChanged'), removed: count('driftRemoved') },
  };
}

function migratedCounts(shards: Shards): MigratedCounts {
  const count = (counter: string): number => countOver(shards, 'MigrateProducts', counter);
  return {
    products: count('metadata'),
    items: count('items'),
    metadata: count('metadata'),
    variants: count('variants'),
    alreadyPresent: count('alreadyPresent'),
    quarantined: count('quarantined'),
    replaced: count('replaced'),
    keptChanged: count('keptChanged'),
  };
}

function reportedTable({ name, outcome, remark, access }: TableRecord): ReportedTable {
  const shown = outcome === 'INTENT' ? 'DELETED' : outcome;
  const isThere = shown === 'CREATED' || shown === 'KEPT';
  return {
    name,
    outcome: shown,
    ...(remark === undefined ? {} : { remark }),
    ...(access === undefined || !isThere ? {} : { access }),
  };
}

/** Whether what the run wrote is still in place. */
const inPlace: ReadonlySet<ReportStatus> = new Set(['SUCCEEDED', 'HELD', 'ROLLBACK_FAILED']);

function costs(runtime: Runtime, run: Run, shards: Shards): { estimated: EstimatedCost; actual: Cost } {
  const { plan, rehearsal, backup } = run;
  const region = runtime.config.region;
  const estimated = estimateRun({
    region,
    products: plan.estimatedProducts,
    bytes: plan.estimatedBytes,
    workers: plan.workers,
    segments: plan.segments.length,
    shards: plan.shards.length,
    readUnitsPerSecond: plan.readUnitsPerSecond,
    writeUnitsPerSecond: plan.writeUnitsPerSecond,
    ...(rehearsal === undefined ? {} : { rehearsal }),
  });
  const actual = actualCost({ region, shards: [...shards.values()].flat(), files: backup?.files ?? 0 });
  return { estimated, actual };
}

/** How the run ended, beyond what the ledger says. */
export interface RunEnd {
  readonly status: ReportStatus;
  readonly failure: ReportedFailure | null;
  /** Epoch milliseconds. */
  readonly finishedAt: number;
}

/** Puts a run's report together from its ledger. Reads nothing itself, so that it is the same whenever it is made. */
export function buildReport(runtime: Runtime, run: Run, ledger: RunLedger, end: RunEnd): Report {
  const { shards, tables } = ledger;
  const { backup, rehearsal } = run;
  const target = tableName(catalogueTable, runtime.config.tablePrefix);
  const isKept = tables.some(({ name, outcome }) => name === target && outcome === 'KEPT');
  const migrated = isKept || inPlace.has(end.status) ? migratedCounts(shards) : nothingMigrated;
  const quarantined = rehearsal?.quarantined ?? countOver(shards, 'RehearseBackup', 'quarantined');
  return {
    runId: run.runId,
    status: end.status,
    source: {
      table: run.sourceTable,
      products: backup?.items ?? countOver(shards, 'BackupProducts', 'items'),
      bytes: backup?.bytes ?? countOver(shards, 'BackupProducts', 'bytes'),
    },
    backup:
      backup === undefined
        ? null
        : { backupId: backup.backupId, uri: backup.uri, files: backup.files, items: backup.items },
    tables: tables.map(reportedTable),
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
    reportUri: `s3://${runtime.bucket}/${runLayout.report(run.runId)}`,
    executionArn: run.executionArn,
    parameters: run.parameters,
    warnings: run.warnings,
    ...(rehearsal === undefined ? {} : { rehearsal }),
    ...(quarantined === 0
      ? {}
      : {
          quarantine: samplesOf(shards, ['RehearseBackup'], 'quarantined').map(quarantinedProduct),
          quarantineUri: `s3://${runtime.bucket}/${runLayout.quarantinePrefix(run.runId)}`,
        }),
    mismatches: namedSamples(shards, {
      missing: 'missing',
      different: 'different',
      extra: 'extra',
      changedSince: 'changedSince',
      keptChanged: 'keptChanged',
      outdated: 'outdated',
      removedAtSource: 'removedAtSource',
    }) satisfies KeySamples,
    driftKeys: namedSamples(shards, {
      added: 'driftAdded',
      changed: 'driftChanged',
      removed: 'driftRemoved',
    }) satisfies DriftKeys,
    throttles: countOverAll(shards, 'throttles'),
    timings: timings(shards),
    ...(run.opening === undefined ? {} : { opening: run.opening }),
    ...(run.protection === undefined ? {} : { protection: run.protection }),
    ...(run.details === undefined ? {} : { details: run.details }),
  };
}
