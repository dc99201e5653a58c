import { migration } from '../../../functions/migrations/shop/index.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { backupIdFor } from '../../../functions/shared/files/layout.ts';
import { beginRun } from '../../../functions/shared/ledger/begin.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { listTables, noteTable } from '../../../functions/shared/ledger/table-record.ts';
import { SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import { createInDoubt } from '../../../functions/shared/aws/in-doubt.ts';
import { doubtMillisOf, type Runtime, type Turn } from '../../../functions/shared/runtime.ts';
import { SYSTEM_CLOCK } from '../../../functions/shared/retry.ts';
import type { Plan, WorkerInput, WorkerOutput } from '../../../functions/shared/state.ts';
import { type ItemTable, itemTable } from '../../../functions/shared/aws/item-table.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { type Engine, startDynoxide } from '../../../workflow/local/dynamodb/dynoxide.ts';
import { type MemoryObjects, memoryObjects } from './memory-objects.ts';

/** A runtime on a DynamoDB engine of its own, with a bucket in memory. */
export interface Bench {
  readonly runtime: Runtime;
  readonly objects: MemoryObjects;
  /** Replaces the data plane, e.g. by one that fails. */
  withItems(change: Partial<ItemTable>): Runtime;
  createTable(input: CreateTableCommandInput): Promise<void>;
  fill(tableName: string, items: readonly WireItem[]): Promise<void>;
  begin(runId: string, plan?: Partial<Plan>, run?: Partial<Run>): Promise<Run>;
  stop(): Promise<void>;
}

export const sourceTable = 'products';
export const productsTable: CreateTableCommandInput = {
  TableName: sourceTable,
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  BillingMode: 'PAY_PER_REQUEST',
};

const config = {
  service: 'products-migration',
  stage: 'test',
  region: 'ap-southeast-2',
  endpointUrl: undefined,
  sourceTable,
  tablePrefix: '',
  mapMode: 'INLINE',
  maxConcurrency: 4,
  functionKey: '',
  settings: { defaultStockQuantity: 50 },
  transformVersion: 'one',
  fenceWaitSeconds: 0,
  intentWaitSeconds: 0,
  closeWaitSeconds: 0,
  closeNewTables: false,
  restoreIntoSource: false,
  notifyTopic: undefined,
  kmsKeyArn: undefined,
  sourceKmsKeyArn: undefined,
  targetKmsKeyArn: undefined,
  ledgerTable: 'ledger',
} as const;

const ledgerTable: CreateTableCommandInput = {
  TableName: config.ledgerTable,
  KeySchema: [
    { AttributeName: 'PK', KeyType: 'HASH' },
    { AttributeName: 'SK', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: ['PK', 'SK', 'entity', 'startedAt'].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S',
  })),
  GlobalSecondaryIndexes: [
    {
      IndexName: 'RunsIndex',
      KeySchema: [
        { AttributeName: 'entity', KeyType: 'HASH' },
        { AttributeName: 'startedAt', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
  BillingMode: 'PAY_PER_REQUEST',
};

const parameters = {
  dryRun: false,
  onFailure: 'rollback',
  maxQuarantined: 0,
  onExisting: 'keep',
  maxConcurrency: 4,
} as const;

/** A product with a bit of everything the transform asks for. */
export function product(index: number, more: WireItem = {}): WireItem {
  return {
    id: { S: `p-${index}` },
    name: { S: `Product ${index}` },
    price: { S: '165' },
    description: { S: `Number ${index} of many. `.repeat(20) },
    ...more,
  };
}

export const products = (count: number): WireItem[] =>
  Array.from({ length: count }, (_, index) => product(index));

/** Plenty of time. */
export const longTurn = (requestId = crypto.randomUUID()): Turn => ({
  remainingMillis: () => 600_000,
  requestId,
});

/** A turn whose time is up from the start: one unit and no more. */
export const shortTurn = (requestId = crypto.randomUUID()): Turn => ({ remainingMillis: () => 0, requestId });

/** Calls a worker until it is done, as the state machine does. */
export async function drive(
  worker: (input: WorkerInput, turn: Turn) => Promise<WorkerOutput>,
  input: WorkerInput,
  turnOf: () => Turn = longTurn,
): Promise<WorkerOutput> {
  let output = await worker(input, turnOf());
  while (!output.done) output = await worker(output, turnOf());
  return output;
}

function newRun(runId: string, plan: Partial<Plan>): Parameters<typeof beginRun>[1] {
  const startedAt = '2026-01-02T03:04:05.678Z';
  return {
    runId,
    kind: 'migrate',
    startedAt,
    sourceTable,
    parameters,
    plan: { ...SINGLE_PLAN, ...plan },
    settings: { migration: { defaultStockQuantity: 50 }, tablePrefix: '' },
    backupId: backupIdFor(startedAt, runId),
  };
}

async function fillTable(
  client: DynamoDBClient,
  tableName: string,
  items: readonly WireItem[],
): Promise<void> {
  const table = itemTable(client);
  for (let start = 0; start < items.length; start += 25)
    await table.batchPut(
      tableName,
      items.slice(start, start + 25).map((item) => JSON.stringify(item)),
    );
}

export async function startBench(at?: Pick<Engine, 'url' | 'stop'>): Promise<Bench> {
  const engine = at ?? (await startDynoxide());
  const options = {
    endpoint: engine.url,
    region: config.region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const dynamo = new DynamoDBClient({ ...options, maxAttempts: 1 });
  const ledger = DynamoDBDocumentClient.from(new DynamoDBClient(options), {
    marshallOptions: { removeUndefinedValues: true },
  });
  await dynamo.send(new CreateTableCommand(ledgerTable));
  const objects = memoryObjects();
  const runtime: Runtime = {
    config,
    clients: {
      dynamo,
      tables: new DynamoDBClient(options),
      ledger,
      s3: new S3Client(options),
      sfn: new SFNClient(options),
      sts: new STSClient(options),
      other: (Client) => new Client({ maxAttempts: 1, requestHandler: new NodeHttpHandler() }),
    },
    ledger: { client: ledger, tableName: config.ledgerTable, clock: SYSTEM_CLOCK },
    items: itemTable(dynamo),
    objects,
    accountId: '123456789012',
    bucket: 'bucket',
    clock: Date,
    sleep,
    migration,
    inDoubt: createInDoubt(Date, doubtMillisOf(config)),
    random: Math.random,
    newId: () => crypto.randomUUID(),
    logger: new Logger({ serviceName: 'test', logLevel: 'SILENT' }),
  };
  return {
    runtime,
    objects,
    withItems: (change) => ({ ...runtime, items: { ...runtime.items, ...change } }),
    createTable: async (input) => void (await dynamo.send(new CreateTableCommand(input))),
    fill: (tableName, items) => fillTable(dynamo, tableName, items),
    async begin(runId, plan = {}, run = {}) {
      const holder = {
        executionName: runId,
        executionArn: `arn:${runId}`,
        startTime: '2026-01-02T03:04:05.678Z',
      };
      const begun = await beginRun(runtime.ledger, { ...newRun(runId, plan), ...run }, holder);
      if (begun.outcome !== 'BEGUN') throw new Error('The table is locked.');
      return begun.run;
    },
    stop: () => engine.stop(),
  };
}

/** Notes that new tables are closed, as on AWS. The engine has no resource policies, and nobody else writes there. */
export async function noteClosed({ runtime }: Bench, runId: string): Promise<void> {
  for (const { name, outcome } of await listTables(runtime.ledger, runId))
    if (outcome === 'CREATED') await noteTable(runtime.ledger, { runId, name }, { access: 'CLOSED' });
}
