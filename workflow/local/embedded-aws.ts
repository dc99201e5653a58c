import { REGION, STAGE } from './account.ts';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import { functionsOnTheWay } from '../graph/functions-on-the-way.ts';
import { assembleCloud } from './assemble-cloud.ts';
import { createResources } from './deploy/create-resources.ts';
import { packageService } from './deploy/package-service.ts';
import { readDeployment, type Deployment } from './deploy/read-deployment.ts';
import { assertEngines, startEngines, type Engines } from './engines.ts';
import type { Faults } from './gateway/faults.ts';
import { startHttpServer } from './gateway/http-server.ts';
import type { RequestLog } from './gateway/request-log.ts';
import type { PreloadedFunction } from './lambda/function-runner.ts';
import type { WarmWorkers } from './lambda/function-worker.ts';
import { findFunction } from './lambda/lambda-service.ts';
import type { MappingControls } from './lambda/mappings/mappings.ts';
import type { MachineDefinition } from './states/prepare-machine.ts';
import { loadProducts, TableThereError } from './products/load-products.ts';
import type { EventBus } from './services/event-bus.ts';
import type { Queue } from './services/sqs/queue.ts';
import type { PublishedMessage } from './services/small-services.ts';

/** Items to fill a table with. */
export type Products = Iterable<WireItem> | AsyncIterable<WireItem>;

/** How to start an embedded AWS; everything may be left out. */
export interface EmbeddedAwsOptions {
  /** Port of the endpoint on 127.0.0.1; 0 for any free one. */
  readonly port?: number;
  /** A running DynamoDB to use in place of the packaged engine. */
  readonly dynamodbUrl?: string;
  /** A running S3 to use in place of the packaged engine. */
  readonly s3Url?: string;
  /** A folder that `sls package --stage local` has written; made from the working directory where it is absent. */
  readonly packageDir?: string;
  /** Fills a new table, the deployment's source; without them there is none. */
  readonly products?: Products;
  /** Where the source is there already, in an engine that outlives this process, it is used as it is. */
  readonly keepsSource?: boolean;
  /** Takes what the functions write. */
  readonly log?: (functionName: string, text: string) => void;
  /** Requests that are remembered; the oldest go first. */
  readonly maxLoggedRequests?: number;
  /** For tests: time limits that differ from the template's, by function key. */
  readonly timeoutSeconds?: Readonly<Record<string, number>>;
  /** For tests: how long every Wait, and every pause before a retry, takes. */
  readonly pauseMillis?: number;
  /** For tests: how long an event source mapping takes to be created, changed or deleted. */
  readonly mappingMillis?: number;
  /** For tests: variables that differ from the template's, by name, for every function. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Lambda calls that run at once; further ones wait. */
  readonly maxWorkers?: number;
  /** Idle workers that are kept warm; a worker is about 33 MB. */
  readonly maxIdleWorkers?: number;
  /** Short name of a state machine whose functions are loaded while everything else starts, before they are called. */
  readonly preload?: string;
  /** For tests: idle workers are left here when it stops, for the next one at the same port. */
  readonly warm?: WarmWorkers;
}

/** A running embedded AWS: what it is, and the levers that tests pull. */
export interface EmbeddedAws {
  readonly endpoint: string;
  readonly region: string;
  readonly stage: string;
  readonly bucket: string;
  readonly ledgerTable: string;
  /** Whether `products` filled the source. */
  readonly isFilled: boolean;
  /** ARNs by short name: `migrate`, `restore`, `rollback`, `sync`. */
  readonly stateMachines: Readonly<Record<string, string>>;
  /** ARNs by the key under `functions:` in serverless.yml. */
  readonly functions: Readonly<Record<string, string>>;
  readonly requestLog: RequestLog;
  readonly faults: Faults;
  /** EventBridge: see what was put, hold it back, lose it, deliver it again. */
  readonly events: Pick<EventBus, 'events' | 'refusals' | 'hold' | 'release' | 'drop' | 'deliver'>;
  /** Lambda's event source mappings: hold them back, deliver a batch again, lose records. */
  readonly mappings: MappingControls;
  /** SQS queues, by name: what is in them. */
  readonly queues: ReadonlyMap<string, Pick<Queue, 'spec' | 'messages' | 'purge'>>;
  /** What was published to the topics. */
  readonly messages: readonly PublishedMessage[];
  /** Creates and fills a table, the deployment's source by default, past the request log; resolves to the number of items. */
  loadProducts(products: Products, tableName?: string): Promise<number>;
  /** Calls what the schedules call, now; resolves when it has ended. */
  tickSchedule(): Promise<void>;
  /** Ends every worker of a function, by its key, even during a call; resolves to their number. */
  killWorkers(functionKey: string): Promise<number>;
  /** Ends an execution as TIMED_OUT. */
  timeOutExecution(executionArn: string): void;
  /** Ends executions, workers, engines and connections; safe to call twice. */
  stop(): Promise<void>;
}

const DEFAULT_PORT = 4566;

/**
 * Starts engines and endpoint, and deploys the packaged service into them.
 *
 * @throws Error that says what is missing and what to do; nothing is left running then
 */
export async function startEmbeddedAws(options: EmbeddedAwsOptions = {}): Promise<EmbeddedAws> {
  assertEngines(options);
  const [deployment, engines] = await deploymentAndEngines(options);
  const aws = await orStop(engines, async () => {
    await createResources(engines, deployment);
    return startEndpoint(options, deployment, engines);
  });
  return orStop(aws, async () => ({ ...aws, isFilled: await fillSource(options, deployment, engines) }));
}

/** Does what may fail once something runs that must not be left behind. */
async function orStop<T>(running: { stop(): Promise<void> }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** Neither waits for the other. */
async function deploymentAndEngines(
  options: EmbeddedAwsOptions,
): Promise<readonly [deployment: Deployment, engines: Engines]> {
  const starting = startEngines(options);
  // It may fail while the service is still being packaged. What it says is thrown below.
  starting.catch(() => undefined);
  try {
    const packageDir = options.packageDir ?? (await packageService());
    return [withEnvironment(await readDeployment(packageDir), options), await starting];
  } catch (error) {
    await starting.then((engines) => engines.stop()).catch(() => undefined);
    throw error;
  }
}

function withEnvironment(deployment: Deployment, { environment }: EmbeddedAwsOptions): Deployment {
  const functions = deployment.functions.map((spec) => ({
    ...spec,
    environment: { ...spec.environment, ...environment },
  }));
  return { ...deployment, functions };
}

async function startEndpoint(
  options: EmbeddedAwsOptions,
  deployment: Deployment,
  engines: Engines,
): Promise<Omit<EmbeddedAws, 'isFilled'>> {
  let endpoint = '';
  const cloud = await assembleCloud({ ...options, deployment, engines, endpoint: () => endpoint });
  const server = await startHttpServer(options.port ?? DEFAULT_PORT, async (raw) => {
    const response = await cloud.console(raw);
    return response === undefined ? cloud.dispatcher.dispatch(raw) : { kind: 'answer', response };
  });
  endpoint = `http://127.0.0.1:${server.port}`;
  void cloud.runner.preload(preloaded(deployment, options.preload));
  const stop = async () => {
    cloud.stop();
    await Promise.all([cloud.runner.stop(), server.close()]);
    await engines.stop();
  };
  let stopped: Promise<void> | undefined;
  return {
    endpoint,
    ...namesOf(deployment),
    requestLog: cloud.requestLog,
    faults: cloud.faults,
    events: cloud.events,
    mappings: cloud.mappings,
    queues: cloud.queues,
    messages: cloud.messages,
    loadProducts: (products, tableName = sourceTableOf(deployment)) => fill(engines, products, tableName),
    tickSchedule: () => cloud.events.tickSchedule(),
    killWorkers: (key) => cloud.runner.killWorkers(deployment.prefix + key),
    timeOutExecution: (arn) => cloud.states.executions.get(arn)?.end({ status: 'TIMED_OUT' }),
    stop: () => (stopped ??= stop()),
  };
}

/** The functions of a state machine, in the order in which it calls them. */
function preloaded(
  { stateMachines, functions }: Deployment,
  machine: string | undefined,
): readonly PreloadedFunction[] {
  const { definition } = stateMachines.find(({ key }) => key === machine) ?? {};
  if (definition === undefined) return [];
  const called = functionsOnTheWay(JSON.parse(definition) as MachineDefinition);
  return called.map(({ name, atOnce }) => ({ spec: findFunction(functions, name), workers: atOnce }));
}

/** As the functions are told it. */
function sourceTableOf({ functions, service }: Deployment): string {
  const found = functions.map(({ environment }) => environment['SOURCE_TABLE']).find(Boolean);
  if (found === undefined) throw new Error(`No function of ${service} is told a SOURCE_TABLE to fill.`);
  return found;
}

async function fillSource(
  { products, keepsSource = false }: EmbeddedAwsOptions,
  deployment: Deployment,
  engines: Engines,
): Promise<boolean> {
  if (products === undefined) return false;
  try {
    await fill(engines, products, sourceTableOf(deployment));
    return true;
  } catch (error) {
    if (keepsSource && error instanceof TableThereError) return false;
    throw error;
  }
}

function fill({ dynamodb }: Engines, products: Products, tableName: string): Promise<number> {
  return loadProducts({ engine: dynamodb, tableName, products });
}

function namesOf({ buckets, tables, stateMachines, functions }: Deployment) {
  return {
    region: REGION,
    stage: STAGE,
    bucket: buckets[0] ?? '',
    ledgerTable: tables[0]?.name ?? '',
    stateMachines: Object.fromEntries(stateMachines.map(({ key, arn }) => [key, arn])),
    functions: Object.fromEntries(functions.map(({ key, arn }) => [key, arn])),
  };
}
