import { gunzipSync } from 'node:zlib';
import { ACCOUNT_ID, REGION } from '../account.ts';
import type { Deployment } from '../deploy/read-deployment.ts';
import { AwsError } from '../gateway/aws-answers.ts';
import type { AwsRequest, AwsResponse, Service, ServiceName } from '../gateway/aws-request.ts';
import type { RunningExecution } from '../states/executions.ts';
import type { States } from '../states/states-service.ts';
import { fieldOf, readListing, type Listing } from './read-listing.ts';

/** What the pages are made of. It is asked past the request log and its faults: nobody's requests but the console's. */
export interface ConsoleData {
  readonly deployment: Deployment;
  /** Newest first. */
  executions(): readonly RunningExecution[];
  /** @throws AwsError in AWS's words */
  startExecution(start: {
    readonly stateMachineArn: string;
    readonly name?: string;
    readonly input: string;
  }): Promise<string>;
  stopExecution(executionArn: string): Promise<void>;
  tableNames(): Promise<readonly string[]>;
  /** `undefined` where there is none, also of a table that was deleted since it was listed. */
  describeTable(name: string): Promise<TableFacts | undefined>;
  /** One page of items as they are on the wire. */
  scan(table: string, after: string | undefined): Promise<ItemPage>;
  listObjects(prefix: string, after: string | undefined): Promise<Listing>;
  /** Unpacked where it is gzipped; `undefined` where there is none. */
  object(key: string): Promise<FoundObject | undefined>;
}

/** As much of DescribeTable as is shown. */
export interface TableFacts {
  readonly TableName: string;
  readonly TableStatus: string;
  readonly ItemCount?: number;
  readonly TableSizeBytes?: number;
  readonly BillingModeSummary?: { readonly BillingMode?: string };
  readonly KeySchema: readonly { readonly AttributeName: string; readonly KeyType: string }[];
}

/** An attribute as DynamoDB writes it: `{"S": "..."}`. */
export type WireAttribute = Readonly<Record<string, unknown>>;

export interface ItemPage {
  readonly items: readonly Readonly<Record<string, WireAttribute>>[];
  /** Where the next page begins. */
  readonly next: string | undefined;
}

export interface FoundObject {
  readonly body: Buffer;
  readonly contentType: string;
  /** Bytes as they are stored. */
  readonly storedBytes: number;
}

export interface DataParts {
  readonly deployment: Deployment;
  readonly states: States;
  readonly dynamodb: Service;
  readonly s3: Service;
}

export const ITEMS_PER_PAGE = 25;
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

export function consoleData({ deployment, states, dynamodb, s3 }: DataParts): ConsoleData {
  const [bucket = ''] = deployment.buckets;
  const ask = async (operation: string, json: Readonly<Record<string, unknown>>): Promise<unknown> =>
    answerOf(await dynamodb(request('dynamodb', { operation, json })));
  const askStates = async (operation: string, json: Readonly<Record<string, unknown>>): Promise<unknown> =>
    JSON.parse((await states.serve(request('states', { operation, json }))).body.toString());
  const get = (path: string, operation: string): Promise<AwsResponse> =>
    s3(request('s3', { operation, method: 'GET', url: `/${bucket}${path}` }));
  return {
    deployment,
    executions: () => [...states.executions.values()].toReversed(),
    async startExecution(start) {
      const { executionArn } = (await askStates('StartExecution', { ...start })) as { executionArn: string };
      return executionArn;
    },
    stopExecution: async (executionArn) => void (await askStates('StopExecution', { executionArn })),
    async tableNames() {
      const names: string[] = [];
      let after: string | undefined;
      do {
        const page = (await ask('ListTables', { ExclusiveStartTableName: after })) as TablePage;
        names.push(...(page.TableNames ?? []));
        after = page.LastEvaluatedTableName;
      } while (after !== undefined);
      return names;
    },
    async describeTable(TableName) {
      try {
        return ((await ask('DescribeTable', { TableName })) as { Table: TableFacts }).Table;
      } catch (error) {
        if (error instanceof AwsError && error.code === 'ResourceNotFoundException') return undefined;
        throw error;
      }
    },
    async scan(TableName, after) {
      const ExclusiveStartKey = after === undefined ? undefined : (JSON.parse(after) as unknown);
      const answer = (await ask('Scan', { TableName, Limit: ITEMS_PER_PAGE, ExclusiveStartKey })) as {
        Items?: ItemPage['items'];
        LastEvaluatedKey?: unknown;
      };
      const { Items: items = [], LastEvaluatedKey: last } = answer;
      return { items, next: last === undefined ? undefined : JSON.stringify(last) };
    },
    async listObjects(prefix, after) {
      const query = new URLSearchParams({ 'list-type': '2', delimiter: '/', prefix });
      if (after !== undefined) query.set('continuation-token', after);
      const { status, body } = await get(`?${query.toString()}`, 'ListObjectsV2');
      if (status !== 200) throw listingProblem(status, body.toString());
      return readListing(body.toString());
    },
    async object(key) {
      const path = key.split('/').map(encodeURIComponent).join('/');
      const { status, headers, body } = await get(`/${path}`, 'GetObject');
      if (status !== 200) return undefined;
      return {
        body: unpacked(key, body),
        contentType: String(headers['content-type'] ?? ''),
        storedBytes: body.length,
      };
    },
  };
}

interface TablePage {
  readonly TableNames?: readonly string[];
  readonly LastEvaluatedTableName?: string;
}

/** @throws AwsError for a refusal, which would look like an empty list */
function answerOf({ status, body }: AwsResponse): unknown {
  const answer: unknown = JSON.parse(body.toString());
  if (status < 400) return answer;
  const { __type = '', message, Message = '' } = answer as Readonly<Record<string, string | undefined>>;
  throw new AwsError(status, __type.replace(/^.*#/, ''), message ?? Message);
}

function listingProblem(status: number, xml: string): AwsError {
  const code = fieldOf(xml, 'Code') ?? String(status);
  return new AwsError(status, code, `S3 did not list the objects: ${fieldOf(xml, 'Message') ?? code}`);
}

/** Not every `.gz` is one. */
function unpacked(key: string, body: Buffer): Buffer {
  if (!key.endsWith('.gz')) return body;
  try {
    return gunzipSync(body, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch {
    return body;
  }
}

interface Asked {
  readonly operation: string;
  readonly method?: string;
  readonly url?: string;
  readonly json?: Readonly<Record<string, unknown>>;
}

/** A request as a user of the account would send it. */
function request(service: ServiceName, { operation, method = 'POST', url = '/', json }: Asked): AwsRequest {
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${ACCOUNT_ID}/20260101/${REGION}/${service}/aws4_request, ` +
    'SignedHeaders=host;x-amz-date, Signature=0';
  const target = service === 'dynamodb' ? { 'x-amz-target': `DynamoDB_20120810.${operation}` } : {};
  return {
    method,
    url,
    headers: { authorization, 'content-type': 'application/x-amz-json-1.0', ...target },
    body: Buffer.from(json === undefined ? '' : JSON.stringify(json)),
    service,
    operation,
    json: json === undefined ? undefined : { ...json },
    params: new URL(url, 'http://console').searchParams,
    tables: typeof json?.['TableName'] === 'string' ? [json['TableName']] : [],
    bucket: undefined,
    key: undefined,
    accessKeyId: 'console',
  };
}
