import { StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { pauseRun, throttleRun, unpauseRun } from '../../../functions/shared/ledger/control.ts';
import type { Asked } from '../../../functions/shared/ledger/run-facts.ts';
import { ledgerName, migrationsOf, restoredTables, restoresOf } from '../holdings.ts';
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
  const { clients, deployed, lambda, person, scheduler } = world;
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
  const { now, random } = scheduler;
  const clock = { now, random, sleep: (millis: number) => scheduler.sleep(person.life, millis) };
  const ledger = { client: clients.ledger, tableName: ledgerName(world), clock };
  const asked = (): Asked => ({ at: new Date(scheduler.now()).toISOString(), by: 'somebody' });
  /** Nobody pauses a run for ever. */
  const pauseAWhile = async (runId: string): Promise<void> => {
    if (!(await pauseRun(ledger, runId, asked()))) return;
    const millis = scheduler.between(0, scheduler.pick([20_000, 900_000]));
    scheduler.after(millis, 'the operator: unpause', () =>
      scheduler.wake(person.life, () => void unpauseRun(ledger, runId, asked())),
    );
  };
  const throttle = async (runId: string): Promise<void> => {
    const writeUnitsPerSecond = scheduler.pick([0.5, 2, 20]);
    const both = scheduler.chance(0.5) ? { readUnitsPerSecond: scheduler.between(1, 50) } : {};
    await throttleRun(ledger, runId, { asked: asked(), caps: { writeUnitsPerSecond, ...both } });
  };
  const carryOut = (act: OperatorAct): Promise<void> => {
    switch (act) {
      case 'stop':
        return stop();
      case 'pause':
        return pauseAWhile(newestRun());
      case 'throttle':
        return throttle(newestRun());
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
