import { migration } from '../../functions/migrations/shop/index.ts';
import { hash } from 'node:crypto';
import {
  CreateTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { ObjectStore } from '../../functions/shared/aws/object-store.ts';
import type { Config } from '../../functions/shared/env.ts';
import { RUNS_INDEX } from '../../functions/shared/ledger/ledger-table.ts';
import { createInDoubt, type InDoubt, watchUnanswered } from '../../functions/shared/aws/in-doubt.ts';
import { doubtMillisOf, type Runtime } from '../../functions/shared/runtime.ts';
import { itemTable } from '../../functions/shared/aws/item-table.ts';
import { type Engine, startDynoxide } from '../../workflow/local/dynamodb/dynoxide.ts';
import { fakeStepFunctions, type FakeStepFunctions } from './fake-step-functions.ts';

/** A clock that stands still until a test moves it. */
export interface TestClock {
  now(): number;
  advance(millis: number): void;
}

/** One attempt at a request, before it is sent. */
export interface Attempt {
  /** DynamoDB's name for the request. */
  readonly operation: string;
  /** When it began, by the test's clock. */
  readonly begunAt: number;
}

/** Sees every request of one actor. It may hold the request back, lose its answer or end the actor. */
export type Gate = (operation: string, send: () => Promise<unknown>, attempt: Attempt) => Promise<unknown>;

/** The actor dies right behind a request of this operation. */
export const dyingAfter =
  (operation: string): Gate =>
  async (name, send) => {
    const answer = await send();
    if (name === operation) throw new Error('killed');
    return answer;
  };

/** A ledger, tables and Step Functions for the ownership code alone. DynamoDB is the real engine. */
export interface LedgerWorld {
  readonly config: Config;
  readonly clock: TestClock;
  readonly stepFunctions: FakeStepFunctions;
  /** Objects by key. Most of them are reports. */
  readonly objects: ReadonlyMap<string, string>;
  /** A runtime that bypasses every gate. The tests read with it. */
  readonly observer: Runtime;
  /** A runtime for each actor. Without a gate its requests go straight through. */
  runtime(gate?: Gate): Runtime;
  /** Starts over with a new ledger, no tables and no executions. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

const config: Config = {
  service: 'products-migration',
  stage: 'test',
  region: 'ap-southeast-2',
  endpointUrl: undefined,
  sourceTable: 'products',
  tablePrefix: '',
  mapMode: 'INLINE',
  maxConcurrency: 20,
  functionKey: '',
  settings: { defaultStockQuantity: 50 },
  transformVersion: 'one',
  fenceWaitSeconds: 30,
  intentWaitSeconds: 60,
  closeWaitSeconds: 60,
  closeNewTables: true,
  restoreIntoSource: false,
  notifyTopic: undefined,
  kmsKeyArn: undefined,
  sourceKmsKeyArn: undefined,
  targetKmsKeyArn: undefined,
  ledgerTable: 'ledger',
};

/** Ahead of the engine's clock, which dates the tables, so that a table created first is older than any intent. */
const start = Date.now() + 3_600_000;

/** Starts the engine. {@link LedgerWorld.reset} is much cheaper than starting another one. */
export async function createLedgerWorld(overrides: Partial<Config> = {}): Promise<LedgerWorld> {
  let engine: Engine = await startDynoxide();
  // All actors' clients share one pool. A case makes hundreds of calls, and idle sockets would use up the files of a
  // process.
  let requestHandler = createPool();
  const objects = new Map<string, string>();
  let now = start;
  const clock: TestClock = { now: () => now, advance: (millis) => void (now += millis) };
  const stepFunctions = fakeStepFunctions();
  const settings = (): DynamoDBClientConfig => ({
    endpoint: engine.url,
    requestHandler,
    region: config.region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const client = (maxAttempts: number, gate: Gate | undefined, inDoubt?: InDoubt): DynamoDBClient => {
    const made = new DynamoDBClient({ ...settings(), maxAttempts });
    // Outside the gate, which loses answers.
    if (inDoubt !== undefined) watchUnanswered(made, inDoubt);
    return gated(made, clock, gate);
  };
  const runtime = (gate?: Gate): Runtime => {
    const inDoubt = createInDoubt(clock, doubtMillisOf({ ...config, ...overrides }));
    const dynamo = client(1, gate, inDoubt);
    const ledger = DynamoDBDocumentClient.from(client(6, gate), {
      marshallOptions: { removeUndefinedValues: true },
    });
    return {
      config: { ...config, ...overrides },
      clients: {
        dynamo,
        tables: client(6, gate),
        ledger,
        sfn: stepFunctions as unknown as SFNClient,
      } as Runtime['clients'],
      ledger: { client: ledger, tableName: config.ledgerTable, clock },
      items: itemTable(dynamo),
      objects: objectsIn(objects),
      accountId: '123456789012',
      bucket: 'bucket',
      clock,
      sleep: async (millis) => clock.advance(millis),
      inDoubt,
      migration,
      random: () => 0.5,
      newId: () => crypto.randomUUID(),
      logger: { info: ignore, warn: ignore, error: ignore, debug: ignore } as unknown as Runtime['logger'],
    };
  };
  const world = {
    config: { ...config, ...overrides },
    clock,
    stepFunctions,
    objects,
    observer: runtime(),
    runtime,
    async reset() {
      requestHandler.destroy();
      await engine.stop();
      requestHandler = createPool();
      engine = await startDynoxide();
      now = start;
      objects.clear();
      stepFunctions.clear();
      world.observer = runtime();
      await createLedger(world.observer);
    },
    async stop() {
      requestHandler.destroy();
      await engine.stop();
    },
  };
  await createLedger(world.observer);
  return world;
}

const ignore = (): void => undefined;

function createPool(): NodeHttpHandler {
  return new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: 50 } });
}

function gated(client: DynamoDBClient, clock: TestClock, gate: Gate | undefined): DynamoDBClient {
  if (gate === undefined) return client;
  const begun = new WeakMap<object, number>();
  client.middlewareStack.add(
    (next) => (args) => {
      begun.set(args.input, clock.now());
      return next(args);
    },
    { step: 'initialize', name: 'begin', priority: 'high' },
  );
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const operation = String(context['commandName']).replace(/Command$/, '');
      // The first attempt begins with the call. A later one begins at the end of the pause before it.
      const begunAt = begun.get(args.input) ?? clock.now();
      begun.delete(args.input);
      const answer = await gate(operation, () => next(args), { operation, begunAt });
      return answer as Awaited<ReturnType<typeof next>>;
    },
    // Inside the retries, so that every attempt is a request of its own.
    { step: 'finalizeRequest', name: 'gate', priority: 'low' },
  );
  return client;
}

function objectsIn(stored: Map<string, string>): ObjectStore {
  const etagOf = (body: string | undefined): string | undefined => body && hash('md5', body, 'hex');
  const kept: Pick<ObjectStore, 'put' | 'replace' | 'get'> = {
    put: async (key, body) => void stored.set(key, body.toString()),
    replace: async (key, body, { etag }) => {
      if (etag !== etagOf(stored.get(key))) return false;
      stored.set(key, body.toString());
      return true;
    },
    get: async (key) => {
      const body = stored.get(key);
      return body === undefined
        ? undefined
        : { body: Buffer.from(body), etag: etagOf(body) ?? '', sha256: '' };
    },
  };
  return kept as ObjectStore;
}

async function createLedger({ clients, ledger }: Runtime): Promise<void> {
  const key = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
  await clients.dynamo.send(
    new CreateTableCommand({
      TableName: ledger.tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['PK', 'SK', 'entity', 'startedAt'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: key('PK', 'SK'),
      GlobalSecondaryIndexes: [
        {
          IndexName: RUNS_INDEX,
          KeySchema: key('entity', 'startedAt'),
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
}

/** Names of the existing tables, without the ledger. */
export async function existingTables({ clients, ledger }: Runtime): Promise<readonly string[]> {
  const { TableNames = [] } = await clients.dynamo.send(new ListTablesCommand({}));
  return TableNames.filter((name) => name !== ledger.tableName);
}
