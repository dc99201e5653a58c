import { StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { migrationsOf, restoredTables, restoresOf } from '../holdings.ts';
import type { OperatorAct, SyncPlan } from '../plan.ts';
import type { World } from '../world.ts';

/** Somebody at the console, who looks only at the newest run. */
export interface Operator {
  /** Starts `migrate` with the plan's input. */
  start(name?: string): Promise<void>;
  /** Resolves when it is answered, not when what it has started is over. */
  act(act: OperatorAct): Promise<void>;
  /** Starts `restore` without any input. */
  restore(): Promise<void>;
  resume(runId: string): Promise<void>;
  rollBack(runId: string): Promise<void>;
  /** Starts `sync` with this input. */
  sync(input: Readonly<Record<string, unknown>>): Promise<void>;
  syncStep(step: SyncPlan['steps'][number]): Promise<void>;
}

export function hireOperator(world: World, input: Readonly<Record<string, unknown>>): Operator {
  const { clients, deployed, lambda, scheduler } = world;
  let count = 0;
  const start = async (machine: string, typed: object, given?: string): Promise<void> => {
    count += 1;
    const stateMachineArn = deployed.machines.get(machine)?.arn;
    const command = new StartExecutionCommand({
      stateMachineArn,
      name: given ?? `${machine}-${count}`,
      input: JSON.stringify(typed),
    });
    await clients.sfn.send(command);
  };
  const call = async (key: string): Promise<void> => {
    await lambda.invoke({ key, payload: {}, patienceMillis: 900_000 }).catch(() => undefined);
  };
  const newestRun = (): string => String(migrationsOf(world).at(-1)?.['runId'] ?? 'nothing');
  const newestPlan = (): string =>
    String(migrationsOf(world).findLast(({ status }) => status === 'PLANNED')?.['runId'] ?? 'nothing');
  const firstRun = (): string => String(migrationsOf(world).at(0)?.['runId'] ?? 'nothing');
  const newestRestore = (): string => String(restoresOf(world).at(-1)?.['runId'] ?? 'nothing');
  const stop = async (): Promise<void> => {
    const running = [...world.aws.state.executions.values()].find(({ status }) => status === 'RUNNING');
    if (running === undefined) return;
    await clients.sfn.send(new StopExecutionCommand({ executionArn: running.executionArn }));
  };
  const carryOut = (act: OperatorAct): Promise<void> => {
    switch (act) {
      case 'stop':
        return stop();
      case 'start again':
        return start('migrate', input);
      case 'plan':
        return start('migrate', { ...input, dryRun: true });
      case 'resume':
        return start('migrate', { resume: newestRun() });
      case 'resume the plan':
        return start('migrate', { resume: newestPlan() });
      case 'compare':
        return start('sync', { action: 'compare' });
      case 'roll back':
        return start('rollback', { runId: newestRun() });
      case 'roll back with confirmation':
        return start('rollback', { runId: newestRun(), confirm: newestRun() });
      case 'roll back the first':
        return start('rollback', { runId: firstRun() });
      case 'roll back the first with its own confirmation':
        return start('rollback', { runId: firstRun(), confirm: firstRun() });
      case 'roll back the first with confirmation':
        return start('rollback', { runId: firstRun(), confirm: newestRun() });
      case 'migrate alone':
        return call('migrateProductsEnhanced');
      case 'create a table alone':
        return call('createReturnsTable');
      case 'back up alone':
        return call('backupProducts');
      case 'restore':
        return start('restore', { writeEngine: input['writeEngine'] });
      case 'restore into an existing table':
        return start('restore', { targetTable: restoredTables(world).at(-1) });
      case 'restore alone':
        return call('restoreFromBackup');
      case 'roll back the restore with confirmation':
        return start('rollback', { runId: newestRestore(), confirm: newestRestore() });
    }
  };
  const act = (what: OperatorAct): Promise<void> => {
    scheduler.note(`the operator: ${what}`);
    return carryOut(what);
  };
  const sync = (typed: Readonly<Record<string, unknown>>): Promise<void> => start('sync', typed);
  const syncStep = (step: SyncPlan['steps'][number]): Promise<void> => {
    if (step === 'compare') return sync({ action: 'compare', allowEmpty: true });
    if (step === 'cutover') return sync({ action: 'cutover', frozen: true });
    return act(step === 'roll back' ? 'roll back with confirmation' : step);
  };
  return {
    restore: () => start('restore', {}, 'restored-again'),
    resume: (runId) => start('migrate', { resume: runId }),
    rollBack: (runId) => start('rollback', { runId }),
    sync,
    syncStep,
    start: (name) => start('migrate', input, name),
    act,
  };
}
