import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import type { MachineName } from '../../functions/shared/names.ts';
import { beginRun, type Holder, type NewRun } from '../../functions/shared/ledger/begin.ts';
import type { LedgerKey, LedgerTable } from '../../functions/shared/ledger/ledger-table.ts';
import { readRun, type Run } from '../../functions/shared/ledger/run.ts';
import { transition } from '../../functions/shared/ledger/transition.ts';
import { takeTurn } from '../../functions/shared/copy/shard-turn.ts';
import { SINGLE_PLAN } from '../../functions/shared/runs/cut-work.ts';
import type { LedgerWorld } from './ledger-world.ts';

/** ARN of an execution of one of the service's machines, as the embedded Step Functions names it. */
export function executionArn(name: string, machine: MachineName = 'migrate'): string {
  return `arn:aws:states:ap-southeast-2:123456789012:execution:products-migration-test-${machine}:${name}`;
}

/** When every sample execution started. */
export const sampleStart = '2026-05-01T00:00:00.000Z';

export function sampleHolder(name: string, overrides: Partial<Holder> = {}): Holder {
  return { executionName: name, executionArn: executionArn(name), startTime: sampleStart, ...overrides };
}

export function sampleNewRun(runId: string, overrides: Partial<NewRun> = {}): NewRun {
  return {
    runId,
    kind: 'migrate',
    startedAt: sampleStart,
    sourceTable: 'products',
    parameters: {
      dryRun: false,
      onFailure: 'rollback',
      maxQuarantined: 0,
      onExisting: 'keep',
      maxConcurrency: 1,
    },
    plan: SINGLE_PLAN,
    settings: { migration: { defaultStockQuantity: 50 } },
    backupId: '01777593600000-0a1b2c3d',
    ...overrides,
  };
}

/** A run that has just begun, with its execution running. */
export async function begunRun(
  { observer, stepFunctions }: LedgerWorld,
  runId: string,
  overrides: Partial<NewRun> = {},
): Promise<Run> {
  stepFunctions.executions.set(executionArn(runId), 'RUNNING');
  const begun = await beginRun(observer.ledger, sampleNewRun(runId, overrides), sampleHolder(runId));
  if (begun.outcome !== 'BEGUN') throw new Error(`${begun.lock.runId} has the lock`);
  return begun.run;
}

/** Removes records from the ledger as an operator does: without looking at them. */
export async function removeByHand(
  { client, tableName: TableName }: LedgerTable,
  ...keys: readonly LedgerKey[]
): Promise<void> {
  for (const Key of keys) await client.send(new DeleteCommand({ TableName, Key }));
}

/** What a stage is told about an execution. */
export function sampleExecution(name: string, machine: MachineName = 'migrate') {
  return { id: executionArn(name, machine), name, startTime: sampleStart };
}

/** An invocation that has plenty of time. */
export const longTurn = { remainingMillis: () => 890_000, requestId: 'request' } as const;

/** A call of a worker of `run` that is killed, or frozen, in the middle of its unit: it never comes back. */
export async function killedCall(world: LedgerWorld, { runId, executionArn: arn }: Run): Promise<void> {
  const begun = Promise.withResolvers<void>();
  const input = { runId, executionArn: arn, shard: 0 };
  const unit = (): Promise<void> => {
    begun.resolve();
    return new Promise(() => undefined);
  };
  void takeTurn(world.runtime(), { input, turn: longTurn }, { state: 'MigrateProducts', unit });
  await begun.promise;
}

/** The run once it is held, or marked to be rolled back. It keeps its lock. */
export async function movedTo(
  { observer, clock }: LedgerWorld,
  runId: string,
  to: 'HELD' | 'ROLLING_BACK',
): Promise<Run> {
  const run = await readRun(observer.ledger, runId);
  const now = clock.now();
  const facts = { finishedAt: new Date(now).toISOString(), markedAt: now };
  const moved = await transition(observer.ledger, { run, to, lock: 'keep', writer: to, facts });
  if (moved === undefined) throw new Error(`not ${to}`);
  return moved;
}
