import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { withMappings } from '../fake-mappings.ts';
import type { Scheduler } from 'fast-check';
import { beginMigration } from '../../../functions/begin-run/begin-run.ts';
import { completeRun } from '../../../functions/complete-run/complete-run.ts';
import { rollBack } from '../../../functions/roll-back/roll-back.ts';
import { recoverRuns } from '../../../functions/recover-run/recover-run.ts';
import { updateRun } from '../../../functions/shared/ledger/run-update.ts';
import { SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import { isTransient } from '../../../functions/shared/retry.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import type { RollBackInput, RollBackTurn } from '../../../functions/shared/state.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import { productsEnhancedTable } from '../../../functions/migrations/shop/tables/products-enhanced.ts';
import type { LedgerWorld } from '../ledger-world.ts';
import { executionArn, longTurn } from '../sample-run.ts';
import { Stopped, timedOut, WorkerDied } from './mishaps.ts';
import { nothingToVerify } from './nothing-to-verify.ts';
import { type Snapshot, takeSnapshot, violations } from './observe.ts';

/** What an execution of `migrate` does. */
export interface Script {
  readonly input: Readonly<Record<string, unknown>>;
  readonly end: 'succeed' | 'fail';
  /** Calls every function twice at once, as Lambda may. */
  readonly isDoubled: boolean;
}

/** What happens to the next request of an execution. */
export type Mishap = 'answer lost' | 'worker dies before' | 'worker dies after';

/** How long the client waits for an answer. */
const requestTimeoutMillis = 10_000;
/** Attempts of one state. */
const maxAttempts = 5;
/** An ordinary case has a few hundred. */
const maxRequests = 10_000;
const writes = /^(Put|Update|Delete|TransactWrite|Create)/;

/** Everybody who acts on the ledger. Requests are sent one at a time, in the scheduler's order. */
export class Actors {
  readonly tasks: Promise<unknown>[] = [];
  readonly problems: string[] = [];
  readonly usedByShop = new Set<string>();
  readonly mishaps = new Map<string, Mishap>();
  readonly #world: LedgerWorld;
  readonly #scheduler: Scheduler;
  #snapshot: Snapshot;
  #requests = 0;
  #launched = 0;

  constructor(world: LedgerWorld, scheduler: Scheduler, snapshot: Snapshot) {
    this.#world = world;
    this.#scheduler = scheduler;
    this.#snapshot = snapshot;
  }

  get clock(): LedgerWorld['clock'] {
    return this.#world.clock;
  }

  /** Starts an execution of `migrate`, which acts in the background from now on. */
  migrate(name: string, script: Script): void {
    this.#world.stepFunctions.executions.set(executionArn(name), 'RUNNING');
    this.#go(name, this.#migration(name, script));
  }

  rollBackByHand(name: string, input: Readonly<Record<string, unknown>>): void {
    this.#world.stepFunctions.executions.set(executionArn(name, 'rollback'), 'RUNNING');
    this.#go(name, this.#rollBackMachine(name, input));
  }

  stop(name: string): void {
    const { executions } = this.#world.stepFunctions;
    for (const arn of [executionArn(name), executionArn(name, 'rollback')])
      if (executions.get(arn) === 'RUNNING') executions.set(arn, 'ABORTED');
  }

  /** The event or the schedule. It is called at any time, and sometimes twice at once. */
  recover(name: string): void {
    const { started } = this.#world.stepFunctions;
    this.#go(
      name,
      (async () => {
        await this.#call(name, (runtime) => recoverRuns(withMappings(runtime)));
        // Two calls at once may have started the same execution, which runs only once.
        const launched = this.#launched;
        this.#launched = started.length;
        for (const { name: recoveryOwner, input } of started.slice(launched))
          this.#go(
            recoveryOwner,
            this.#rollBackMachine(recoveryOwner, JSON.parse(input) as Record<string, unknown>),
          );
      })(),
    );
  }

  /** The shop puts a cart into the table, no matter who created the table. */
  shop(): void {
    const put = this.#scheduler.scheduleFunction(async (_name: string) => {
      const table = [...this.#snapshot.tables.values()].find(({ name }) => name === 'cart');
      if (table === undefined) return;
      const status = this.#snapshot.runs.get(table.runId ?? '')?.status;
      // A roll back looks inside just before it deletes. What the shop adds after that look is not protected.
      if (status !== 'ROLLING_BACK') this.usedByShop.add(table.tableId);
      const Item = { PK: { S: 'CART#1' }, SK: { S: 'ITEM#1' } };
      await this.#world.observer.clients.dynamo.send(new PutItemCommand({ TableName: 'cart', Item }));
    });
    this.tasks.push(put('shop'));
  }

  async #migration(name: string, { input, end, isDoubled }: Script): Promise<void> {
    const execution = {
      id: executionArn(name),
      name,
      startTime: new Date(this.clock.now()).toISOString(),
    };
    const state: { tested?: object; run?: object } = { tested: {} };
    const step = <T>(call: (runtime: Runtime) => Promise<T>): Promise<T> =>
      this.#step(execution.id, name, call, isDoubled);
    try {
      const payload = { machine: 'migrate', input, execution, tested: { plan: SINGLE_PLAN } } as const;
      let { run } = await step((runtime) => beginMigration(runtime, payload));
      while (run.outcome === 'RECOVER') {
        const { runId } = run;
        await this.#turns(step, { machine: 'recover', execution, runId });
        run = (await step((runtime) => beginMigration(runtime, payload))).run;
      }
      state.run = run;
      const scope = { runId: run.runId, executionArn: execution.id };
      await Promise.all(
        [cartTable, productsEnhancedTable].map((spec) =>
          step((runtime) => ensureTable(runtime, { spec, ...scope })),
        ),
      );
      if (end === 'fail') throw Object.assign(new Error('It broke.'), { name: 'BrokenError' });
      await step((runtime) => updateRun(runtime.ledger, scope, { verification: nothingToVerify }));
      await step((runtime) => completeRun(runtime, scope));
      this.#end(execution.id, 'SUCCEEDED');
    } catch (error) {
      if (error instanceof Stopped) return;
      const { name: Error, message: Cause } = error as globalThis.Error;
      const failed = { machine: 'migrate', execution, ...state, failure: { Error, Cause } } as const;
      await this.#turns(step, failed).catch(() => undefined);
      this.#end(execution.id, 'FAILED');
    }
  }

  async #rollBackMachine(name: string, input: Readonly<Record<string, unknown>>): Promise<void> {
    const id = executionArn(name, 'rollback');
    const execution = { id, name, startTime: new Date(this.clock.now()).toISOString() };
    const step = <T>(call: (runtime: Runtime) => Promise<T>): Promise<T> => this.#step(id, name, call, false);
    const isDone = await this.#turns(step, { machine: 'rollback', execution, input }).then(
      () => true,
      () => false,
    );
    this.#end(id, isDone ? 'SUCCEEDED' : 'FAILED');
  }

  async #turns(
    step: <T>(call: (runtime: Runtime) => Promise<T>) => Promise<T>,
    input: RollBackInput,
  ): Promise<RollBackTurn> {
    for (;;) {
      const turn = await step((runtime) => rollBack(runtime, input, longTurn));
      if (turn.done) return turn;
      this.clock.advance(turn.waitSeconds * 1_000);
    }
  }

  /** Runs one state. Once its execution has ended, no state begins and none continues. */
  async #step<T>(
    arn: string,
    name: string,
    call: (runtime: Runtime) => Promise<T>,
    isDoubled: boolean,
  ): Promise<T> {
    const assertRunning = (): void => {
      if (this.#world.stepFunctions.executions.get(arn) !== 'RUNNING') throw new Stopped(arn);
    };
    assertRunning();
    const [first] = await Promise.allSettled(
      Array.from({ length: isDoubled ? 2 : 1 }, () => this.#call(name, call)),
    );
    assertRunning();
    if (first?.status === 'fulfilled') return first.value;
    throw first?.reason;
  }

  async #call<T>(name: string, call: (runtime: Runtime) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const death = Promise.withResolvers<never>();
        return await Promise.race([call(this.#runtime(name, death.reject)), death.promise]);
      } catch (error) {
        const isRetried = error instanceof WorkerDied || isTransient(error);
        if (!isRetried || attempt >= maxAttempts) throw error;
      }
    }
  }

  /** The runtime of one worker. `die` ends the worker, and its outstanding requests never return. */
  #runtime(name: string, die: (reason: WorkerDied) => void): Runtime {
    return this.#world.runtime(async (operation, send, { begunAt }) => {
      // A failure is passed on as a value, so that the scheduler itself sees no rejection.
      const pass = this.#scheduler.scheduleFunction((_label: string) =>
        this.#attempt(name, operation, send, begunAt).then(
          (answer) => () => answer,
          (error: unknown) => () => {
            if (!(error instanceof WorkerDied)) throw error;
            die(error);
            return new Promise(() => undefined);
          },
        ),
      );
      return (await pass(`${name}: ${operation}`))();
    });
  }

  async #attempt(
    name: string,
    operation: string,
    send: () => Promise<unknown>,
    begunAt: number,
  ): Promise<unknown> {
    this.#requests += 1;
    // Nobody waits for ever. The executions of a case are stopped, and the case fails.
    if (this.#requests === maxRequests) {
      this.problems.push(`no end after ${maxRequests} requests, the last one of ${name}: ${operation}`);
      this.#world.stepFunctions.executions.clear();
    }
    if (this.clock.now() - begunAt > requestTimeoutMillis) throw timedOut();
    const mishap = this.mishaps.get(name);
    this.mishaps.delete(name);
    if (mishap === 'worker dies before') throw new WorkerDied(name);
    const answer = await send();
    if (writes.test(operation)) await this.#look();
    if (mishap === 'worker dies after') throw new WorkerDied(name);
    if (mishap === 'answer lost') throw timedOut();
    return answer;
  }

  async #look(): Promise<void> {
    const now = await takeSnapshot(this.#world.observer);
    this.problems.push(...violations(this.#snapshot, now, this.usedByShop));
    this.#snapshot = now;
  }

  #end(arn: string, status: string): void {
    const { executions } = this.#world.stepFunctions;
    if (executions.get(arn) === 'RUNNING') executions.set(arn, status);
  }

  #go(name: string, work: Promise<unknown>): void {
    const unexpected = (error: unknown): void => {
      if (!(error instanceof Stopped)) this.problems.push(`${name}: ${String(error)}`);
    };
    this.tasks.push(work.catch(unexpected));
  }
}
