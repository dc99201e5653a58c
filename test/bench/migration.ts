import { randomUUID } from 'node:crypto';
import type { BeginRunOutput, Plan, WorkerInput, WorkerOutput } from '../../functions/shared/state.ts';
import type { Host } from './host.ts';
import { type MeasuredWork, measure, type Sample } from './measurement.ts';
import type { BenchWorld } from './world.ts';

/** A run that has begun, as the state machine would hold it. */
export interface BegunMigration {
  readonly runId: string;
  readonly executionArn: string;
  readonly plan: Plan;
}

const machineArn = 'arn:aws:states:ap-southeast-2:123456789012:execution';

/** TestConnection and BeginRun. */
export async function beginMigration(world: BenchWorld, workers: number): Promise<BegunMigration> {
  const name = `bench-${randomUUID()}`;
  const id = `${machineArn}:products-migration-local-migrate:${name}`;
  const execution = { id, name, startTime: new Date().toISOString() };
  const input = { maxConcurrency: workers };
  const plan = await world.invoke<Plan>('testConnection', { input });
  const state = { machine: 'migrate', input, execution, tested: { plan } };
  const { run } = await world.invoke<BeginRunOutput>('beginRun', state);
  return { runId: run.runId, executionArn: id, plan };
}

/** A Map of the machine: which function, over what, and how its payload looks. */
export interface MapStep {
  readonly functionKey: string;
  readonly indexes: readonly number[];
  readonly wrap?: (worker: WorkerInput) => unknown;
}

const shards = ({ runId, executionArn }: BegunMigration, { indexes }: MapStep): WorkerInput[] =>
  indexes.map((shard) => ({ runId, executionArn, shard }));

function workOf(run: BegunMigration, step: MapStep): Omit<MeasuredWork, 'hosts'> {
  const wrap = step.wrap ?? ((worker: WorkerInput): unknown => worker);
  return {
    payloads: shards(run, step).map(wrap),
    next: (answer) => {
      const worker = answer as WorkerOutput;
      return worker.done ? undefined : wrap(worker);
    },
    itemsOf: (answers) =>
      answers.reduce<number>((sum, answer) => sum + (answer as WorkerOutput).itemsDone, 0),
  };
}

/** Runs a Map on processes that are measured. */
export function measureMap(run: BegunMigration, hosts: readonly Host[], step: MapStep): Promise<Sample> {
  return measure({ hosts, ...workOf(run, step) });
}

/** The states between the transform and the migration. */
export async function sealAndCreate(world: BenchWorld, run: BegunMigration): Promise<void> {
  const { runId, executionArn } = run;
  await world.invoke('sealBackup', { runId, executionArn });
  const tables = ['Cart', 'Orders', 'Returns', 'ProductsEnhanced'];
  for (const table of tables) await world.invoke(`create${table}Table`, { runId, executionArn });
}
