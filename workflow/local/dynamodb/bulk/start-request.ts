import { BULK_PUT, readingOf, type BulkPutTier } from '../../../../functions/shared/cost/bulk-put.ts';
import {
  assertMembers,
  atLeast,
  eachOneOf,
  type Json,
  lengthBetween,
  matching,
  type Member,
  oneOf,
  readNumber,
  readStructure,
  readText,
  readTexts,
  validation,
} from './constraints.ts';

/** A StartBulkPutItems that was accepted, by the API's own names. Defaults are filled in. */
export interface StartRequest {
  /** Name or ARN, as it was sent. */
  readonly TableName: string;
  readonly ClientToken?: string;
  readonly InputS3Configuration: InputS3;
  readonly OutputS3Configuration: OutputS3;
  readonly MaxWriteRequestUnits?: number;
  readonly PerformanceTier: BulkPutTier;
}

export interface InputS3 {
  readonly S3BucketOwner?: string;
  readonly S3Bucket: string;
  readonly S3KeyPrefix?: string;
  readonly InputFormat: 'DYNAMODB_JSON';
  readonly InputCompressionType: Compression;
}

export type Compression = 'GZIP' | 'ZSTD' | 'NONE';

export interface OutputS3 {
  readonly S3BucketOwner?: string;
  readonly S3Bucket: string;
  readonly S3KeyPrefix?: string;
  readonly S3SseAlgorithm?: 'AES256' | 'KMS';
  readonly S3SseKmsKeyId?: string;
  readonly OutputType: readonly OutputType[];
}

export type OutputType = 'ERROR' | 'CONDITION_CHECK_FAILURE';

const LEAST_UNITS = readingOf(BULK_PUT.limits.minWriteRequestUnits) ?? 1;

const OWNER = [matching(/^[0-9]{12}$/)];
const BUCKET = [...lengthBetween(1, 255), matching(/^[a-z0-9A-Z]+[.\-\w]*[a-z0-9A-Z]+$/)];
const PREFIX = lengthBetween(0, 1024);

/**
 * @throws AwsError (ValidationException) naming every parameter that DynamoDB would refuse, and what the embedded AWS
 *   does not offer
 */
export function readStartRequest(json: Json): StartRequest {
  const input = readStructure(json, 'InputS3Configuration');
  const output = readStructure(json, 'OutputS3Configuration');
  const request = {
    TableName: readText(json, 'TableName'),
    ClientToken: readText(json, 'ClientToken'),
    MaxWriteRequestUnits: readNumber(json, 'MaxWriteRequestUnits'),
    PerformanceTier: readText(json, 'PerformanceTier') ?? 'STANDARD',
    InputS3Configuration: input && readInput(input),
    OutputS3Configuration: output && readOutput(output),
  };
  assertMembers([
    { name: 'tableName', value: request.TableName, constraints: lengthBetween(1, 1024), isRequired: true },
    { name: 'clientToken', value: request.ClientToken, constraints: [matching(/^[^$]+$/)] },
    {
      name: 'maxWriteRequestUnits',
      value: request.MaxWriteRequestUnits,
      constraints: [atLeast(LEAST_UNITS)],
    },
    {
      name: 'performanceTier',
      value: request.PerformanceTier,
      constraints: [oneOf(['STANDARD', 'ACCELERATED'])],
    },
    { name: 'inputS3Configuration', value: input, isRequired: true },
    { name: 'outputS3Configuration', value: output, isRequired: true },
    ...inputMembers(request.InputS3Configuration),
    ...outputMembers(request.OutputS3Configuration),
  ]);
  assertOffered(request.InputS3Configuration);
  assertOneKey(request.OutputS3Configuration);
  return withoutAbsent(request) as unknown as StartRequest;
}

function readInput(json: Json) {
  return withoutAbsent({
    S3BucketOwner: readText(json, 'S3BucketOwner'),
    S3Bucket: readText(json, 'S3Bucket'),
    S3KeyPrefix: readText(json, 'S3KeyPrefix'),
    InputFormat: readText(json, 'InputFormat'),
    InputCompressionType: readText(json, 'InputCompressionType') ?? 'NONE',
  });
}

function readOutput(json: Json) {
  return withoutAbsent({
    S3BucketOwner: readText(json, 'S3BucketOwner'),
    S3Bucket: readText(json, 'S3Bucket'),
    S3KeyPrefix: readText(json, 'S3KeyPrefix'),
    S3SseAlgorithm: readText(json, 'S3SseAlgorithm'),
    S3SseKmsKeyId: readText(json, 'S3SseKmsKeyId'),
    OutputType: readTexts(json, 'OutputType'),
  });
}

function inputMembers(input: ReturnType<typeof readInput> | undefined): readonly Member[] {
  if (input === undefined) return [];
  const at = 'inputS3Configuration';
  return [
    ...bucketMembers(at, input),
    {
      name: `${at}.inputFormat`,
      value: input.InputFormat,
      constraints: [oneOf(['DYNAMODB_JSON', 'ION'])],
      isRequired: true,
    },
    {
      name: `${at}.inputCompressionType`,
      value: input.InputCompressionType,
      constraints: [oneOf(['GZIP', 'ZSTD', 'NONE'])],
    },
  ];
}

function outputMembers(output: ReturnType<typeof readOutput> | undefined): readonly Member[] {
  if (output === undefined) return [];
  const at = 'outputS3Configuration';
  return [
    ...bucketMembers(at, output),
    {
      name: `${at}.s3SseAlgorithm`,
      value: output.S3SseAlgorithm,
      constraints: [oneOf(['AES256', 'KMS'])],
    },
    { name: `${at}.s3SseKmsKeyId`, value: output.S3SseKmsKeyId, constraints: lengthBetween(1, 2048) },
    {
      name: `${at}.outputType`,
      value: output.OutputType,
      constraints: [...lengthBetween(1, 2), eachOneOf(['ERROR', 'CONDITION_CHECK_FAILURE'])],
      isRequired: true,
    },
  ];
}

function bucketMembers(
  at: string,
  bucket: { readonly S3BucketOwner?: string; readonly S3Bucket?: string; readonly S3KeyPrefix?: string },
): readonly Member[] {
  return [
    { name: `${at}.s3BucketOwner`, value: bucket.S3BucketOwner, constraints: OWNER },
    { name: `${at}.s3Bucket`, value: bucket.S3Bucket, constraints: BUCKET, isRequired: true },
    { name: `${at}.s3KeyPrefix`, value: bucket.S3KeyPrefix, constraints: PREFIX },
  ];
}

function assertOffered(input: ReturnType<typeof readInput> | undefined): void {
  if (input?.InputFormat === 'ION')
    throw validation('The embedded AWS does not offer ION as input of bulk put; it reads DYNAMODB_JSON.');
}

function assertOneKey(output: ReturnType<typeof readOutput> | undefined): void {
  if (output?.S3SseKmsKeyId === undefined || output.S3SseAlgorithm === 'KMS') return;
  throw validation(
    'One or more parameter values were invalid: S3SseKmsKeyId can only be specified when S3SseAlgorithm is KMS',
  );
}

/** Without the members that are undefined, so that two equal requests have one text. */
function withoutAbsent<T extends object>(value: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}
