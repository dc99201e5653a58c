import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type BulkOperations,
  createBulkOperations,
} from '../../../workflow/local/dynamodb/bulk/bulk-operations.ts';
import {
  bulkTableOf,
  type BulkTableDescription,
  indexedBytes,
} from '../../../workflow/local/dynamodb/bulk/bulk-table.ts';
import { inputLines } from '../../../workflow/local/dynamodb/bulk/input-lines.ts';
import { assertInput } from '../../../workflow/local/dynamodb/bulk/run-operation.ts';
import { readStartRequest } from '../../../workflow/local/dynamodb/bulk/start-request.ts';
import { jsonAnswer } from '../../../workflow/local/gateway/aws-answers.ts';
import { understandRequest } from '../../../workflow/local/gateway/understand-request.ts';

const input = { S3Bucket: 'input', InputFormat: 'DYNAMODB_JSON' };
const output = { S3Bucket: 'output', OutputType: ['ERROR'] };
const valid = { TableName: 'cart', InputS3Configuration: input, OutputS3Configuration: output };
const table: BulkTableDescription = {
  TableName: 'cart',
  TableStatus: 'ACTIVE',
  TableId: 'cart-1',
  KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
};

describe('a StartBulkPutItems', () => {
  it('is refused with every member that it lacks, in one sentence', () => {
    expect(() => readStartRequest({})).toThrow(
      "3 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null at 'inputS3Configuration' failed to satisfy constraint: Member must not be null; Value null at 'outputS3Configuration' failed to satisfy constraint: Member must not be null",
    );
  });

  it.each([
    [
      { MaxWriteRequestUnits: 1_023 },
      "Value '1023' at 'maxWriteRequestUnits' failed to satisfy constraint: Member must have value greater than or equal to 1024",
    ],
    [
      { ClientToken: 'a$b' },
      "Value 'a$b' at 'clientToken' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[^$]+$",
    ],
    [{ PerformanceTier: 'FAST' }, 'Member must satisfy enum value set: [STANDARD, ACCELERATED]'],
    [
      { InputS3Configuration: {} },
      "at 'inputS3Configuration.s3Bucket' failed to satisfy constraint: Member must not be null",
    ],
    [{ InputS3Configuration: { ...input, S3Bucket: '-' } }, "at 'inputS3Configuration.s3Bucket'"],
    [{ InputS3Configuration: { ...input, S3BucketOwner: 'me' } }, "at 'inputS3Configuration.s3BucketOwner'"],
    [
      { InputS3Configuration: { ...input, S3KeyPrefix: 'x'.repeat(1_025) } },
      "at 'inputS3Configuration.s3KeyPrefix'",
    ],
    [
      { InputS3Configuration: { ...input, InputFormat: 'CSV' } },
      'Member must satisfy enum value set: [DYNAMODB_JSON, ION]',
    ],
    [{ InputS3Configuration: { ...input, InputFormat: 'ION' } }, 'does not offer ION'],
    [
      { InputS3Configuration: { ...input, InputCompressionType: 'ZIP' } },
      'Member must satisfy enum value set: [GZIP, ZSTD, NONE]',
    ],
    [
      { OutputS3Configuration: { ...output, OutputType: [] } },
      "at 'outputS3Configuration.outputType' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      { OutputS3Configuration: { ...output, OutputType: ['ALL'] } },
      'Member must satisfy enum value set: [ERROR, CONDITION_CHECK_FAILURE]',
    ],
    [
      { OutputS3Configuration: { ...output, S3SseAlgorithm: 'DES' } },
      'Member must satisfy enum value set: [AES256, KMS]',
    ],
    [
      { OutputS3Configuration: { ...output, S3SseAlgorithm: 'AES256', S3SseKmsKeyId: 'k' } },
      'S3SseKmsKeyId can only be specified when S3SseAlgorithm is KMS',
    ],
    [{ TableName: 5 }, 'TableName cannot be converted to String'],
    [{ MaxWriteRequestUnits: '2000' }, 'MaxWriteRequestUnits cannot be converted to Long'],
    [{ OutputS3Configuration: [] }, 'OutputS3Configuration cannot be converted to Structure'],
    [
      { OutputS3Configuration: { ...output, OutputType: 'ERROR' } },
      'OutputType cannot be converted to List of String',
    ],
  ])('is refused with %j: %s', (change, message) => {
    expect(() => readStartRequest({ ...valid, ...change })).toThrow(message);
  });

  it('is taken with the default tier and without compression where it names none', () => {
    expect(readStartRequest(valid)).toEqual({
      ...valid,
      PerformanceTier: 'STANDARD',
      InputS3Configuration: { ...input, InputCompressionType: 'NONE' },
    });
  });
});

describe('the table of a bulk operation', () => {
  it('must be there, ready, and no global table', () => {
    const index = { IndexName: 'byOther', KeySchema: table.KeySchema };
    expect(() => bulkTableOf('cart', undefined)).toThrow('Table: cart not found');
    expect(() => bulkTableOf('cart', { ...table, TableStatus: 'CREATING' })).toThrow('in state CREATING');
    expect(() =>
      bulkTableOf('cart', {
        ...table,
        TableStatus: 'UPDATING',
        GlobalSecondaryIndexes: [{ ...index, IndexStatus: 'CREATING' }],
      }),
    ).toThrow('is creating the index byOther');
    expect(() => bulkTableOf('cart', { ...table, Replicas: [{}] })).toThrow('is a global table');
    expect(() => bulkTableOf('cart', { ...table, GlobalTableVersion: '2019.11.21' })).toThrow(
      'is a global table',
    );
    expect(bulkTableOf('cart', { ...table, TableStatus: 'UPDATING' })).toMatchObject({ id: 'cart-1' });
  });

  it('counts an item in an index by the attributes that the index holds', () => {
    const KeySchema = [{ AttributeName: 'other', KeyType: 'HASH' as const }];
    const [all, keys, some] = bulkTableOf('cart', {
      ...table,
      GlobalSecondaryIndexes: [
        { IndexName: 'all', KeySchema },
        { IndexName: 'keys', KeySchema, Projection: { ProjectionType: 'KEYS_ONLY' } },
        {
          IndexName: 'some',
          KeySchema,
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['n'] },
        },
      ],
    }).globalIndexes;
    const item = { PK: { S: '12' }, other: { S: '12345' }, n: { S: '1' }, more: { S: '123456' } };
    const bytes = [all, keys, some].map((index) => index && indexedBytes(index, item));
    expect(bytes).toEqual([4 + 10 + 2 + 10, 4 + 10, 4 + 10 + 2]);
    expect(all && indexedBytes(all, { PK: { S: '12' } })).toBe(0);
  });
});

describe('the input of a bulk operation', () => {
  const object = { key: 'a', bytes: 1, etag: '' };

  it('has at least one object, at most 50,000, and none above 5 GB', () => {
    const objects = (length: number) => Array.from({ length }, () => object);
    expect(() => assertInput([], 'STANDARD')).toThrow('no object under the S3KeyPrefix');
    expect(() => assertInput(objects(50_001), 'STANDARD')).toThrow(
      'has 50001 objects; one operation takes 50000',
    );
    expect(() => assertInput([{ ...object, bytes: 5 * 2 ** 30 + 1 }], 'STANDARD')).toThrow(
      'The object a has 5368709121 bytes',
    );
    expect(() => assertInput(objects(50_000), 'ACCELERATED')).not.toThrow();
  });

  it('may be packed with Zstandard', () => {
    const packed = zstdCompressSync('{"Item":{}}\n\n{"Item":{}}');
    expect([...inputLines(packed, 'ZSTD')].map(({ kind, number }) => [kind, number])).toEqual([
      ['line', 1],
      ['line', 3],
    ]);
  });
});

describe('bulk operations', () => {
  const HOUR = 3_600_000;
  let now = 0;
  const operations = (): BulkOperations =>
    createBulkOperations({
      now: () => now,
      describe: (name) => Promise.resolve({ ...table, TableName: name }),
      putItem: () => Promise.resolve(jsonAnswer({})),
      s3: {
        assertBucket: () => Promise.resolve(),
        list: () => Promise.resolve([]),
        read: () => Promise.resolve(Buffer.alloc(0)),
        write: () => Promise.resolve(),
      },
    });
  const ask = async <T>(bulk: BulkOperations, operation: string, json: object = {}): Promise<T> => {
    const headers = { 'x-amz-target': `DynamoDB_20120810.${operation}` };
    const request = understandRequest({
      method: 'POST',
      url: '/',
      headers,
      body: Buffer.from(JSON.stringify(json)),
    });
    const { body } = await bulk.serve(request, () => Promise.resolve(jsonAnswer({})));
    return JSON.parse(body.toString()) as T;
  };
  type Started = { readonly BulkOperationDescription: { readonly BulkOperationArn: string } };
  const start = async (bulk: BulkOperations, json: object): Promise<string> => {
    const answer = await ask<Started>(bulk, 'StartBulkPutItems', json);
    await new Promise((resolve) => setImmediate(resolve));
    return answer.BulkOperationDescription.BulkOperationArn;
  };

  it('are found by their token for eight hours, and start again after that', async () => {
    const bulk = operations();
    const request = { ...valid, ClientToken: 'run:cart:1' };
    now = HOUR;
    const arn = await start(bulk, request);
    now += 8 * HOUR - 1;
    expect(await start(bulk, request)).toBe(arn);
    now += 1;
    expect(await start(bulk, request)).not.toBe(arn);
  });

  it('are listed for 90 days', async () => {
    const bulk = operations();
    now = HOUR;
    await start(bulk, valid);
    now += 60 * 24 * HOUR;
    const later = await start(bulk, valid);
    const list = async () => {
      type Listed = { readonly BulkOperationsSummaryList: readonly { readonly BulkOperationArn: string }[] };
      const { BulkOperationsSummaryList: listed } = await ask<Listed>(bulk, 'ListBulkOperations');
      return listed.map(({ BulkOperationArn }) => BulkOperationArn);
    };
    expect(await list()).toHaveLength(2);
    now += 30 * 24 * HOUR;
    expect(await list()).toEqual([later]);
    now += 60 * 24 * HOUR;
    expect(await list()).toEqual([]);
  });

  it('keep a replica from being added to their table', async () => {
    const bulk = operations();
    await ask(bulk, 'StartBulkPutItems', valid);
    const change = { TableName: 'cart', ReplicaUpdates: [{ Create: { RegionName: 'us-east-1' } }] };
    await expect(ask(bulk, 'UpdateTable', change)).rejects.toThrow('A replica cannot be added');
  });
});
