import { randomUUID } from 'node:crypto';
import type { BeginRestoreOutput, PreparedRestore } from '../../functions/restore-from-backup/payloads.ts';
import type { BegunMigration } from './migration.ts';
import type { BenchWorld } from './world.ts';

const machineArn = 'arn:aws:states:ap-southeast-2:123456789012:execution';

/** PrepareRestore, BeginRestore and CreateRestoredTable: into a new table. */
export async function beginRestore(world: BenchWorld): Promise<BegunMigration> {
  const name = `bench-${randomUUID()}`;
  const id = `${machineArn}:products-migration-local-restore:${name}`;
  const execution = { id, name, startTime: new Date().toISOString() };
  const step = <T>(payload: object): Promise<T> => world.invoke<T>('restoreFromBackup', payload);
  const tested = await step<PreparedRestore>({ action: 'prepare', input: {}, execution });
  const state = { machine: 'restore', input: {}, execution, tested };
  const { run } = await step<BeginRestoreOutput>({ action: 'begin', state });
  await step({ action: 'create', run: { runId: run.runId, executionArn: id } });
  return { runId: run.runId, executionArn: id, plan: tested.plan };
}
