import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Clients } from '../../functions/shared/aws/clients.ts';
import { type InDoubt, isChanging, isUnanswered } from '../../functions/shared/aws/in-doubt.ts';
import type { WorldService } from './aws/request.ts';
import type { Network, Sender } from './network.ts';
import { toPlain, toWire } from './plain-values.ts';
import type { Scheduler } from './scheduler.ts';

/** What clients of one sender need. */
export interface ClientScope {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly sender: Sender;
  readonly inDoubt: InDoubt;
}

/** One client: as `createClients` makes it, but for the way to AWS. */
interface ClientSpec {
  readonly service: WorldService;
  readonly attempts: number;
  readonly timeoutMillis: number;
  /** Changes without an answer are noted. */
  readonly isWatched?: boolean;
  /** Takes and gives plain JavaScript values. */
  readonly isDocument?: boolean;
}

interface Command {
  readonly input: object & { readonly exchange?: Exchange };
}

/** See functions/shared/aws/wire-client.ts. */
interface Exchange {
  readonly body: string | Buffer;
  answer: string;
}

/** The names that the document client has for DynamoDB's operations. */
const DOCUMENT_OPERATIONS: Readonly<Record<string, string>> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  BatchGet: 'BatchGetItem',
  TransactWrite: 'TransactWriteItems',
};

/** Service of a client's class. */
const SERVICES: Readonly<Record<string, WorldService>> = {
  LambdaClient: 'lambda',
  SQSClient: 'sqs',
  SNSClient: 'sns',
};

const FIRST_PAUSE_MILLIS = 50;
const MAX_PAUSE_MILLIS = 5_000;

/** The clients of one sandbox, or of somebody else. */
export function worldClients(scope: ClientScope): Clients {
  const client = <T>({ prototype }: { readonly prototype: T }, spec: ClientSpec): T =>
    clientOf(prototype, scope, spec);
  const dynamo = { service: 'dynamodb' } as const;
  const others = new Map<string, object>();
  return {
    dynamo: client(DynamoDBClient, { ...dynamo, attempts: 1, timeoutMillis: 10_000, isWatched: true }),
    tables: client(DynamoDBClient, { ...dynamo, attempts: 12, timeoutMillis: 5_000 }),
    ledger: client(DynamoDBDocumentClient, {
      ...dynamo,
      attempts: 12,
      timeoutMillis: 5_000,
      isDocument: true,
    }),
    s3: client(S3Client, { service: 's3', attempts: 1, timeoutMillis: 20_000, isWatched: true }),
    sfn: client(SFNClient, { service: 'states', attempts: 4, timeoutMillis: 10_000 }),
    sts: client(STSClient, { service: 'sts', attempts: 3, timeoutMillis: 5_000 }),
    other: <T extends object>(Class: { readonly name: string; readonly prototype: T }): T => {
      const service = SERVICES[Class.name];
      if (service === undefined) throw new Error(`The world knows no ${Class.name}.`);
      const made = others.get(Class.name) ?? client(Class, { service, attempts: 5, timeoutMillis: 10_000 });
      others.set(Class.name, made);
      return made as T;
    },
  };
}

/** Paginators ask for an instance, and `sendWire` for a middleware stack, which nothing here looks at. */
function clientOf<T>(prototype: T, scope: ClientScope, spec: ClientSpec): T {
  const send = (command: Command): Promise<unknown> => sendCommand(scope, spec, command);
  const members = { send, middlewareStack: { add: () => undefined }, destroy: () => undefined, config: {} };
  return Object.assign(Object.create(prototype as object) as object, members) as T;
}

function sendCommand(scope: ClientScope, spec: ClientSpec, command: Command): Promise<unknown> {
  const operation = operationOf(command, spec);
  const { exchange } = command.input;
  if (exchange !== undefined) return exchangeWire(scope, spec, { operation, exchange });
  if (spec.isDocument === true) return sendDocument(scope, spec, { operation, input: command.input });
  return repeat(scope, spec, { operation, input: withToken(scope, operation, command.input) });
}

const operations = new Map<unknown, string>();

/** As DynamoDB calls it: `GetItem`, also for the document client's `GetCommand`. */
function operationOf({ constructor }: Command, { isDocument = false }: ClientSpec): string {
  const known = operations.get(constructor);
  if (known !== undefined) return known;
  const name = constructor.name.replace(/Command$/, '');
  const operation = (isDocument ? DOCUMENT_OPERATIONS[name] : undefined) ?? name;
  operations.set(constructor, operation);
  return operation;
}

async function sendDocument(
  scope: ClientScope,
  spec: ClientSpec,
  { operation, input }: Asked,
): Promise<unknown> {
  const wire = withToken(scope, operation, toWire(input as Readonly<Record<string, unknown>>));
  return toPlain(
    (await repeat(scope, spec, { operation, input: wire })) as Readonly<Record<string, unknown>>,
  );
}

/** The SDK gives a transaction a token, so that its own repetitions are the same transaction. */
function withToken({ scheduler }: ClientScope, operation: string, input: object): object {
  return operation === 'TransactWriteItems' ? { ...input, ClientRequestToken: scheduler.newId() } : input;
}

async function exchangeWire(
  scope: ClientScope,
  spec: ClientSpec,
  { operation, exchange }: { readonly operation: string; readonly exchange: Exchange },
): Promise<unknown> {
  const input = JSON.parse(exchange.body.toString()) as object;
  try {
    exchange.answer = JSON.stringify(await repeat(scope, spec, { operation, input }));
    return {};
  } catch (error) {
    exchange.answer = (error as { readonly wireBody?: string }).wireBody ?? '{}';
    throw error;
  }
}

interface Asked {
  readonly operation: string;
  readonly input: object;
}

/** As the SDK repeats: what may pass, with full jitter. */
async function repeat(scope: ClientScope, spec: ClientSpec, asked: Asked): Promise<unknown> {
  const { scheduler, sender, network, inDoubt } = scope;
  const { service, timeoutMillis, isWatched = false } = spec;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await network.send(sender, { ...asked, service, timeoutMillis, isWatched });
    } catch (error) {
      if (isWatched && isChanging(asked.operation) && isUnanswered(error)) inDoubt.note();
      if (attempt >= spec.attempts || !isPassing(error)) throw error;
      const longest = Math.min(MAX_PAUSE_MILLIS, FIRST_PAUSE_MILLIS * 2 ** attempt);
      await scheduler.sleep(sender.life, scheduler.random() * longest);
    }
  }
}

const PASSING = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'TooManyRequestsException',
  'SlowDown',
  'TransactionInProgressException',
  'TimeoutError',
]);

function isPassing(error: unknown): boolean {
  const { name, code, $metadata } = error as {
    readonly name?: string;
    readonly code?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  return PASSING.has(name ?? '') || code === 'ECONNRESET' || ($metadata?.httpStatusCode ?? 0) >= 500;
}
