import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { createWorldAws, type OpenWorldAws } from './aws/aws.ts';
import type { WorldService } from './aws/request.ts';
import type { Execution } from './aws/state.ts';
import { carryOnBulkPuts } from './bulk-puts.ts';
import { worldClients } from './clients.ts';
import type { Clients } from '../../functions/shared/aws/clients.ts';
import type { DeployedService } from './deployed.ts';
import { createExecutions, type Executions } from './executions.ts';
import { createLambda, type Lambda } from './lambda.ts';
import { forgetEach } from './once-for-each.ts';
import { createNetwork, type Flight, type Network, type Sender } from './network.ts';
import { createScheduler, newLife, type Scheduler } from './scheduler.ts';
import { createMisfortunes, type Misfortunes } from './misfortunes.ts';
import { NO_TROUBLE, type Trouble } from './trouble.ts';
import { createMeter, type Meter } from './check/meter.ts';

/** One shop's account, with the service in it. */
export interface World {
  readonly scheduler: Scheduler;
  readonly deployed: DeployedService;
  readonly aws: OpenWorldAws;
  readonly network: Network;
  /** What the functions have used since the world was at rest last. */
  readonly meter: Meter;
  /** How far the clock of a sandbox may be off. */
  readonly clocksOffMillis: number;
  readonly lambda: Lambda;
  readonly executions: Executions;
  /** Sends what people and the shop send: no trouble, no retries of its own. */
  readonly person: Sender;
  readonly clients: Clients;
  /** What may go wrong from now on. */
  trouble: Trouble;
  readonly misfortunes: Misfortunes;
  /** Called before each request of a function. */
  onRequest: (request: FunctionRequest) => void;
  /** Refuses a request of a function, for want of a permission. */
  refusal: (request: FunctionRequest) => Error | undefined;
  /** Called when a function's transaction was carried out, or refused. */
  onTransaction: (caller: string) => void;
  /** Called when an execution has ended. */
  onEnd: (execution: Execution) => void;
  /** With what states have failed in the end: `migrate CreateTables TableQuotaError`. */
  readonly stateFailures: string[];
  /** What the functions have logged. */
  readonly log: (readonly unknown[])[];
}

/** A request that a function is about to send. */
export interface FunctionRequest {
  /** The sandbox: `beginRun#3`. */
  readonly sender: string;
  /** Sandbox, operation and subject. */
  readonly name: () => string;
  readonly service: WorldService;
  readonly operation: string;
  readonly input: unknown;
}

export interface WorldOptions {
  readonly seed: number;
  readonly trace?: ((line: string) => void) | undefined;
  /** Limits of time that are shorter than the template's. */
  readonly timeoutMillis?: number | undefined;
  /** Whether the deployment closes no new tables. */
  readonly leavesTablesOpen?: boolean;
  /** How far the clock of a sandbox may be off; default 0. */
  readonly clocksOffMillis?: number;
  /** The misfortunes that happen, by their ordinals; absent: all. */
  readonly only?: ReadonlySet<number> | undefined;
}

/** Sunday, and nothing special. */
const START = Date.UTC(2026, 0, 4);

const SCHEDULE_MILLIS = 15 * 60_000;
/** How long an event is under way. */
const EVENT_MILLIS = 60_000;

export function createWorld(deployed: DeployedService, options: WorldOptions): World {
  const { seed, trace, timeoutMillis, leavesTablesOpen = false, clocksOffMillis = 0, only } = options;
  forgetEach();
  const scheduler = createScheduler({ seed, start: START, trace });
  const misfortunes = createMisfortunes({ scheduler, trouble: () => world.trouble, only });
  const aws = createWorldAws({
    now: scheduler.now,
    choose: (count, why) =>
      count > 1 && misfortunes.strikes('odd', () => why) ? scheduler.between(1, count - 1) : 0,
    onStart: (execution: Execution) => {
      meter.countExecution();
      world.executions.begin(execution);
    },
    onStop: (execution: Execution) => world.executions.stop(execution.executionArn),
  });
  const bulkPuts = new Set<string>();
  const meter = createMeter(`${deployed.stack.prefix}ledger`);
  const network = createNetwork({
    scheduler,
    aws: meter.countRequests(aws),
    misfortunes,
    areOutagesOn: () => world.trouble.outage > 0,
    kill: (sender) => lambda.kill(sender),
    afterApplying: ({ caller }, operation) => {
      if (operation === 'TransactWriteItems') world.onTransaction(caller.name);
      if (operation === 'StartBulkPutItems') carryOnBulkPuts(world, bulkPuts);
    },
    beforeSending: (sender, attempt) => {
      const request = { ...attempt, sender: sender.caller.name };
      world.onRequest(request);
      const refused = world.refusal(request);
      if (refused !== undefined && misfortunes.happens('denied', request.name())) throw refused;
      meetMisfortune(world, sender, request.name);
    },
  });
  const log: (readonly unknown[])[] = [];
  const person = {
    life: newLife(),
    caller: { name: 'person', tags: {} },
    isTroubled: false,
    underWay: new Set<Flight>(),
  };
  const lambda = createLambda({
    scheduler,
    deployed,
    network,
    misfortunes,
    timeoutMillis,
    leavesTablesOpen,
    clocksOffMillis,
    log: (line) => void log.push(line),
    onCall: meter.countCall,
  });
  const executions = createExecutions({
    scheduler,
    deployed,
    state: aws.state,
    lambda,
    onEnter: meter.countTransition,
    onFail: (failure) => void world.stateFailures.push(failure),
    onEnd: (machine, execution) => {
      world.onEnd(execution);
      announceEnd(world, machine, execution);
    },
  });
  const clients = worldClients({
    scheduler,
    network,
    sender: person,
    inDoubt: { until: 0, note: () => undefined },
  });
  const world: World = {
    scheduler,
    meter,
    clocksOffMillis,
    deployed,
    aws,
    network,
    lambda,
    executions,
    person,
    clients,
    trouble: NO_TROUBLE,
    misfortunes,
    onRequest: () => undefined,
    refusal: () => undefined,
    onTransaction: () => undefined,
    onEnd: () => undefined,
    stateFailures: [],
    log,
  };
  deployStack(world);
  tick(world);
  return world;
}

/** A sandbox that is about to send something may end or stand still. */
function meetMisfortune({ scheduler, misfortunes, lambda }: World, sender: Sender, name: () => string): void {
  if (misfortunes.strikes('frozen', name))
    sender.life.frozenUntil = scheduler.now() + scheduler.between(1, 5_000);
  if (misfortunes.strikes('killed', name)) lambda.kill(sender);
}

function deployStack({ aws, deployed }: World): void {
  const { stack, functions, machines } = deployed;
  for (const { properties } of stack.tables) createTable(aws, tableInput(properties));
  for (const bucket of stack.buckets)
    aws.state.buckets.set(bucket, { objects: new Map(), uploads: new Map() });
  for (const { arn } of machines.values()) aws.state.machines.add(arn);
  for (const key of functions.keys()) aws.state.functions.add(`${stack.prefix}${key}`);
  for (const { name } of stack.queues) aws.state.queues.set(name, []);
}

function tableInput(properties: Readonly<Record<string, unknown>>): CreateTableCommandInput {
  const { TableName, AttributeDefinitions, KeySchema, BillingMode, GlobalSecondaryIndexes } = properties;
  return {
    TableName,
    AttributeDefinitions,
    KeySchema,
    BillingMode,
    GlobalSecondaryIndexes,
  } as CreateTableCommandInput;
}

/** A table that is ACTIVE at once. */
export function createTable(aws: OpenWorldAws, input: CreateTableCommandInput): void {
  const request = aws.begin({ name: 'stack', tags: {} }, 'dynamodb', 'CreateTable', input);
  while (request.step());
  request.answer();
  const table = aws.state.tables.get(input.TableName ?? '');
  if (table !== undefined) table.activeAt = 0;
}

/** Calls `recoverRun`, whose failures are of no interest: the next call tries again. */
function callRecovery({ lambda }: World): void {
  lambda.invoke({ key: 'recoverRun', payload: {}, patienceMillis: 900_000 }).catch(() => undefined);
}

const WATCHED: ReadonlySet<string> = new Set(['migrate', 'restore', 'sync']);

/** EventBridge tells of an execution that ended without success, sooner or later, or never. */
function announceEnd(world: World, machine: string, { status }: Execution): void {
  const { scheduler } = world;
  if (!WATCHED.has(machine) || status === 'SUCCEEDED') return;
  if (world.misfortunes.strikes('eventLost', () => machine)) return;
  const most = scheduler.chance(0.7) ? 1_000 : EVENT_MILLIS;
  scheduler.after(scheduler.between(100, most), 'an event calls recoverRun', () =>
    scheduler.wake(world.person.life, () => callRecovery(world)),
  );
}

/** The schedule. */
function tick(world: World): void {
  const { scheduler } = world;
  scheduler.after(SCHEDULE_MILLIS, 'the schedule calls recoverRun', () => {
    tick(world);
    scheduler.wake(world.person.life, () => callRecovery(world));
  });
}
