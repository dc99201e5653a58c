import {
  BatchWriteItemCommand,
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteItemCommand,
  DeleteResourcePolicyCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  GetResourcePolicyCommand,
  PutItemCommand,
  PutResourcePolicyCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freezeCommands } from '../../../functions/control-sync/freeze.ts';
import { closingPolicy } from '../../../functions/shared/aws/table-policy.ts';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { accessKeyIdOf } from '../../../workflow/local/lambda/worker-credentials.ts';
import { clientSettings, startTestAws, testClients, type TestClients } from '../../support/embedded.ts';

const TableName = 'guarded';
const ResourceArn = `arn:aws:dynamodb:ap-southeast-2:123456789012:table/${TableName}`;
const writer = 'products-migration-local';
const closed = closingPolicy({ runId: 'run-1', tableArn: ResourceArn, writer });
const Key = { PK: { S: 'a' } };

const input: CreateTableCommandInput = {
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
};

let aws: EmbeddedAws;
let clients: TestClients;

beforeAll(async () => {
  aws = await startTestAws();
  clients = testClients(aws);
});
beforeEach(async () => {
  await clients.dynamodb.send(new DeleteTableCommand({ TableName })).catch(() => undefined);
});
afterAll(async () => {
  clients.destroy();
  await aws.stop();
});

const create = (ResourcePolicy?: string) =>
  clients.dynamodb.send(new CreateTableCommand({ ...input, ResourcePolicy }));
const read = () => clients.dynamodb.send(new GetResourcePolicyCommand({ ResourceArn }));
const put = (Policy: string, ExpectedRevisionId?: string) =>
  clients.dynamodb.send(new PutResourcePolicyCommand({ ResourceArn, Policy, ExpectedRevisionId }));
const remove = (ExpectedRevisionId?: string) =>
  clients.dynamodb.send(new DeleteResourcePolicyCommand({ ResourceArn, ExpectedRevisionId }));
const write = (client = clients.dynamodb) => client.send(new PutItemCommand({ TableName, Item: Key }));

/** A client that signs as a worker of one of the service's functions does. */
async function as<T>(functionKey: string, act: (client: DynamoDBClient) => Promise<T>): Promise<T> {
  const accessKeyId = accessKeyIdOf({ functionKey, number: 999 });
  const client = new DynamoDBClient({
    ...clientSettings(aws),
    credentials: { accessKeyId, secretAccessKey: 'x' },
  });
  return act(client).finally(() => client.destroy());
}

describe('the policy that freezes a source', () => {
  it('is taken as it is printed, and keeps everybody from writing', async () => {
    await create();
    await put(
      freezeCommands(
        { stage: 'test', region: 'ap-southeast-2' },
        { tableArn: ResourceArn, found: { kind: 'none' }, regions: [] },
      ).policy,
      'NO_POLICY',
    );
    await expect(write()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(as('rollBack', write)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await remove();
    await write();
  });
});

describe('a table that is created with a policy', () => {
  beforeEach(() => create(closed));

  it('gives it back, with a revision', async () => {
    expect(await read()).toMatchObject({ Policy: closed, RevisionId: expect.stringMatching(/^\d+$/) });
  });

  it('refuses every way to write an item to every caller that the policy denies', async () => {
    const Item = Key;
    const denied = { name: 'AccessDeniedException' };
    const { dynamodb } = clients;
    const PutRequest = { Item };
    await expect(write()).rejects.toMatchObject(denied);
    await expect(dynamodb.send(new UpdateItemCommand({ TableName, Key }))).rejects.toMatchObject(denied);
    await expect(dynamodb.send(new DeleteItemCommand({ TableName, Key }))).rejects.toMatchObject(denied);
    await expect(
      dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: [{ PutRequest }] } })),
    ).rejects.toMatchObject(denied);
    await expect(
      dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [ResourceArn]: [{ PutRequest }] } })),
    ).rejects.toMatchObject(denied);
    await expect(
      dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item } }] })),
    ).rejects.toMatchObject(denied);
    for (const Statement of [
      `INSERT INTO "${TableName}" VALUE {'PK': 'a'}`,
      `update ${TableName} SET b='c' WHERE PK='a'`,
      `DELETE FROM "${TableName}" WHERE PK='a'`,
    ])
      await expect(dynamodb.send(new ExecuteStatementCommand({ Statement }))).rejects.toMatchObject(denied);
  });

  it('says who may not do what, and that a policy of the table denies it', async () => {
    await expect(write()).rejects.toThrow(
      `User: arn:aws:iam::123456789012:user/test is not authorized to perform: dynamodb:PutItem on resource: ${ResourceArn} with an explicit deny in a resource-based policy`,
    );
  });

  it('can still be read, changed and deleted by everybody', async () => {
    await clients.dynamodb.send(new GetItemCommand({ TableName, Key }));
    await clients.dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
    const { TableDescription } = await clients.dynamodb.send(new DeleteTableCommand({ TableName }));
    expect(TableDescription).toMatchObject({ TableName });
  });

  it('lets a function write whose role carries the tag, and no other function', async () => {
    await as('migrateProductsEnhanced', write);
    await as('restoreFromBackup', write);
    await as('rollBack', write);
    await expect(as('completeRun', write)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('takes the policy with it when it is deleted: the next table of that name has none', async () => {
    await clients.dynamodb.send(new DeleteTableCommand({ TableName }));
    await expect(read()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await create();
    await expect(read()).rejects.toMatchObject({ name: 'PolicyNotFoundException' });
    await write();
  });

  it('is closed from the very first request on, however many come while it is being created', async () => {
    await clients.dynamodb.send(new DeleteTableCommand({ TableName }));
    const writes: Promise<string>[] = [];
    const outcomeOf = () =>
      write().then(
        () => 'written',
        ({ name }: Error) => name,
      );
    for (let index = 0; index < 20; index++) writes.push(outcomeOf());
    const creation = create(closed);
    for (let index = 0; index < 20; index++) writes.push(outcomeOf());
    await creation;
    expect(await Promise.all(writes)).not.toContain('written');
  });
});

describe('a policy that is put or deleted', () => {
  beforeEach(() => create());

  it('holds from then on, until it is deleted', async () => {
    await write();
    await put(closed);
    await expect(write()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const { RevisionId } = await read();
    expect(await remove()).toMatchObject({ RevisionId });
    await write();
    expect(await remove()).not.toHaveProperty('RevisionId');
  });

  it('has the same revision when it is put again as it is, and another one when it changes', async () => {
    const { RevisionId: first } = await put(closed);
    expect(await put(closed)).toMatchObject({ RevisionId: first });
    const { RevisionId: second } = await put(closed.replace('run', 'rollback'));
    expect(second).not.toBe(first);
  });

  it('is guarded by the revision that is expected', async () => {
    const notFound = { name: 'PolicyNotFoundException' };
    await expect(put(closed, '1')).rejects.toMatchObject(notFound);
    await expect(remove('1')).rejects.toMatchObject(notFound);
    const { RevisionId } = await put(closed, 'NO_POLICY');
    await expect(put(`${closed} `, 'NO_POLICY')).rejects.toMatchObject(notFound);
    await expect(remove('1')).rejects.toMatchObject(notFound);
    await put(`${closed} `, RevisionId);
    await expect(remove(RevisionId)).rejects.toMatchObject(notFound);
  });
});

describe('a policy that DynamoDB would not take', () => {
  beforeEach(() => create());
  const statement = { Effect: 'Deny', Principal: '*', Action: 'dynamodb:PutItem', Resource: ResourceArn };
  const policyOf = (change: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, ...change }] });

  it.each([
    ['is no JSON', 'deny all', /Syntax errors/],
    ['has an unknown version', policyOf({}).replace('2012-10-17', '2020-01-01'), /Syntax errors/],
    [
      'names an action that there is not',
      policyOf({ Action: ['dynamodb:PutItem', 'dynamodb:PutItems'] }),
      /action names are invalid: "dynamodb:PutItems"/,
    ],
    [
      'names an action of streams',
      policyOf({ Action: 'dynamodb:GetRecords' }),
      /action names are invalid: "dynamodb:GetRecords"/,
    ],
    ['is about another table', policyOf({ Resource: `${ResourceArn}2` }), /is not the table/],
    ['has no resource', policyOf({ Resource: undefined }), /Missing required field Resource/],
    ['has no principal', policyOf({ Principal: undefined }), /Missing required field Principal/],
    ['has a Sid with a hyphen', policyOf({ Sid: 'run-1' }), /Invalid Sid/],
    ['has an element that there is not', policyOf({ Resources: '*' }), /unsupported element Resources/],
    ['has an effect that there is not', policyOf({ Effect: 'Forbid' }), /Invalid effect/],
    [
      'has a condition that is not known here',
      policyOf({ Condition: { DateLessThan: { 'aws:CurrentTime': '2030-01-01' } } }),
      /DateLessThan/,
    ],
    [
      'has two statements of one Sid',
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { ...statement, Sid: 'a' },
          { ...statement, Sid: 'a' },
        ],
      }),
      /must be unique/,
    ],
    ['is larger than 20 KB', policyOf({}) + ' '.repeat(20 * 1024), /larger than 20480 bytes/],
  ])('%s', async (_what, policy, message) => {
    await expect(put(policy)).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put(policy)).rejects.toThrow(message);
    await clients.dynamodb.send(new DeleteTableCommand({ TableName }));
    await expect(create(policy)).rejects.toThrow(message);
    await expect(clients.dynamodb.send(new DescribeTableCommand({ TableName }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});
