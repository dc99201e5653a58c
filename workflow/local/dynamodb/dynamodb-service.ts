import { ACCOUNT_ID, REGION } from '../account.ts';
import type { AwsRequest, AwsResponse, Service } from '../gateway/aws-request.ts';
import type { EngineClient } from '../gateway/engine-client.ts';
import { createBackups } from './backups.ts';
import { createBulkOperations } from './bulk/bulk-operations.ts';
import type { BulkTableDescription } from './bulk/bulk-table.ts';
import { createS3Objects } from './bulk/s3-objects.ts';
import type { PutItem } from './bulk/write-line.ts';
import { createResourcePolicies, type PolicyParts, identityOf } from './resource-policies.ts';
import { createScanStarts } from './scan-start.ts';
import { serveAroundTables } from './streams/around-tables.ts';
import { createEngineLog, type EngineApi } from './streams/engine-log.ts';
import { createStreamsService } from './streams/streams-service.ts';
import { createTableStreams } from './streams/table-streams.ts';
import { createStrictness } from './strictness.ts';

/** Operations on items: their bodies hold no ARN, and pass through untouched. */
const DATA_OPERATIONS = new Set([
  'BatchGetItem',
  'BatchWriteItem',
  'DeleteItem',
  'GetItem',
  'PutItem',
  'Query',
  'Scan',
  'TransactGetItems',
  'TransactWriteItems',
  'UpdateItem',
]);

/** What each engine makes of account and region; those that everybody else sees take its place. */
const ANY_ARN = /arn:aws:dynamodb:[a-z0-9-]*:\d{12}:/;
const OUR_ARN = `arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:`;

/**
 * One identity for every caller: DynamoDB Local and LocalStack keep the tables of each access key and region
 * apart. No engine checks the signature.
 */
const IDENTITY = {
  authorization:
    `AWS4-HMAC-SHA256 Credential=${ACCOUNT_ID}/20260101/${REGION}/dynamodb/aws4_request, ` +
    'SignedHeaders=host;x-amz-date, Signature=0',
  'x-amz-date': '20260101T000000Z',
};

/** DynamoDB and its streams. */
export interface DynamoDb {
  readonly serve: Service;
  readonly serveStreams: Service;
  /** What was written to the table so far is in none of its streams any longer, as if a day had passed. */
  readonly trimStream: (table: string) => Promise<void>;
  /** Ends what writes without being asked again: bulk operations. */
  readonly stop: () => void;
}

/** What DynamoDB needs besides its engine. */
export interface DynamoDbParts extends Pick<PolicyParts, 'callerOf'> {
  /** Where bulk operations read their input and write their reports. */
  readonly s3: Service;
}

/** DynamoDB: the engine's answers, after the checks that AWS makes and the engine does not. */
export function createDynamoDb(engine: EngineClient, { callerOf, s3 }: DynamoDbParts): DynamoDb {
  const log = createEngineLog((api, operation, json) => send(engine, operation, json, api));
  const streams = createTableStreams(log);
  const strictness = createStrictness((operation, json) => send(engine, operation, json));
  const withScanStart = createScanStarts((operation, json) => send(engine, operation, json));
  const tableIdOf = (table: string): Promise<string | undefined> => readTableId(engine, table);
  const policies = createResourcePolicies({ callerOf, tableIdOf });
  const backups = createBackups({ tableIdOf, now: Date.now });
  let engineArn: string | undefined;
  const carryOut: Service = async (request) => {
    await strictness.check(request);
    const mayHaveArns = !DATA_OPERATIONS.has(request.operation);
    if (mayHaveArns) engineArn ??= await readArnPrefix(engine);
    const { body } = await withScanStart(request);
    const response = await engine.send({
      ...request,
      headers: { ...request.headers, ...IDENTITY },
      body: mayHaveArns ? replaced(body, OUR_ARN, engineArn) : body,
    });
    if (response.status < 400) strictness.note(request);
    return mayHaveArns ? withOurArns(response, engineArn) : response;
  };
  const serveTables: Service = (request) => serveAroundTables({ streams, log }, request, carryOut);
  const bulk = createBulkOperations({
    s3: createS3Objects(s3),
    describe: (table) => describeTable(engine, table),
    putItem: putItemThrough((request, carryIt) => policies.serve(request, carryIt), carryOut),
    now: Date.now,
  });
  const serveAll: Service = (request) =>
    backups.serve(request, (allowed) => bulk.serve(allowed, serveTables));
  return {
    serve: (request) => policies.serve(request, serveAll),
    stop: () => bulk.stop(),
    serveStreams: createStreamsService({ streams, log, tableNames: () => readTableNames(engine) }),
    trimStream: (table) => streams.trim(table),
  };
}

/**
 * A bulk operation's PutItem. The table's policy is asked each time, about whoever started the operation: the service
 * writes on the caller's behalf. Once the operation is aborted, a write that had to wait for its turn is not carried out,
 * so that none reaches another table of the same name.
 */
function putItemThrough(
  allowing: (request: AwsRequest, carryOut: Service) => Promise<AwsResponse>,
  carryOut: Service,
): PutItem {
  return async ({ table, accessKeyId, abort }, json) => {
    const request: AwsRequest = {
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.PutItem' },
      body: Buffer.from(JSON.stringify(json)),
      service: 'dynamodb',
      operation: 'PutItem',
      json,
      params: new URLSearchParams(),
      tables: [table.name],
      bucket: undefined,
      key: undefined,
      accessKeyId,
    };
    return allowing(request, (allowed) => {
      abort.signal.throwIfAborted();
      return carryOut(allowed);
    });
  };
}

async function describeTable(
  engine: EngineClient,
  TableName: string,
): Promise<BulkTableDescription | undefined> {
  const { status, body } = await send(engine, 'DescribeTable', { TableName });
  if (status !== 200) return undefined;
  return (JSON.parse(body.toString()) as { readonly Table?: BulkTableDescription }).Table;
}

async function readTableNames(engine: EngineClient): Promise<readonly string[]> {
  const names: string[] = [];
  let ExclusiveStartTableName: string | undefined;
  do {
    const { body } = await send(engine, 'ListTables', { ExclusiveStartTableName });
    const page = JSON.parse(body.toString()) as { TableNames?: string[]; LastEvaluatedTableName?: string };
    names.push(...(page.TableNames ?? []));
    ExclusiveStartTableName = page.LastEvaluatedTableName;
  } while (ExclusiveStartTableName !== undefined);
  return names;
}

/** The id of the table that has this name now; `undefined` where there is none. */
async function readTableId(engine: EngineClient, TableName: string): Promise<string | undefined> {
  const table = await describeTable(engine, TableName);
  return table && identityOf(table);
}

/** What the engine's ARNs begin with; `undefined` while it has no table to tell by. */
async function readArnPrefix(engine: EngineClient): Promise<string | undefined> {
  const { body } = await send(engine, 'ListTables', { Limit: 1 });
  const { TableNames: [TableName] = [] } = JSON.parse(body.toString()) as { TableNames?: string[] };
  if (TableName === undefined) return undefined;
  const described = await send(engine, 'DescribeTable', { TableName });
  return ANY_ARN.exec(described.body.toString())?.[0];
}

/** Calls an operation of the engine itself, past log, faults and checks. */
export async function send(
  engine: EngineClient,
  operation: string,
  json: unknown,
  api: EngineApi = 'DynamoDB_20120810',
): Promise<AwsResponse> {
  const headers = {
    ...IDENTITY,
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `${api}.${operation}`,
  };
  return engine.send({ method: 'POST', url: '/', headers, body: Buffer.from(JSON.stringify(json)) });
}

const READY_SECONDS = 30;

/**
 * Waits until a table that was just created can be written: other engines take their time, as AWS does.
 *
 * @throws Error when it takes longer than half a minute
 */
export async function untilActive(engine: EngineClient, TableName: string): Promise<void> {
  const deadline = Date.now() + READY_SECONDS * 1000;
  for (;;) {
    const { body } = await send(engine, 'DescribeTable', { TableName });
    const { Table } = JSON.parse(body.toString()) as { Table?: { TableStatus?: string } };
    if (Table?.TableStatus === 'ACTIVE') return;
    if (Date.now() > deadline)
      throw new Error(`The table ${TableName} at ${engine.url} was not ready within ${READY_SECONDS} s.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function replaced(body: Buffer, from: string, to: string | undefined): Buffer {
  if (to === undefined || to === from || !body.includes(from)) return body;
  return Buffer.from(body.toString().replaceAll(from, to));
}

function withOurArns(response: AwsResponse, engineArn: string | undefined): AwsResponse {
  const body = engineArn === undefined ? response.body : replaced(response.body, engineArn, OUR_ARN);
  if (body === response.body) return response;
  const headers = { ...response.headers };
  delete headers['x-amz-crc32'];
  return { ...response, headers, body };
}
