import { createInDoubt } from '../../functions/shared/aws/in-doubt.ts';
import { itemTable } from '../../functions/shared/aws/item-table.ts';
import { objectStore } from '../../functions/shared/aws/object-store.ts';
import { bucketName } from '../../functions/shared/names.ts';
import { doubtMillisOf, type Runtime } from '../../functions/shared/runtime.ts';
import { ACCOUNT_ID } from '../../workflow/local/account.ts';
import { worldClients } from './clients.ts';
import type { DeployedFunction, DeployedService } from './deployed.ts';
import { endSender, type Network, type Sender } from './network.ts';
import { newLife, type Scheduler } from './scheduler.ts';
import { StateFailure } from './states/run-machine.ts';
import type { Misfortunes } from './misfortunes.ts';

/** A call of a function. */
export interface Call {
  readonly key: string;
  /** `undefined`: a call alone. */
  readonly payload: unknown;
  /** How long the caller waits. */
  readonly patienceMillis: number;
}

/** The functions of the service, in sandboxes of their own. */
export interface Lambda {
  /** @throws StateFailure as Step Functions names what went wrong */
  invoke(call: Call): Promise<unknown>;
  /** Ends the sandbox that is about to send something. */
  kill(sender: Sender): void;
}

export interface LambdaOptions {
  readonly scheduler: Scheduler;
  readonly deployed: DeployedService;
  readonly network: Network;
  readonly misfortunes: Misfortunes;
  /** Limits of time that are shorter than the template's; absent: the template's. */
  readonly timeoutMillis: number | undefined;
  /** Whether the deployment closes no new tables. */
  readonly leavesTablesOpen: boolean;
  /** How far the clock of a sandbox may be off. */
  readonly clocksOffMillis: number;
  readonly log: (line: readonly unknown[]) => void;
  /** Told of each call that begins, and by what it returns of the call's end. */
  readonly onCall: (key: string) => (millis: number) => void;
}

interface Sandbox extends Sender {
  readonly key: string;
  readonly runtime: Runtime;
  /** Ends the call under way with an error. */
  fail: (failure: StateFailure) => void;
}

const LATE_MILLIS = 240_000;
const SERVICE_FAILURE = 'Lambda.ServiceException';

export function createLambda(options: LambdaOptions): Lambda {
  const { scheduler, deployed, misfortunes } = options;
  const idle = new Map<string, Sandbox[]>();
  const sandboxes = new WeakMap<object, Sandbox>();
  let count = 0;

  const take = (one: DeployedFunction): Sandbox => {
    const warm = idle.get(one.key)?.pop();
    if (warm !== undefined) return warm;
    count += 1;
    const sandbox = openSandbox(options, one, `${one.key}#${count}`);
    sandboxes.set(sandbox, sandbox);
    return sandbox;
  };
  const end = (sandbox: Sandbox, failure: StateFailure): void => {
    scheduler.note(`${sandbox.caller.name} ends: ${failure.name}`);
    endSender(sandbox);
    sandbox.fail(failure);
  };
  const execute = (one: DeployedFunction, payload: unknown): Promise<unknown> => {
    const sandbox = take(one);
    const timeoutMillis = Math.min(one.timeoutMillis, options.timeoutMillis ?? one.timeoutMillis);
    const onEnd = options.onCall(one.key);
    const begunAt = scheduler.now();
    const until = begunAt + timeoutMillis;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const finish = (act: () => void): void => {
        if (isOver) return;
        isOver = true;
        onEnd(scheduler.now() - begunAt);
        act();
      };
      sandbox.fail = (failure) => finish(() => reject(failure));
      scheduler.after(timeoutMillis, '', () => {
        if (isOver) return;
        const failure = new StateFailure('Sandbox.Timedout', 'Task timed out');
        scheduler.wake(newLife(), () => end(sandbox, failure));
      });
      const giveBack = (): void => void idle.set(one.key, [...(idle.get(one.key) ?? []), sandbox]);
      const context = {
        functionName: one.key,
        awsRequestId: scheduler.newId(),
        getRemainingTimeInMillis: () => Math.max(0, until - scheduler.now()),
      };
      scheduler.note(`${sandbox.caller.name} begins`);
      one.handler
        .with(sandbox.runtime)(asSent(payload), context)
        .then(
          (answer) => finish(() => (giveBack(), resolve(asSent(answer)))),
          (error: unknown) => finish(() => (giveBack(), reject(failureOf(error)))),
        );
    });
  };

  /** A call as the service carries it out: late, twice, or not at all. */
  const carryOut = async (one: DeployedFunction, payload: unknown): Promise<unknown> => {
    const life = newLife();
    const isLate = misfortunes.strikes('calledLate', () => one.key);
    await scheduler.sleep(life, scheduler.between(1, isLate ? LATE_MILLIS : 30));
    const isLost = misfortunes.strikes('serviceFailed', () => one.key);
    if (isLost && scheduler.chance(0.3)) throw new StateFailure(SERVICE_FAILURE, 'The call was not made.');
    if (misfortunes.strikes('twice', () => one.key)) repeatLater(one, payload);
    const answer = execute(one, payload);
    if (!isLost) return answer;
    // The function may still be running when its caller hears of the failure.
    answer.catch(() => undefined);
    await scheduler.sleep(life, scheduler.between(1, 3_000));
    throw new StateFailure(SERVICE_FAILURE, 'The answer was lost.');
  };
  const repeatLater = (one: DeployedFunction, payload: unknown): void => {
    const millis = scheduler.between(0, scheduler.chance(0.5) ? 50 : 60_000);
    scheduler.after(millis, `${one.key} is called a second time`, () => {
      scheduler.wake(newLife(), () => void execute(one, payload).catch(() => undefined));
    });
  };

  return {
    kill(sender) {
      const sandbox = sandboxes.get(sender);
      if (sandbox !== undefined)
        end(sandbox, new StateFailure('Runtime.ExitError', 'The runtime has exited.'));
    },
    invoke({ key, payload, patienceMillis }) {
      const one = deployed.functions.get(key);
      if (one === undefined) return Promise.reject(new Error(`There is no function ${key}.`));
      return new Promise((resolve, reject) => {
        let isOver = false;
        const finish = (act: () => void): void => {
          if (isOver) return;
          isOver = true;
          act();
        };
        carryOut(one, payload).then(
          (answer) => finish(() => resolve(answer)),
          (error: unknown) => finish(() => reject(error)),
        );
        scheduler.after(patienceMillis, '', () => {
          if (isOver) return;
          const late = new StateFailure('States.Timeout', `${key} has not answered in time.`);
          scheduler.wake(newLife(), () => finish(() => reject(late)));
        });
      });
    },
  };
}

/** A payload or an answer on its way is JSON. */
const asSent = (value: unknown): unknown =>
  value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);

/** A function's error as Step Functions hands it on. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return new StateFailure(error.name, JSON.stringify({ errorType: error.name, errorMessage: error.message }));
}

function openSandbox(
  { scheduler, network, deployed, leavesTablesOpen, clocksOffMillis, log }: LambdaOptions,
  { config: given, tags, key }: DeployedFunction,
  name: string,
): Sandbox {
  const config = leavesTablesOpen ? { ...given, closeNewTables: false } : given;
  const life = newLife();
  const sender: Sender = { life, caller: { name, tags }, isTroubled: true, underWay: new Set() };
  const off = clocksOffMillis === 0 ? 0 : scheduler.between(-clocksOffMillis, clocksOffMillis);
  const clock = {
    now: () => scheduler.now() + off,
    sleep: (millis: number) => scheduler.sleep(life, millis),
    random: scheduler.random,
  };
  const inDoubt = createInDoubt(clock, doubtMillisOf(config));
  const scope = { scheduler, network, inDoubt };
  const sandbox = { ...sender, key, fail: () => undefined } as unknown as { runtime: Runtime } & Omit<
    Sandbox,
    'runtime'
  >;
  const clients = worldClients({ ...scope, sender: sandbox });
  const bucket = bucketName({ ...config, accountId: ACCOUNT_ID });
  const write =
    (level: string) =>
    (...line: unknown[]): void =>
      log([level, key, ...line]);
  sandbox.runtime = {
    config,
    migration: deployed.migration,
    clients,
    ledger: { client: clients.ledger, tableName: config.ledgerTable, clock },
    items: itemTable(clients.dynamo),
    objects: objectStore(clients.s3, bucket, clock),
    accountId: ACCOUNT_ID,
    bucket,
    clock,
    sleep: clock.sleep,
    inDoubt,
    random: scheduler.random,
    newId: () => scheduler.newId(),
    logger: {
      debug: () => undefined,
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      addContext: () => undefined,
    } as unknown as Runtime['logger'],
  };
  return sandbox;
}
