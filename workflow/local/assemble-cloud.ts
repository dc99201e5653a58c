import { ACCOUNT_ID } from './account.ts';
import { type Console, createConsole } from './console/console.ts';
import { extractCode } from './deploy/extract-code.ts';
import type { Deployment } from './deploy/read-deployment.ts';
import { createDynamoDb } from './dynamodb/dynamodb-service.ts';
import type { Caller } from './dynamodb/policy-document.ts';
import type { Engines } from './engines.ts';
import { createDispatcher, type Dispatcher, type DispatcherParts } from './gateway/dispatcher.ts';
import { createFaults, type Faults } from './gateway/faults.ts';
import { createRequestLog, type RequestLog } from './gateway/request-log.ts';
import { createFunctionRunner, type FunctionRunner } from './lambda/function-runner.ts';
import type { WarmWorkers } from './lambda/function-worker.ts';
import { invokeWithRetries } from './lambda/invoke-later.ts';
import { createLambdaService, findFunction } from './lambda/lambda-service.ts';
import { createMappings, type MappingControls } from './lambda/mappings/mappings.ts';
import { workerOf } from './lambda/worker-credentials.ts';
import { createS3Service } from './s3/s3-service.ts';
import { createEventBus, statusChangeEvent, type EventBus } from './services/event-bus.ts';
import {
  createCloudFormationService,
  createSnsService,
  serveSts,
  type PublishedMessage,
} from './services/small-services.ts';
import type { Queue } from './services/sqs/queue.ts';
import { createSqs } from './services/sqs/sqs-service.ts';
import { invokeFunction } from './states/invoke-function.ts';
import { createStates, type States } from './states/states-service.ts';

/** Everything behind the endpoint but the engines. */
export interface Cloud {
  readonly dispatcher: Dispatcher;
  readonly console: Console;
  readonly requestLog: RequestLog;
  readonly faults: Faults;
  readonly events: EventBus;
  readonly mappings: MappingControls;
  /** SQS queues, by name. */
  readonly queues: ReadonlyMap<string, Queue>;
  readonly messages: readonly PublishedMessage[];
  readonly runner: FunctionRunner;
  readonly states: States;
  /** Ends clocks and executions. */
  stop(): void;
}

/** What a {@link Cloud} is made of. */
export interface CloudParts {
  readonly deployment: Deployment;
  readonly engines: Engines;
  /** URL of the endpoint, once it listens. */
  readonly endpoint: () => string;
  readonly log?: (functionName: string, text: string) => void;
  readonly maxLoggedRequests?: number;
  readonly timeoutSeconds?: Readonly<Record<string, number>>;
  readonly pauseMillis?: number;
  readonly mappingMillis?: number;
  readonly maxWorkers?: number;
  readonly maxIdleWorkers?: number;
  readonly warm?: WarmWorkers;
}

const DEFAULT_LOGGED_REQUESTS = 10_000;

/** Puts the services together. @throws Error naming what of the template cannot run here */
export async function assembleCloud(parts: CloudParts): Promise<Cloud> {
  const { deployment, pauseMillis } = parts;
  const requestLog = createRequestLog(parts.maxLoggedRequests ?? DEFAULT_LOGGED_REQUESTS, deployment.prefix);
  const faults = createFaults();
  const messages: PublishedMessage[] = [];
  const runner = await startRunner(parts);
  const call = (arn: string, payload: string) =>
    invokeWithRetries({ runner, spec: findFunction(deployment.functions, arn), payload, pauseMillis });
  const { rules, permissions } = deployment;
  const events = createEventBus({ rules, permissions, callTarget: call });
  const states = createStates(deployment.stateMachines, {
    invoke: (parameters) => invokeFunction(dispatcher, parameters),
    pauseMillis,
    onStatus: (execution) => events.put(statusChangeEvent(execution)),
  });
  const s3 = createS3Service(parts.engines.s3);
  const dynamodb = createDynamoDb(parts.engines.dynamodb, {
    s3,
    callerOf: (accessKeyId) => callerOf(deployment, accessKeyId),
  });
  const sqs = createSqs(deployment.queues, parts.endpoint);
  const mappings = createMappings({
    dispatcher: () => dispatcher,
    findFunction: (reference) => findFunction(deployment.functions, reference),
    isQueue: (arn) => deployment.queues.some((queue) => queue.arn === arn),
    trimStream: dynamodb.trimStream,
    transitionMillis: parts.mappingMillis,
    pauseMillis,
  });
  const services: DispatcherParts['services'] = {
    dynamodb: dynamodb.serve,
    dynamodbstreams: dynamodb.serveStreams,
    s3,
    states: states.serve,
    lambda: createLambdaService({
      functions: deployment.functions,
      runner,
      invokeLater: ({ arn }, payload) => void call(arn, payload),
      serveMappings: (request) => mappings.serve(request),
    }),
    sqs: sqs.serve,
    sts: serveSts,
    sns: createSnsService(deployment.topicArns, messages),
    events: events.serve,
    cloudformation: createCloudFormationService(deployment.prefix.slice(0, -1), deployment.outputs),
  };
  const dispatcher = createDispatcher({
    services,
    requestLog,
    faults,
    killWorker: (worker) => runner.killWorker(worker),
  });
  const stop = () => {
    events.stop();
    states.stop();
    mappings.stop();
    dynamodb.stop();
    sqs.stop();
  };
  return {
    dispatcher,
    console: createConsole({ deployment, states, dynamodb: services.dynamodb, s3: services.s3 }),
    requestLog,
    faults,
    events,
    mappings: mappings.controls,
    queues: sqs.queues,
    messages,
    runner,
    states,
    stop,
  };
}

/** A worker signs with its function's role. Any other sender is a user of the account, without tags. */
function callerOf({ functions }: Deployment, accessKeyId: string | undefined): Caller {
  const worker = workerOf(accessKeyId);
  const role = functions.find(({ key }) => key === worker?.functionKey)?.role;
  return role ?? { arn: `arn:aws:iam::${ACCOUNT_ID}:user/${accessKeyId ?? 'anonymous'}`, tags: {} };
}

async function startRunner({ deployment, endpoint, ...options }: CloudParts): Promise<FunctionRunner> {
  const codes = await Promise.all(
    deployment.functions.map(async (spec) => [spec.name, await extractCode(spec)] as const),
  );
  return createFunctionRunner({
    codes: new Map(codes),
    endpoint,
    onLog: options.log ?? (() => undefined),
    timeoutSeconds: options.timeoutSeconds ?? {},
    maxWorkers: options.maxWorkers,
    maxIdleWorkers: options.maxIdleWorkers,
    warm: options.warm,
  });
}
