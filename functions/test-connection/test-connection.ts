import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { parseMigrateInput, type MigrateInput } from '../shared/runs/migrate-input.ts';
import { estimateRun } from '../shared/cost/estimate.ts';
import { measureMade } from '../shared/cost/measure-made.ts';
import { sizeOfPlan } from '../shared/cost/run-size.ts';
import { openScan, type ScanScope, wholeTable } from '../shared/copy/scan.ts';
import type { Config } from '../shared/env.ts';
import type { TableSpec } from '../shared/migration/table-spec.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { Plan, TestConnectionInput } from '../shared/state.ts';
import { type Check, done, reach } from './check.ts';
import { checkBucket } from './check-bucket.ts';
import { checkCost } from './check-cost.ts';
import { checkEmpty } from './check-empty.ts';
import { checkEngine } from './check-engine.ts';
import { checkQuota } from './check-quota.ts';
import { checkSource } from './check-source.ts';
import { checkTargets } from './check-targets.ts';
import { checkTimeToLive } from './check-time-to-live.ts';
import { priced, type SizingFacts, sizeRun } from './size-run.ts';

/** Every check. `plan` is absent if a stop makes sizing pointless. */
export interface ConnectionReport {
  readonly ok: boolean;
  readonly checks: readonly Omit<Check, 'error'>[];
  /** What the names of the tables follow from. */
  readonly deployed: Pick<Config, 'sourceTable' | 'tablePrefix'>;
  readonly plan?: Plan;
  /** Clauses: why bulk put cannot do the run. Absent with the plan. */
  readonly bulkObstacles?: readonly string[];
}

interface Findings extends Pick<ConnectionReport, 'plan' | 'bulkObstacles'> {
  readonly checks: readonly Check[];
}

/** Enough to tell a small table from a large one, for half a read unit per 4 KB. */
const PROBE_ITEMS = 500;
/** A sixth of the function's time: a slow transform is measured on fewer items. */
const PROBE_MILLIS = 10_000;

/**
 * Checks everything that a run needs and divides the work. Reads only.
 *
 * @returns the {@link Plan}; with `check: true` the {@link ConnectionReport}, which does not throw for a stop.
 * @throws InvalidInputError and the error of the first stop; none is retried.
 */
export async function testConnection(
  runtime: Runtime,
  { input, check }: TestConnectionInput,
): Promise<Plan | ConnectionReport> {
  const findings = await inspect(runtime, parseMigrateInput(input));
  return check === true ? reportOf(runtime, findings) : planOrThrow(findings);
}

async function inspect(runtime: Runtime, input: MigrateInput): Promise<Findings> {
  const identity = done('credentials', `Account ${runtime.accountId}, region ${runtime.config.region}.`);
  const [source, bucket, targets] = await Promise.all([
    checkSource(runtime),
    checkBucket(runtime),
    checkTargets(runtime),
  ]);
  const checks = [identity, source.check, bucket, ...targets.map(({ check }) => check)];
  if (source.table === undefined) return { checks };
  const filled = runtime.migration.filled.map(
    ({ name }) => targets.find(({ spec }) => spec.name === name)?.table,
  );
  const planned = await planRun(runtime, input, { source: source.table, targets: filled });
  return { ...planned, checks: [...checks, ...planned.checks] };
}

async function planRun(
  runtime: Runtime,
  input: MigrateInput,
  { source, targets }: Pick<SizingFacts, 'source' | 'targets'>,
): Promise<Findings> {
  const { config } = runtime;
  const { region } = config;
  const [probe, quota, timeToLive] = await Promise.all([
    probeSource(runtime),
    checkQuota(runtime),
    checkTimeToLive(runtime),
  ]);
  const indexes = Math.max(...runtime.migration.filled.map((spec, at) => indexesOf(spec, targets[at])));
  const sized = sizeRun({ source, probe, input, config, quotaWorkers: quota.workers, targets, indexes });
  const { obstacles: bulkObstacles, choice } = checkEngine({ input, plan: sized, place: config, targets });
  const plan = choice === undefined ? sized : priced({ ...sized, writeEngine: choice.chosen }, region);
  const { attribute: timeToLiveAttribute } = timeToLive;
  const { TableId: sourceTableId } = source;
  return {
    checks: [
      ...checkEmpty(config, probe, input),
      quota.check,
      timeToLive.check,
      ...checkCost(input, estimateRun(sizeOfPlan(plan, { region, migration: runtime.migration })), config),
      ...(choice === undefined ? [] : [choice.check]),
    ],
    bulkObstacles,
    plan: {
      ...plan,
      ...(sourceTableId !== undefined && { sourceTableId }),
      ...(timeToLiveAttribute !== undefined && { timeToLiveAttribute }),
    },
  };
}

/** Of a table as it is, or as it will be created. */
function indexesOf(spec: TableSpec, table: TableDescription | undefined): number {
  const { GlobalSecondaryIndexes: global = [], LocalSecondaryIndexes: local = [] } = table ?? {};
  return table === undefined ? spec.indexes.length : global.length + local.length;
}

async function probeSource({ items, clock, config, migration }: Runtime): Promise<SizingFacts['probe']> {
  const scope: ScanScope = {
    items,
    limit: PROBE_ITEMS,
    retry: (attempt) => reach(clock, 'DynamoDB', attempt),
  };
  const scan = openScan(scope, wholeTable(config.sourceTable));
  const page = await scan.readPage();
  const context = {
    runId: 'plan',
    startedAt: new Date(clock.now()).toISOString(),
    settings: config.settings,
  };
  const until = clock.now() + PROBE_MILLIS;
  const made = measureMade(
    page.items,
    (item) => migration.transform(item, context),
    () => clock.now() >= until,
  );
  return { items: page.items.length, bytes: page.bytes, isWhole: scan.position.isDone, made };
}

function reportOf({ config }: Runtime, { checks, ...planned }: Findings): ConnectionReport {
  const ok = checks.every(({ outcome }) => outcome !== 'stop');
  const shown = checks.map(({ name, outcome, sentence }) => ({ name, outcome, sentence }));
  const { sourceTable, tablePrefix } = config;
  return { ok, checks: shown, deployed: { sourceTable, tablePrefix }, ...planned };
}

function planOrThrow({ checks, plan }: Findings): Plan {
  const stopped = checks.find(({ error }) => error !== undefined)?.error;
  if (stopped !== undefined) throw stopped;
  if (plan === undefined) throw new Error('The run was not sized.');
  const warnings = checks.filter(({ outcome }) => outcome === 'warning').map(({ sentence }) => sentence);
  return { ...plan, warnings: [...plan.warnings, ...warnings].slice(0, 20) };
}

/** `sls invoke -f testConnection`: the list of checks, or the error of the first stop. */
export async function checkAlone(runtime: Runtime): Promise<ConnectionReport> {
  const findings = await inspect(runtime, parseMigrateInput({}));
  planOrThrow(findings);
  return reportOf(runtime, findings);
}
