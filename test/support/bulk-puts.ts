import {
  CancelBulkOperationCommand,
  type CancelBulkOperationCommandOutput,
  CreateTableCommand,
  DescribeBulkOperationCommand,
  StartBulkPutItemsCommand,
  type BulkOperationDescription,
  type DynamoDBClient,
  type StartBulkPutItemsCommandInput,
} from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { BulkPutManifest, BulkPutReportLine } from '../../functions/shared/cost/bulk-put.ts';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import type { EmbeddedAws } from '../../workflow/local/embedded-aws.ts';
import { eventually, testClients } from './embedded.ts';
import { rawDynamoDb } from './raw-dynamodb.ts';

/** What a start may say besides the table. */
export type StartChange = Partial<Omit<StartBulkPutItemsCommandInput, 'TableName'>>;

const BUCKET = 'bulk-input';
const REPORTS = 'bulk-reports';
const OUTPUT_TYPES = ['ERROR', 'CONDITION_CHECK_FAILURE'] as const;

/** The condition that a line of this product carries. */
export const ABSENT = {
  ConditionExpression: 'attribute_not_exists(#k)',
  ExpressionAttributeNames: { '#k': 'PK' },
};

/** Bulk puts of an embedded AWS: tables, input objects, and how operations go. */
export interface BulkPuts {
  readonly dynamodb: DynamoDBClient;
  /** A new table with the key PK, an index on `other` that holds keys only, and a stream. */
  createTable(name?: string): Promise<string>;
  /** Writes an object of the input: text, bytes, or lines to be written as JSON. */
  upload(key: string, content: string | Buffer | readonly object[]): Promise<void>;
  /** Starts the input under `<table>/`. @returns the operation's ARN */
  start(table: string, change?: StartChange): Promise<string>;
  read(arn: string): Promise<BulkOperationDescription>;
  endOf(arn: string): Promise<BulkOperationDescription>;
  cancel(arn: string): Promise<CancelBulkOperationCommandOutput>;
  scan(table: string): Promise<readonly WireItem[]>;
  /** The manifest of a table's only operation, and every line of its reports. */
  reportsOf(table: string): Promise<{
    readonly manifest: BulkPutManifest;
    readonly lines: readonly BulkPutReportLine[];
  }>;
  destroy(): void;
}

/** A start of the input under `<table>/`, with every report. */
export function startInput(TableName: string) {
  return {
    TableName,
    InputS3Configuration: {
      S3Bucket: BUCKET,
      S3KeyPrefix: `${TableName}/`,
      InputFormat: 'DYNAMODB_JSON' as const,
    },
    OutputS3Configuration: {
      S3Bucket: REPORTS,
      S3KeyPrefix: TableName,
      OutputType: [...OUTPUT_TYPES],
    },
  } satisfies StartBulkPutItemsCommandInput;
}

/** JSON Lines. */
export function jsonLines(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Lines of items of 350 write request units, so that the least rate writes three of them a second. */
export function largeLines(count: number): readonly object[] {
  const text = { S: 'x'.repeat(350 * 1024 - 100) };
  return Array.from({ length: count }, (_, index) => ({
    Item: { PK: { S: `large-${index}` }, text },
    ...ABSENT,
  }));
}

/** Makes the buckets, and clients that do not retry. */
export async function bulkPuts(aws: EmbeddedAws): Promise<BulkPuts> {
  const clients = testClients(aws);
  const { dynamodb, s3 } = clients;
  for (const Bucket of [BUCKET, REPORTS]) await s3.send(new CreateBucketCommand({ Bucket }));
  let tables = 0;
  const read = async (BulkOperationArn: string): Promise<BulkOperationDescription> => {
    const { BulkOperationDescription = {} } = await dynamodb.send(
      new DescribeBulkOperationCommand({ BulkOperationArn }),
    );
    return BulkOperationDescription;
  };
  return {
    dynamodb,
    destroy: () => clients.destroy(),
    read,
    async createTable(name) {
      tables += 1;
      const TableName = name ?? `bulk-${tables}`;
      await dynamodb.send(new CreateTableCommand({ ...TABLE, TableName }));
      return TableName;
    },
    async upload(Key, content) {
      const Body = typeof content === 'string' || Buffer.isBuffer(content) ? content : jsonLines(content);
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    },
    async start(table, change) {
      const answer = await dynamodb.send(new StartBulkPutItemsCommand({ ...startInput(table), ...change }));
      return answer.BulkOperationDescription?.BulkOperationArn ?? '';
    },
    endOf: (arn) =>
      eventually(async () => {
        const description = await read(arn);
        return description.EndTime === undefined ? undefined : description;
      }),
    cancel: (BulkOperationArn) => dynamodb.send(new CancelBulkOperationCommand({ BulkOperationArn })),
    scan: (table) => rawDynamoDb(aws).scan(table),
    reportsOf: (table) => readReports(s3, table),
  };
}

const TABLE = {
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'PK', AttributeType: 'S' },
    { AttributeName: 'other', AttributeType: 'S' },
  ],
  KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byOther',
      KeySchema: [{ AttributeName: 'other', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
} satisfies Omit<ConstructorParameters<typeof CreateTableCommand>[0], 'TableName'>;

async function readReports(s3: S3Client, table: string): ReturnType<BulkPuts['reportsOf']> {
  const textOf = async (Key: string): Promise<string> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: REPORTS, Key }));
    return (await Body?.transformToString()) ?? '';
  };
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: REPORTS, Prefix: `${table}/` }));
  const key = Contents.map(({ Key = '' }) => Key).find((one) => one.endsWith('/manifest.json')) ?? '';
  const manifest = JSON.parse(await textOf(key)) as BulkPutManifest;
  const texts = await Promise.all(manifest.outputFiles.map(({ s3Key }) => textOf(s3Key)));
  const lines = texts.flatMap((text) => text.trimEnd().split('\n'));
  return { manifest, lines: lines.map((line) => JSON.parse(line) as BulkPutReportLine) };
}
