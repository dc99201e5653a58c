import { gzipSync } from 'node:zlib';
import {
  DeleteTableCommand,
  DescribeTableCommand,
  ListBulkOperationsCommand,
  PutItemCommand,
  PutResourcePolicyCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringAttribute } from '../../../functions/shared/items/wire-item.ts';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import {
  ABSENT,
  bulkPuts,
  jsonLines,
  largeLines,
  startInput,
  type BulkPuts,
} from '../../support/bulk-puts.ts';
import { eventually, startTinyAws } from '../../support/embedded.ts';
import { rawAws } from '../../support/streams.ts';

let aws: EmbeddedAws;
let bulk: BulkPuts;

beforeAll(async () => {
  aws = await startTinyAws();
  bulk = await bulkPuts(aws);
});

afterAll(async () => {
  bulk.destroy();
  await aws.stop();
});

/** Lines of small items. */
const numbered = (from: number, to: number, more: object = {}): readonly object[] =>
  Array.from({ length: to - from }, (_, index) => ({
    Item: { PK: { S: `item-${from + index}` }, ...more },
    ...ABSENT,
  }));

describe('a bulk put', () => {
  it('writes every line of every object under the prefix, and only those', async () => {
    const table = await bulk.createTable();
    await bulk.upload(`${table}/1.json.gz`, gzipSync(jsonLines(numbered(0, 40, { other: { S: 'a' } }))));
    await bulk.upload(`${table}/2 & é.json.gz`, gzipSync(jsonLines(numbered(40, 60))));
    await bulk.upload(`${table}-elsewhere/3.json.gz`, gzipSync(jsonLines(numbered(60, 70))));
    const arn = await bulk.start(table, {
      InputS3Configuration: { ...startInput(table).InputS3Configuration, InputCompressionType: 'GZIP' },
    });
    const ended = await bulk.endOf(arn);
    expect(ended).toMatchObject({
      BulkOperationStatus: 'COMPLETED',
      ProcessedItemCount: 60,
      FailedItemCount: 0,
      PerformanceTier: 'STANDARD',
      TableDetails: [{ TableName: table, TableId: expect.stringMatching(/./) }],
    });
    expect(ended.ProcessedInputBytes).toBe(ended.TotalInputBytes);
    expect(ended.FailureCode).toBeUndefined();
    // PK and "item-<n>" take 8 or 9 bytes, "other" and "a" another 6.
    const tableBytes = 60 * 9 - 10 + 40 * 6;
    const indexBytes = 40 * 15 - 10;
    expect(ended.BulkOperationUsage).toEqual([
      {
        TableName: table,
        BulkPutBytes: tableBytes + indexBytes,
        Table: { BulkPutBytes: tableBytes },
        GlobalSecondaryIndexes: { byOther: { BulkPutBytes: indexBytes } },
      },
    ]);
    expect(await bulk.scan(table)).toHaveLength(60);
    expect((await bulk.reportsOf(table)).manifest).toMatchObject({ processedItemCount: 60, outputFiles: [] });
  });

  it('shows what it writes in the stream of the table', async () => {
    const table = await bulk.createTable();
    await bulk.upload(`${table}/1.json`, numbered(0, 3));
    await bulk.endOf(await bulk.start(table));
    const { Table } = await bulk.dynamodb.send(new DescribeTableCommand({ TableName: table }));
    const records = await rawAws(aws).records(Table?.LatestStreamArn ?? '');
    expect(records.map(({ eventName }) => eventName)).toEqual(['INSERT', 'INSERT', 'INSERT']);
  });

  it('replaces without a condition, and with one keeps the existing item and reports both', async () => {
    const table = await bulk.createTable();
    const existing = { PK: { S: 'kept' }, from: { S: 'shop' } };
    for (const Item of [existing, { PK: { S: 'replaced' }, from: { S: 'shop' } }])
      await bulk.dynamodb.send(new PutItemCommand({ TableName: table, Item }));
    const attempted = { PK: { S: 'kept' }, from: { S: 'bulk' } };
    const lines = [{ Item: attempted, ...ABSENT }, { Item: { PK: { S: 'replaced' }, from: { S: 'bulk' } } }];
    await bulk.upload(`${table}/1.json`, lines);
    expect(await bulk.endOf(await bulk.start(table))).toMatchObject({
      BulkOperationStatus: 'COMPLETED',
      ProcessedItemCount: 2,
      FailedItemCount: 0,
    });
    expect(await bulk.scan(table)).toEqual(expect.arrayContaining([existing, lines[1]?.Item]));
    expect((await bulk.reportsOf(table)).lines).toEqual([
      {
        outputType: 'CONDITION_CHECK_FAILURE',
        s3Key: `${table}/1.json`,
        lineNumber: 1,
        errorCode: 'ConditionalCheckFailedException',
        errorMessage: 'The conditional request failed',
        item: attempted,
        existingItem: existing,
      },
    ]);
  });

  it('completes with errors where items are invalid, names them, and writes the others', async () => {
    const table = await bulk.createTable();
    const tooLarge = { PK: { S: 'large' }, text: { S: 'x'.repeat(401 * 1024) } };
    const lines = [
      { Item: { other: { S: 'no key' } } },
      { Item: { PK: { N: '1' } } },
      { Item: { PK: 'no value' } },
      { Item: tooLarge },
      { Item: { PK: { S: 'a' } }, Condition: 'none' },
      { Items: [] },
      { Item: { PK: { S: 'b' } }, ConditionExpression: 'nonsense(' },
      { Item: { PK: { S: 'good' } } },
    ];
    await bulk.upload(`${table}/1.json`, lines);
    expect(await bulk.endOf(await bulk.start(table))).toMatchObject({
      BulkOperationStatus: 'COMPLETED_WITH_ERRORS',
      ProcessedItemCount: 8,
      FailedItemCount: 7,
    });
    expect(await bulk.scan(table)).toEqual([{ PK: { S: 'good' } }]);
    const { lines: reported, manifest } = await bulk.reportsOf(table);
    expect(manifest.outputFiles).toMatchObject([{ outputType: 'ERROR', itemCount: 7 }]);
    expect(new Set(reported.map(({ lineNumber }) => lineNumber))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
    expect(reported).toContainEqual(
      expect.objectContaining({ lineNumber: 4, errorCode: 'ValidationException', item: tooLarge }),
    );
  });

  it('stops an object at a line that is not JSON, and at bytes that it cannot unpack', async () => {
    const table = await bulk.createTable();
    await bulk.upload(
      `${table}/1.json`,
      `${jsonLines([{ Item: { PK: { S: 'a' } } }])}{"Item":\n${jsonLines([{ Item: { PK: { S: 'b' } } }])}`,
    );
    await bulk.upload(`${table}/2.json`, Buffer.from([0xff, 0xfe]));
    await bulk.upload(`${table}/3.json`, [{ Item: { PK: { S: 'c' } } }]);
    expect(await bulk.endOf(await bulk.start(table))).toMatchObject({
      BulkOperationStatus: 'COMPLETED_WITH_ERRORS',
      ProcessedItemCount: 4,
      FailedItemCount: 2,
    });
    expect(new Set((await bulk.scan(table)).map((item) => stringAttribute(item, 'PK')))).toEqual(
      new Set(['a', 'c']),
    );
    expect((await bulk.reportsOf(table)).lines).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ s3Key: `${table}/1.json`, lineNumber: 2 }),
        expect.not.objectContaining({ lineNumber: expect.anything() }),
      ]),
    );
  });

  it('writes reports only of the types that were asked for', async () => {
    const table = await bulk.createTable();
    await bulk.upload(`${table}/1.json`, [{ Item: {} }]);
    const OutputS3Configuration = {
      ...startInput(table).OutputS3Configuration,
      OutputType: ['CONDITION_CHECK_FAILURE' as const],
    };
    expect(await bulk.endOf(await bulk.start(table, { OutputS3Configuration }))).toMatchObject({
      FailedItemCount: 1,
    });
    expect((await bulk.reportsOf(table)).manifest.outputFiles).toEqual([]);
  });

  it('writes at most as many units a second as it was told', async () => {
    const table = await bulk.createTable();
    await bulk.upload(`${table}/1.json`, largeLines(4));
    const { StartTime, EndTime } = await bulk.endOf(await bulk.start(table, { MaxWriteRequestUnits: 1_024 }));
    // The fourth item waits for the 1,050 units of the others.
    expect(Number(EndTime) - Number(StartTime)).toBeGreaterThanOrEqual(1_000);
    expect(await bulk.scan(table)).toHaveLength(4);
  });
});

describe('StartBulkPutItems', () => {
  it('refuses a table that is not there', async () => {
    await expect(bulk.start('nowhere')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('gives a repeated token the operation that it started, and refuses it with other parameters', async () => {
    const table = await bulk.createTable();
    await bulk.upload(`${table}/1.json`, largeLines(1));
    const ClientToken = `run:${table}:1`;
    const operation = 'StartBulkPutItems';
    const lost = aws.faults.add({ operation, kind: 'answerLost', nth: 1 });
    await expect(bulk.start(table, { ClientToken })).rejects.toThrow(/socket hang up|ECONNRESET/);
    const twice = aws.faults.add({ operation, kind: 'twice', second: 'atOnce', nth: 1 });
    const arn = await bulk.start(table, { ClientToken });
    await twice.settled();
    expect([lost.struck, twice.struck]).toEqual([1, 1]);
    await bulk.endOf(arn);
    expect(await bulk.start(table, { ClientToken })).toBe(arn);
    await expect(bulk.start(table, { ClientToken, MaxWriteRequestUnits: 2_000 })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
    const { BulkOperationsSummaryList = [] } = await bulk.dynamodb.send(new ListBulkOperationsCommand({}));
    const ofTable = BulkOperationsSummaryList.filter(({ BulkOperationArn = '' }) =>
      BulkOperationArn.includes(`/${table}/`),
    );
    expect(ofTable).toHaveLength(1);
  });

  it('is asked about like a write: who may not put items may not start one', async () => {
    const table = await bulk.createTable();
    await deny(table, 'dynamodb:PutItem');
    await expect(bulk.start(table)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

const deny = (table: string, Action: string) =>
  bulk.dynamodb.send(
    new PutResourcePolicyCommand({
      ResourceArn: `arn:aws:dynamodb:ap-southeast-2:123456789012:table/${table}`,
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Deny',
            Principal: '*',
            Action,
            Resource: `arn:aws:dynamodb:ap-southeast-2:123456789012:table/${table}`,
          },
        ],
      }),
    }),
  );

describe('a bulk put that is under way', () => {
  const slow = { MaxWriteRequestUnits: 1_024 };

  /** One that takes seven seconds, and has written an item. */
  async function underWay(): Promise<{ readonly table: string; readonly arn: string }> {
    const table = await bulk.createTable();
    await bulk.upload(`${table}/1.json`, largeLines(20));
    const arn = await bulk.start(table, slow);
    await eventually(async () => ((await bulk.read(arn)).ProcessedItemCount ?? 0) > 0 || undefined);
    return { table, arn };
  }

  it('is the only one of its table, and is cancelled after what is in flight has landed', async () => {
    const { table, arn } = await underWay();
    await expect(bulk.start(table)).rejects.toMatchObject({ name: 'LimitExceededException' });
    expect(await bulk.cancel(arn)).toMatchObject({
      BulkOperationArn: arn,
      BulkOperationStatus: 'CANCELLING',
    });
    const ended = await bulk.endOf(arn);
    expect(ended).toMatchObject({ BulkOperationStatus: 'CANCELLED', FailureCode: 'UserCancelled' });
    expect(ended.ProcessedItemCount).toBeLessThan(20);
    expect(await bulk.scan(table)).toHaveLength(ended.ProcessedItemCount ?? 0);
    await expect(bulk.cancel(arn)).rejects.toThrow('its status is CANCELLED');
  });

  it('fails when its table is deleted, and writes nothing to the next table of that name', async () => {
    const { table, arn } = await underWay();
    await bulk.dynamodb.send(new DeleteTableCommand({ TableName: table }));
    await bulk.createTable(table);
    expect(await bulk.endOf(arn)).toMatchObject({
      BulkOperationStatus: 'FAILED',
      FailureCode: 'ResourceNotFoundException',
    });
    expect(await bulk.scan(table)).toEqual([]);
  });

  it('fails when a policy of its table denies whoever started it', async () => {
    const { table, arn } = await underWay();
    await deny(table, 'dynamodb:PutItem');
    const ended = await bulk.endOf(arn);
    expect(ended).toMatchObject({
      BulkOperationStatus: 'FAILED',
      FailureCode: 'AccessDeniedException',
      FailureMessage: expect.stringContaining('user/test is not authorized to perform: dynamodb:PutItem'),
    });
  });

  it('fails when an input object is written again before it is read', async () => {
    const table = await bulk.createTable();
    // Four objects are read at once; the fifth waits until one of them is done.
    for (const name of ['1', '2', '3', '4']) await bulk.upload(`${table}/${name}.json`, largeLines(12));
    await bulk.upload(`${table}/5.json`, largeLines(1));
    const arn = await bulk.start(table, slow);
    await eventually(async () => (await bulk.read(arn)).TotalInputBytes);
    await bulk.upload(`${table}/5.json`, numbered(0, 1));
    expect(await bulk.endOf(arn)).toMatchObject({
      BulkOperationStatus: 'FAILED',
      FailureCode: 'S3PreconditionFailed',
    });
  });
});

describe('a bulk put whose buckets are wrong', () => {
  it('fails without an input bucket, without an object under the prefix, and without an output bucket', async () => {
    const table = await bulk.createTable();
    const output = startInput(table).OutputS3Configuration;
    for (const [change, FailureCode] of [
      [{ InputS3Configuration: { S3Bucket: 'no-bucket', InputFormat: 'DYNAMODB_JSON' } }, 'S3NoSuchBucket'],
      [{}, 'S3NoSuchKey'],
      [{ OutputS3Configuration: { ...output, S3Bucket: 'no-bucket' } }, 'S3NoSuchBucket'],
      [{ OutputS3Configuration: { ...output, S3BucketOwner: '210987654321' } }, 'S3AccessDenied'],
    ] as const)
      expect(await bulk.endOf(await bulk.start(table, change))).toMatchObject({
        BulkOperationStatus: 'FAILED',
        FailureCode,
        ProcessedItemCount: 0,
      });
  });
});

describe('bulk operations', () => {
  it('are listed page by page, the most recent first', async () => {
    const list = (input: { readonly MaxResults?: number; readonly NextToken?: string | undefined } = {}) =>
      bulk.dynamodb.send(new ListBulkOperationsCommand(input));
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await list({ MaxResults: 3, ...(NextToken !== undefined && { NextToken }) });
      const { BulkOperationsSummaryList = [] } = page;
      expect(BulkOperationsSummaryList.length).toBeLessThanOrEqual(3);
      seen.push(...BulkOperationsSummaryList.map(({ BulkOperationArn }) => BulkOperationArn));
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    expect(new Set(seen).size).toBe(seen.length);
    const { BulkOperationsSummaryList: newest = [] } = await list();
    expect(newest).toHaveLength(Math.min(10, seen.length));
    expect(newest.map(({ BulkOperationArn }) => BulkOperationArn)).toEqual(seen.slice(0, 10));
    await expect(list({ MaxResults: 26 })).rejects.toThrow("at 'maxResults'");
    await expect(list({ NextToken: 'next' })).rejects.toThrow("at 'nextToken'");
  });

  it('are not found by another ARN', async () => {
    const arn = 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/none/bulk-operation/1';
    await expect(bulk.read(arn)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(bulk.cancel(arn)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(bulk.read('short')).rejects.toThrow('Member must have length greater than or equal to 37');
  });

  it('meet the faults that are injected into their requests', async () => {
    aws.faults.add({ operation: 'ListBulkOperations', kind: 'throttle', nth: 1 });
    await expect(bulk.dynamodb.send(new ListBulkOperationsCommand({}))).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
    });
    const table = await bulk.createTable();
    await bulk.upload(`${table}/1.json`, numbered(0, 1));
    const arn = await bulk.start(table);
    aws.faults.add({ operation: 'DescribeBulkOperation', key: arn, table, kind: 'reset', nth: 1 });
    await expect(bulk.read(arn)).rejects.toThrow(/socket hang up|ECONNRESET/);
    await bulk.endOf(arn);
  });
});
