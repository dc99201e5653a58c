import { ACCOUNT_ID, REGION } from '../account.ts';
import { send, untilActive } from '../dynamodb/dynamodb-service.ts';
import type { Engines } from '../engines.ts';
import type { AwsResponse } from '../gateway/aws-request.ts';
import type { EngineClient } from '../gateway/engine-client.ts';
import type { Deployment, TableDeclaration } from './read-deployment.ts';
import { cut } from '../../../functions/shared/text.ts';

/** Members that CloudFormation's table and the CreateTable call have in common. */
const CREATE_TABLE_MEMBERS = [
  'TableName',
  'AttributeDefinitions',
  'KeySchema',
  'BillingMode',
  'ProvisionedThroughput',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
  'Tags',
];

/**
 * Creates the declared tables and buckets. What is there already, in an engine that outlives this process, stays.
 *
 * @throws Error naming the resource and the engine's reason
 */
export async function createResources(
  engines: Pick<Engines, 'dynamodb' | 's3'>,
  deployment: Deployment,
): Promise<void> {
  for (const table of deployment.tables) await createTable(engines.dynamodb, table);
  for (const bucket of deployment.buckets) await createBucket(engines.s3, bucket);
}

async function createTable(engine: EngineClient, { name, properties }: TableDeclaration): Promise<void> {
  const members = CREATE_TABLE_MEMBERS.filter((member) => member in properties).map((member) => [
    member,
    properties[member],
  ]);
  const created = await send(engine, 'CreateTable', Object.fromEntries(members));
  if (isError(created, 'ResourceInUseException')) return;
  refuseFailure(`The table ${name}`, created);
  await untilActive(engine, name);
  const { AttributeName, Enabled } = (properties['TimeToLiveSpecification'] ?? {}) as Record<string, unknown>;
  if (Enabled !== true) return;
  const TimeToLiveSpecification = { AttributeName, Enabled };
  refuseFailure(
    `The time to live of ${name}`,
    await send(engine, 'UpdateTimeToLive', { TableName: name, TimeToLiveSpecification }),
  );
}

async function createBucket(engine: EngineClient, bucket: string): Promise<void> {
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${ACCOUNT_ID}/20260101/${REGION}/s3/aws4_request, ` +
    'SignedHeaders=host;x-amz-date, Signature=0';
  const created = await engine.send({
    method: 'PUT',
    url: `/${bucket}`,
    headers: { authorization, 'content-type': 'application/xml' },
    body: Buffer.from(
      `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${REGION}</LocationConstraint></CreateBucketConfiguration>`,
    ),
  });
  if (isError(created, 'BucketAlreadyOwnedByYou')) return;
  refuseFailure(`The bucket ${bucket}`, created);
}

function isError(response: AwsResponse, code: string): boolean {
  return response.status >= 400 && response.body.includes(code);
}

function refuseFailure(what: string, response: AwsResponse): void {
  if (response.status >= 400)
    throw new Error(`${what} could not be created: ${cut(response.body.toString(), 500)}`);
}
