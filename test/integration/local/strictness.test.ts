import { createHash } from 'node:crypto';
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DescribeTableCommand,
  ListTagsOfResourceCommand,
  UpdateTimeToLiveCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { startTinyAws, testClients, type TestClients } from '../../support/embedded.ts';

const TableName = 'strict';

let aws: EmbeddedAws;
let clients: TestClients;

beforeAll(async () => {
  aws = await startTinyAws();
  clients = testClients(aws);
  await clients.dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'PK', AttributeType: 'S' },
        { AttributeName: 'SK', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'SK', KeyType: 'RANGE' },
      ],
      Tags: [{ Key: 'owner', Value: 'test' }],
    }),
  );
});

afterAll(async () => {
  clients.destroy();
  await aws.stop();
});

describe('DynamoDB', () => {
  it('names tables by ARNs of the account and region that everybody else uses', async () => {
    const { Table } = await clients.dynamodb.send(new DescribeTableCommand({ TableName }));
    const arn = `arn:aws:dynamodb:ap-southeast-2:123456789012:table/${TableName}`;
    expect(Table?.TableArn).toBe(arn);
    const { Tags } = await clients.dynamodb.send(new ListTagsOfResourceCommand({ ResourceArn: arn }));
    expect(Tags).toEqual([{ Key: 'owner', Value: 'test' }]);
  });

  it('refuses a batch of more than 25', async () => {
    expect(await refusalOf(Array.from({ length: 26 }, (_, n) => put(`p${n}`)))).toMatch(
      /^ValidationException: .*(less than or equal to 25)/,
    );
  });

  it('refuses a batch over 16 MB', async () => {
    const big = 'x'.repeat(390_000);
    expect(await refusalOf(Array.from({ length: 25 }, (_, n) => put(`p${n}`, big + big)))).toMatch(
      /^ValidationException: .*(16777216|exceeded)/,
    );
  });

  it('refuses two writes of one key in a batch, a put and a delete too', async () => {
    expect(await refusalOf([put('a'), put('b'), put('a')])).toMatch(
      /^ValidationException: .*(contains duplicates)/,
    );
    expect(await refusalOf([put('a'), { DeleteRequest: { Key: key('a') } }])).toMatch(
      /^ValidationException: .*(contains duplicates)/,
    );
    await clients.dynamodb.send(batch([put('a'), put('b')]));
  });

  it('refuses a second change of the time to live within the hour', async () => {
    const TimeToLiveSpecification = { AttributeName: 'expiresAt', Enabled: true };
    await clients.dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    const again = clients.dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    await expect(again).rejects.toThrow(expect.objectContaining({ name: 'ValidationException' }));
  });
});

describe('S3', () => {
  it('writes with If-None-Match once, however many try at once', async () => {
    const tries = Array.from({ length: 20 }, (_, n) =>
      putObject('once', { Body: `${n}`, IfNoneMatch: '*' }).then(
        () => n,
        (error: Error) => error.name,
      ),
    );
    const outcomes = await Promise.all(tries);
    const winners = outcomes.filter((outcome) => typeof outcome === 'number');
    expect(winners).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'PreconditionFailed')).toHaveLength(19);
    expect(await bodyOf('once')).toBe(String(winners[0]));
  });

  it('writes with If-None-Match again after a delete', async () => {
    await putObject('again', { IfNoneMatch: '*' });
    await clients.s3.send(new DeleteObjectCommand({ Bucket: aws.bucket, Key: 'again' }));
    await putObject('again', { Body: 'second', IfNoneMatch: '*' });
    expect(await bodyOf('again')).toBe('second');
  });

  it('writes with If-Match only over what the client has seen', async () => {
    const { ETag } = await putObject('seen', { Body: 'one' });
    await putObject('seen', { Body: 'two', IfMatch: ETag });
    const stale = putObject('seen', { Body: 'three', IfMatch: ETag });
    await expect(stale).rejects.toThrow(expect.objectContaining({ name: 'PreconditionFailed' }));
    const absent = putObject('absent', { IfMatch: ETag });
    await expect(absent).rejects.toThrow(expect.objectContaining({ name: 'NoSuchKey' }));
    expect(await bodyOf('seen')).toBe('two');
  });

  it('refuses bytes that do not match their checksum, and keeps a checksum that matches', async () => {
    const right = createHash('sha256').update('body').digest('base64');
    const wrong = createHash('sha256').update('other').digest('base64');
    const refused = putObject('sum', { ChecksumSHA256: wrong });
    await expect(refused).rejects.toThrow(expect.objectContaining({ name: 'BadDigest' }));
    await putObject('sum', { ChecksumSHA256: right });
    const head = await clients.s3.send(
      new HeadObjectCommand({ Bucket: aws.bucket, Key: 'sum', ChecksumMode: 'ENABLED' }),
    );
    expect(head).toMatchObject({ ChecksumSHA256: right, ContentLength: 4 });
  });

  it('takes a stream with a trailing checksum out of its chunks', async () => {
    const body = Buffer.alloc(200_000, 'abc');
    await putObject('stream', {
      Body: Readable.from([body]),
      ContentLength: body.length,
      ContentEncoding: 'gzip',
      ChecksumAlgorithm: 'SHA256',
    });
    const stored = await clients.s3.send(new GetObjectCommand({ Bucket: aws.bucket, Key: 'stream' }));
    expect(stored.ContentEncoding).toBe('gzip');
    expect(Buffer.from((await stored.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
  });

  it('keeps keys of any spelling apart, and lists them in pages', async () => {
    const keys = ['list/a b+c%20.txt', 'list/ü/日本.gz', 'list/_started'];
    for (const Key of keys) await putObject(Key, { Body: Key });
    await clients.s3.send(
      new CopyObjectCommand({
        Bucket: aws.bucket,
        Key: 'list/copy',
        CopySource: `${aws.bucket}/list/_started`,
      }),
    );
    for (const Key of keys) expect(await bodyOf(Key)).toBe(Key);
    const found: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await clients.s3.send(
        new ListObjectsV2Command({ Bucket: aws.bucket, Prefix: 'list/', MaxKeys: 2, ContinuationToken }),
      );
      found.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(found.toSorted()).toEqual([...keys, 'list/copy'].toSorted());
  });
});

/** Code and message of the refusal; fails where there is none. */
async function refusalOf(requests: WriteRequest[]): Promise<string> {
  return clients.dynamodb.send(batch(requests)).then(
    () => 'accepted',
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

function key(id: string) {
  return { PK: { S: id }, SK: { S: 'METADATA' } };
}

function put(id: string, text = 'x'): WriteRequest {
  return { PutRequest: { Item: { ...key(id), text: { S: text } } } };
}

function batch(requests: WriteRequest[]): BatchWriteItemCommand {
  return new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } });
}

function putObject(Key: string, more: Partial<PutObjectCommandInput> = {}) {
  return clients.s3.send(new PutObjectCommand({ Bucket: aws.bucket, Key, Body: 'body', ...more }));
}

async function bodyOf(Key: string): Promise<string | undefined> {
  const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket: aws.bucket, Key }));
  return Body?.transformToString();
}
