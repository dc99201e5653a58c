import { ACCOUNT_ID, REGION } from '../account.ts';
import type { AwsRequest, AwsResponse, Service } from '../gateway/aws-request.ts';
import type { EngineClient } from '../gateway/engine-client.ts';
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

/** The ARN prefix that the engine makes; the account and region that everybody else sees take its place. */
const ENGINE_ARN = 'arn:aws:dynamodb:dynoxide:000000000000:';
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

/** DynamoDB: the engine's answers, after the checks that AWS makes and the engine does not. */
export function createDynamoDbService(engine: EngineClient): Service {
  const strictness = createStrictness((operation, json) => send(engine, operation, json));
  return async (request) => {
    await strictness.check(request);
    const response = await engine.send({
      ...request,
      headers: { ...request.headers, ...IDENTITY },
      body: bodyFor(request),
    });
    if (response.status < 400) strictness.note(request);
    return DATA_OPERATIONS.has(request.operation) ? response : withOurArns(response);
  };
}

/** Calls an operation of the engine itself, past log, faults and checks. */
export async function send(engine: EngineClient, operation: string, json: unknown): Promise<AwsResponse> {
  const headers = {
    ...IDENTITY,
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${operation}`,
  };
  return engine.send({ method: 'POST', url: '/', headers, body: Buffer.from(JSON.stringify(json)) });
}

function bodyFor(request: AwsRequest): Buffer {
  if (DATA_OPERATIONS.has(request.operation) || !request.body.includes(OUR_ARN)) return request.body;
  return Buffer.from(request.body.toString().replaceAll(OUR_ARN, ENGINE_ARN));
}

function withOurArns(response: AwsResponse): AwsResponse {
  if (!response.body.includes(ENGINE_ARN)) return response;
  const headers = { ...response.headers };
  delete headers['x-amz-crc32'];
  return {
    ...response,
    headers,
    body: Buffer.from(response.body.toString().replaceAll(ENGINE_ARN, OUR_ARN)),
  };
}
