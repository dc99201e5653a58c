import {
  DeleteTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { lockKey } from '../../functions/shared/ledger/ledger-table.ts';
import { extractCode } from '../../workflow/local/deploy/extract-code.ts';
import { packageService } from '../../workflow/local/deploy/package-service.ts';
import { type FunctionSpec, readDeployment } from '../../workflow/local/deploy/read-deployment.ts';
import { startDynoxide } from '../../workflow/local/dynamodb/dynoxide.ts';
import { startEmbeddedAws, type EmbeddedAws } from '../../workflow/local/embedded-aws.ts';
import { functionEnvironment } from '../../workflow/local/lambda/function-environment.ts';
import { generateProducts } from '../../workflow/local/products/generate-products.ts';
import type { CeilingItems } from './ceiling-module.ts';
import { createBenchTable } from './tables.ts';
import { type Host, startHost } from './host.ts';
import { startRelay } from './relay.ts';

export const sourceTable = 'products';

/** The deployed service on an engine that every measurement talks to directly. */
export interface BenchWorld {
  readonly aws: EmbeddedAws;
  /** Where everything that is measured finds DynamoDB: the engine itself, or some way off. */
  readonly engineUrl: string;
  readonly dynamo: DynamoDBClient;
  readonly functions: ReadonlyMap<string, FunctionSpec>;
  /** Calls a function through the embedded Lambda, where nothing is measured. */
  invoke<T>(functionKey: string, payload: unknown): Promise<T>;
  /** A process with a packaged function. */
  hostFunction(functionKey: string, number: number): Promise<Host>;
  /** Lets the next run begin, and takes every table away but the source and the ledger. */
  clean(): Promise<void>;
  /** Lets a table be deleted that a run protected. */
  unprotect(tableName: string): Promise<void>;
  createTable(tableName: string, items: CeilingItems): Promise<void>;
  stop(): Promise<void>;
}

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Starts everything with so many products. */
export async function startWorld(options: {
  readonly products: number;
  readonly dynamodbUrl?: string | undefined;
  /** How much longer an answer takes; 0: not at all. */
  readonly distanceMillis: number;
}): Promise<BenchWorld> {
  const packageDir = await packageService();
  const { functions } = await readDeployment(packageDir);
  const engine =
    options.dynamodbUrl === undefined
      ? await startDynoxide()
      : { url: options.dynamodbUrl, stop: () => Promise.resolve() };
  const relay = options.distanceMillis > 0 ? await startRelay(engine.url, options.distanceMillis) : undefined;
  const engineUrl = relay?.url ?? engine.url;
  const aws = await startEmbeddedAws({
    port: 0,
    packageDir,
    dynamodbUrl: engine.url,
    products: generateProducts({ count: options.products }),
  });
  const settings = { region: aws.region, credentials };
  const dynamo = new DynamoDBClient({ ...settings, endpoint: engine.url });
  const lambda = new LambdaClient({ ...settings, endpoint: aws.endpoint });
  const specs = new Map(functions.map((spec) => [spec.key, spec]));
  return {
    aws,
    engineUrl,
    dynamo,
    functions: specs,
    invoke: (key, payload) => invoke(lambda, aws.functions[key] ?? key, payload),
    hostFunction: (key, number) => hostFunction(specs.get(key), { number, aws, engineUrl }),
    clean: () => clean(dynamo, aws.ledgerTable),
    unprotect: async (TableName) =>
      void (await dynamo.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }))),
    createTable: (tableName, items) => createBenchTable(dynamo, tableName, items),
    async stop() {
      dynamo.destroy();
      lambda.destroy();
      await aws.stop();
      relay?.stop();
      await engine.stop();
    },
  };
}

async function invoke<T>(lambda: LambdaClient, name: string, payload: unknown): Promise<T> {
  const { FunctionError, Payload = [] } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(payload) }),
  );
  const text = Buffer.from(Payload).toString();
  if (FunctionError !== undefined) throw new Error(`${name} failed: ${text}`);
  return JSON.parse(text) as T;
}

async function hostFunction(
  spec: FunctionSpec | undefined,
  {
    number,
    aws,
    engineUrl,
  }: { readonly number: number; readonly aws: EmbeddedAws; readonly engineUrl: string },
): Promise<Host> {
  if (spec === undefined) throw new Error('There is no such function.');
  const env = { ...functionEnvironment(spec, number, aws.endpoint), AWS_ENDPOINT_URL_DYNAMODB: engineUrl };
  return startHost({ ...(await extractCode(spec)), functionArn: spec.arn, env });
}

async function clean(dynamo: DynamoDBClient, ledgerTable: string): Promise<void> {
  const documents = DynamoDBDocumentClient.from(dynamo);
  await documents.send(new DeleteCommand({ TableName: ledgerTable, Key: lockKey(sourceTable) }));
  const { TableNames = [] } = await dynamo.send(new ListTablesCommand({}));
  const others = TableNames.filter((name) => name !== sourceTable && name !== ledgerTable);
  for (const TableName of others) await dynamo.send(new DeleteTableCommand({ TableName }));
}
