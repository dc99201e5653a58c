import { SERVICES, type AwsRequest, type RawRequest, type ServiceName } from './aws-request.ts';
import { AwsError } from './aws-answers.ts';
import { s3Address, s3Operation } from './s3-operation.ts';

const TARGETS: Readonly<Record<string, ServiceName>> = {
  DynamoDB_20120810: 'dynamodb',
  DynamoDBStreams_20120810: 'dynamodbstreams',
  AmazonSQS: 'sqs',
  AWSStepFunctions: 'states',
  AWSEvents: 'events',
};

/**
 * Works out which service a request is for, what it asks and what it touches.
 *
 * @throws AwsError (400) when the service is unknown or a JSON body cannot be read
 */
export function understandRequest(raw: RawRequest): AwsRequest {
  const credential = credentialOf(raw);
  const service = serviceOf(raw, credential?.service);
  const url = new URL(raw.url, 'http://endpoint');
  const params = paramsOf(raw, url);
  const base = { ...raw, service, params, accessKeyId: credential?.accessKeyId };
  const none = { json: undefined, tables: [], bucket: undefined, key: undefined };
  if (service === 's3') {
    const address = s3Address(url);
    return { ...base, ...none, ...address, operation: s3Operation(raw, url, address) };
  }
  if (service === 'lambda') return { ...base, ...none, ...lambdaAddress(raw, url) };
  const target = header(raw, 'x-amz-target')?.split('.')[1];
  if (target === undefined) {
    const key = params.get('TopicArn') ?? undefined;
    return { ...base, ...none, key, operation: params.get('Action') ?? 'Unknown' };
  }
  const json = parseJson(raw.body);
  if (service === 'dynamodb') {
    assertParts(json, target);
    return { ...base, ...none, operation: target, json, tables: tablesOf(json), key: subjectOf(json) };
  }
  return { ...base, ...none, operation: target, json, key: subjectOf(json) };
}

/** The execution, state machine, stream, queue or bulk operation that a request is about; a shard iterator begins with its stream's ARN. */
function subjectOf(json: Record<string, unknown>): string | undefined {
  const names = [
    'executionArn',
    'stateMachineArn',
    'StreamArn',
    'ShardIterator',
    'QueueUrl',
    'QueueName',
    'BulkOperationArn',
  ];
  const subject = names.map((name) => json[name]).find((value) => typeof value === 'string');
  return subject?.split('|')[0];
}

/** A header's single value. */
export function header(raw: RawRequest, name: string): string | undefined {
  const value = raw.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

interface Credential {
  readonly accessKeyId: string;
  readonly service: string;
}

/** `Credential=<access key>/<date>/<region>/<service>/aws4_request`, in a header or in a presigned URL. */
function credentialOf(raw: RawRequest): Credential | undefined {
  const signed = /Credential=([^,\s]+)/.exec(header(raw, 'authorization') ?? '')?.[1];
  const presigned = /[?&]X-Amz-Credential=([^&]+)/.exec(raw.url)?.[1];
  const scope = (signed ?? (presigned === undefined ? '' : decodeURIComponent(presigned))).split('/');
  const [service, date] = [scope.at(-2), scope.at(-4)];
  if (service === undefined || date === undefined) return undefined;
  return { accessKeyId: scope.slice(0, -4).join('/'), service };
}

function serviceOf(raw: RawRequest, scope: string | undefined): ServiceName {
  const target = TARGETS[header(raw, 'x-amz-target')?.split('.')[0] ?? ''];
  // Requests to streams are signed as requests to tables are.
  if (target === 'dynamodbstreams') return target;
  const named = SERVICES.find((name) => name === scope);
  if (named !== undefined) return named;
  if (target !== undefined) return target;
  if (scope !== undefined) {
    throw new AwsError(
      400,
      'UnknownService',
      `The embedded AWS has no service ${scope}; it has ${SERVICES.join(', ')}.`,
    );
  }
  return /^\/20\d\d-\d\d-\d\d\//.test(raw.url) ? 'lambda' : 's3';
}

function paramsOf(raw: RawRequest, url: URL): URLSearchParams {
  const form = header(raw, 'content-type')?.startsWith('application/x-www-form-urlencoded') === true;
  return form && raw.body.length > 0 ? new URLSearchParams(raw.body.toString()) : url.searchParams;
}

function parseJson(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = body.length === 0 ? {} : JSON.parse(body.toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Falls through to the refusal: AWS answers every unreadable body alike.
  }
  throw new AwsError(400, 'SerializationException', 'The request body is not a JSON object.');
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** @throws AwsError (400) where a request of many parts has one that is none */
function assertParts(json: Record<string, unknown>, operation: string): void {
  const { RequestItems, TransactItems, Statements, TransactStatements } = json;
  const ofTables = isObject(RequestItems) ? Object.values(RequestItems) : [];
  const lists = operation === 'BatchWriteItem' ? ofTables : [];
  const parts = [Statements, TransactStatements, TransactItems, ...lists].flatMap((list) => list ?? []);
  const isReadable =
    [...ofTables, ...parts].every(isObject) &&
    lists.every(Array.isArray) &&
    (!Array.isArray(TransactItems) || TransactItems.flatMap(Object.values).every(isObject));
  if (!isReadable) throw new AwsError(400, 'SerializationException', 'A part of the request is no object.');
}

/** Tables named by a DynamoDB request, whichever of the API's ways it names them. */
function tablesOf(json: Record<string, unknown>): string[] {
  const { TableName, RequestItems, TransactItems, ResourceArn, BackupArn, BulkOperationArn } = json;
  if (typeof TableName === 'string') return [tableName(TableName)];
  if (typeof RequestItems === 'object' && RequestItems !== null)
    return Object.keys(RequestItems).map(tableName);
  if (Array.isArray(TransactItems)) return [...new Set(TransactItems.flatMap(transactTables))];
  const arn = ResourceArn ?? BackupArn ?? BulkOperationArn;
  return typeof arn === 'string' ? [tableName(arn)] : [];
}

function transactTables(entry: unknown): string[] {
  const actions = Object.values(entry as Record<string, { TableName?: unknown }>);
  return actions.flatMap(({ TableName }) => (typeof TableName === 'string' ? [tableName(TableName)] : []));
}

function tableName(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? (nameOrArn.split('/')[1] ?? nameOrArn) : nameOrArn;
}

const MAPPING_OPERATIONS: Readonly<Record<string, string>> = {
  GET: 'GetEventSourceMapping',
  DELETE: 'DeleteEventSourceMapping',
};

/** `key` is the UUID of the mapping, or the function's name where there is no mapping yet. */
function mappingAddress(raw: RawRequest, url: URL, uuid: string | undefined): LambdaAddress {
  if (raw.method === 'POST' || raw.method === 'PUT') {
    const json = parseJson(raw.body);
    if (raw.method === 'PUT') return { operation: 'UpdateEventSourceMapping', key: uuid, json };
    const { FunctionName } = json;
    const key = typeof FunctionName === 'string' ? FunctionName : undefined;
    return { operation: 'CreateEventSourceMapping', key, json };
  }
  if (uuid !== undefined)
    return { operation: MAPPING_OPERATIONS[raw.method] ?? `${raw.method} ${url.pathname}`, key: uuid };
  return { operation: 'ListEventSourceMappings', key: url.searchParams.get('FunctionName') ?? undefined };
}

interface LambdaAddress {
  readonly operation: string;
  readonly key: string | undefined;
  readonly json?: Record<string, unknown>;
}

function lambdaAddress(raw: RawRequest, url: URL): LambdaAddress {
  const [, version, resource, name, action] = url.pathname.split('/');
  const key = name === undefined || name === '' ? undefined : decodeURIComponent(name);
  if (resource === 'event-source-mappings') return mappingAddress(raw, url, key);
  if (resource === 'account-settings') return { operation: 'GetAccountSettings', key };
  if (resource === 'functions' && version !== undefined) {
    if (action === 'invocations') return { operation: 'Invoke', key };
    if (raw.method === 'GET' && action === 'configuration')
      return { operation: 'GetFunctionConfiguration', key };
    if (raw.method === 'GET' && action === undefined)
      return { operation: key === undefined ? 'ListFunctions' : 'GetFunction', key };
  }
  return { operation: `${raw.method} ${url.pathname}`, key };
}
