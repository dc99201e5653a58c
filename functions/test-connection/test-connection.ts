import { parseMigrateInput, type MigrateInput } from '../shared/runs/migrate-input.ts';
import { estimateRun } from '../shared/cost/estimate.ts';
import { sizeOfPlan } from '../shared/cost/run-size.ts';
import { openScan, type ScanScope, wholeTable } from '../shared/copy/scan.ts';
import type { Config } from '../shared/env.ts';
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
import { checkTime } from './check-time.ts';
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
  const sized = sizeRun({ source, probe, input, config, quotaWorkers: quota.workers, targets });
  const { obstacles: bulkObstacles, choice } = checkEngine({ input, plan: sized, place: config, targets });
  const plan = choice === undefined ? sized : priced({ ...sized, writeEngine: choice.chosen }, region);
  const estimate = estimateRun(sizeOfPlan(plan, { region }));
  const { attribute: timeToLiveAttribute } = timeToLive;
  const { TableId: sourceTableId } = source;
  return {
    checks: [
      ...checkEmpty(config, probe, input),
      quota.check,
      timeToLive.check,
      ...checkTime(input, estimate, config),
      ...checkCost(input, estimate, config),
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

async function probeSource({ items, clock, config }: Runtime): Promise<SizingFacts['probe']> {
  const scope: ScanScope = {
    items,
    limit: PROBE_ITEMS,
    retry: (attempt) => reach(clock, 'DynamoDB', attempt),
  };
  const scan = openScan(scope, wholeTable(config.sourceTable));
  const page = await scan.readPage();
  return { items: page.items.length, bytes: page.bytes, isWhole: scan.position.isDone };
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
