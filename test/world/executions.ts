import type { AwsState, Execution } from './aws/state.ts';
import type { DeployedMachine, DeployedService } from './deployed.ts';
import type { Lambda } from './lambda.ts';
import { type Life, newLife, type Scheduler } from './scheduler.ts';
import { type Host, runMachine, StateFailure } from './states/run-machine.ts';

/** Step Functions: carries out what the in-memory AWS has accepted. */
export interface Executions {
  /** Carries out an execution that the in-memory AWS has accepted. */
  begin(execution: Execution): void;
  /** As StopExecution does: nothing comes after it, but functions that run go on. */
  stop(executionArn: string): void;
}

export interface ExecutionsOptions {
  readonly scheduler: Scheduler;
  readonly deployed: DeployedService;
  readonly state: AwsState;
  readonly lambda: Lambda;
  /** Told of each state that is entered. */
  readonly onEnter: () => void;
  /** Told of each state that fails in the end: `migrate CreateTables TableQuotaError`. */
  readonly onFail: (failure: string) => void;
  /** Told of every end. */
  readonly onEnd: (machine: string, execution: Execution) => void;
}

/** Function key of `<service>-<stage>-<key>:<version>`. */
const keyOf = (functionName: string, prefix: string): string =>
  (functionName.split(':')[0] ?? '').slice(prefix.length);

export function createExecutions(options: ExecutionsOptions): Executions {
  const { scheduler, deployed, state, lambda, onEnd } = options;
  const lives = new Map<string, Life>();
  const machines = new Map([...deployed.machines.values()].map((machine) => [machine.arn, machine]));

  const end = (machine: DeployedMachine, execution: Execution, result: Partial<Execution>): void => {
    if (execution.status !== 'RUNNING') return;
    Object.assign(execution, result, { stoppedAt: scheduler.now() });
    scheduler.note(`${machine.name} ${execution.name} ends: ${execution.status} ${execution.error ?? ''}`);
    onEnd(machine.name, execution);
  };
  const run = async (machine: DeployedMachine, execution: Execution, life: Life): Promise<void> => {
    const { executionArn: Id, name: Name, input, startedAt } = execution;
    const StartTime = new Date(startedAt).toISOString();
    const context = { Execution: { Id, Name, Input: JSON.parse(input) as unknown, StartTime } };
    const whileAlive = <T>(promise: Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        promise.then(
          (value) => life.isOver || resolve(value),
          (error: unknown) => life.isOver || reject(error),
        );
      });
    const host = {
      sleep: (millis: number) => scheduler.sleep(life, millis),
      random: scheduler.random,
      enter: (name: string) => {
        options.onEnter();
        scheduler.note(`${machine.name} ${Name}: ${name}`);
      },
      fail: (name: string, error: string) => options.onFail(`${machine.name} ${name} ${error}`),
      invoke: ({ functionName, payload, timeoutSeconds }: Parameters<Host['invoke']>[0]) => {
        const key = keyOf(functionName, deployed.stack.prefix);
        const call = lambda.invoke({ key, payload, patienceMillis: 1_000 * timeoutSeconds });
        return whileAlive(call.then((Payload) => ({ ExecutedVersion: '1', Payload, StatusCode: 200 })));
      },
    };
    try {
      const output = await runMachine(machine.definition, host, context);
      end(machine, execution, { status: 'SUCCEEDED', output: JSON.stringify(output) });
    } catch (error) {
      if (!(error instanceof StateFailure)) throw error;
      end(machine, execution, {
        status: 'FAILED',
        error: error.name,
        ...(error.cause !== undefined && { cause: error.cause }),
      });
    }
  };

  return {
    begin(execution) {
      const machine = machines.get(execution.stateMachineArn);
      if (machine === undefined) return;
      const life = newLife();
      lives.set(execution.executionArn, life);
      scheduler.after(scheduler.between(1, 50), '', () =>
        scheduler.wake(life, () => void run(machine, execution, life)),
      );
    },
    stop(executionArn) {
      const life = lives.get(executionArn);
      const execution = state.executions.get(executionArn);
      const machine = machines.get(execution?.stateMachineArn ?? '');
      if (life === undefined || execution === undefined || machine === undefined) return;
      life.isOver = true;
      onEnd(machine.name, execution);
    },
  };
}
