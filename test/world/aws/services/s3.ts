import { hash } from 'node:crypto';
import type {
  GetObjectCommandInput,
  HeadBucketCommandInput,
  ListObjectsV2CommandInput,
  PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { compareText } from '../dynamodb/values.ts';
import { awsError, UnknownToWorldError } from '../errors.ts';
import type { Aws, Bucket } from '../state.ts';
import { operation, whole, type Work } from '../work.ts';

const PAGE_KEYS = 1_000;
/** A page of a list may end after 1 to this many keys. */
const SHORT_PAGES = 3;

function refusal(name: string, message: string): Error {
  return awsError({ service: 's3', name, message });
}

function bucketOf({ state }: Aws, name = ''): Bucket {
  const bucket = state.buckets.get(name);
  if (bucket === undefined) throw refusal('NoSuchBucket', `The specified bucket does not exist: ${name}`);
  return bucket;
}

function bodyOf({ Body }: PutObjectCommandInput): Buffer {
  if (typeof Body === 'string') return Buffer.from(Body);
  if (Body instanceof Uint8Array) return Buffer.from(Body);
  throw new UnknownToWorldError('The in-memory S3 takes texts and buffers only.');
}

function assertCondition(
  { objects }: Bucket,
  { Key = '', IfNoneMatch, IfMatch }: PutObjectCommandInput,
): void {
  const existing = objects.get(Key);
  if (IfNoneMatch !== undefined && IfNoneMatch !== '*')
    throw new UnknownToWorldError(`The in-memory S3 does not know IfNoneMatch ${IfNoneMatch}.`);
  const isMet =
    (IfNoneMatch === undefined || existing === undefined) &&
    (IfMatch === undefined || existing?.etag === IfMatch);
  if (IfMatch !== undefined && existing === undefined)
    throw refusal('NoSuchKey', 'The specified key does not exist.');
  if (!isMet)
    throw refusal('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}

/** Another upload to the key may make S3 refuse a conditional one. */
function assertAlone(
  aws: Aws,
  { uploads }: Bucket,
  { Key = '', IfNoneMatch, IfMatch }: PutObjectCommandInput,
): void {
  const isConditional = IfNoneMatch !== undefined || IfMatch !== undefined;
  if (!isConditional || (uploads.get(Key) ?? 0) < 2) return;
  if (aws.choose(2, `another upload to ${Key} is under way`) === 0) return;
  throw refusal(
    'ConditionalRequestConflict',
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
  );
}

function store(aws: Aws, bucket: Bucket, input: PutObjectCommandInput): unknown {
  const { Key = '', ChecksumSHA256: sha256, ContentType: contentType, ContentLength } = input;
  const body = bodyOf(input);
  if (ContentLength !== undefined && ContentLength !== body.length)
    throw refusal(
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length HTTP header',
    );
  if (sha256 !== undefined && sha256 !== hash('sha256', body, 'base64'))
    throw refusal('BadDigest', 'The SHA256 you specified did not match the calculated checksum.');
  assertAlone(aws, bucket, input);
  assertCondition(bucket, input);
  const etag = `"${hash('md5', body, 'hex')}"`;
  bucket.objects.set(Key, { body, etag, sha256, contentType, modifiedAt: aws.now() });
  return { ETag: etag, ...(sha256 !== undefined && { ChecksumSHA256: sha256 }) };
}

/** An upload is under way from the request on, until it is applied. */
function putObject(aws: Aws, input: PutObjectCommandInput): Work {
  const { Bucket: name = '', Key = '' } = input;
  const uploads = aws.state.buckets.get(name)?.uploads;
  uploads?.set(Key, (uploads.get(Key) ?? 0) + 1);
  return whole(`${name}/${Key}`, () => {
    try {
      return store(aws, bucketOf(aws, name), input);
    } finally {
      uploads?.set(Key, (uploads.get(Key) ?? 1) - 1);
    }
  });
}

/** `bytes=<first>-<last>`, as far as there are bytes. */
function partOf(body: Buffer, range: string | undefined): Buffer {
  if (range === undefined) return body;
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  if (first === undefined)
    throw new UnknownToWorldError(`The in-memory S3 does not know the range ${range}.`);
  if (Number(first) >= body.length) throw refusal('InvalidRange', 'The requested range is not satisfiable');
  return body.subarray(Number(first), Number(last) + 1);
}

function getObject(aws: Aws, { Bucket, Key = '', Range }: GetObjectCommandInput): unknown {
  const found = bucketOf(aws, Bucket).objects.get(Key);
  if (found === undefined) throw refusal('NoSuchKey', 'The specified key does not exist.');
  const { etag, sha256, contentType, modifiedAt } = found;
  const body = partOf(found.body, Range);
  return {
    Body: { transformToByteArray: () => Promise.resolve(new Uint8Array(body)) },
    ContentLength: body.length,
    ETag: etag,
    LastModified: new Date(modifiedAt),
    // The checksum is of the whole object, so a part comes without it.
    ...(sha256 !== undefined && Range === undefined && { ChecksumSHA256: sha256 }),
    ...(contentType !== undefined && { ContentType: contentType }),
  };
}

/** Keys, or common prefixes that end with the delimiter, in order. */
function listed(
  { objects }: Bucket,
  { Prefix = '', Delimiter }: ListObjectsV2CommandInput,
): readonly string[] {
  const keys = [...objects.keys()].filter((key) => key.startsWith(Prefix));
  if (Delimiter === undefined) return keys.toSorted(compareText);
  const folded = keys.map((key) => {
    const end = key.indexOf(Delimiter, Prefix.length);
    return end === -1 ? key : key.slice(0, end + Delimiter.length);
  });
  return [...new Set(folded)].toSorted(compareText);
}

function listObjects(aws: Aws, input: ListObjectsV2CommandInput): unknown {
  const bucket = bucketOf(aws, input.Bucket);
  const { ContinuationToken: token, MaxKeys = PAGE_KEYS } = input;
  const left = listed(bucket, input).filter((key) => token === undefined || compareText(key, token) > 0);
  const short = aws.choose(SHORT_PAGES + 1, 'keys after which a list ends');
  const page = left.slice(0, short === 0 ? MaxKeys : Math.min(short, MaxKeys));
  const isTruncated = page.length < left.length;
  const objects = page.flatMap((key) => {
    const found = bucket.objects.get(key);
    return found === undefined
      ? []
      : [{ Key: key, Size: found.body.length, ETag: found.etag, LastModified: new Date(found.modifiedAt) }];
  });
  const prefixes = page.filter((key) => input.Delimiter !== undefined && key.endsWith(input.Delimiter));
  return {
    ...(objects.length > 0 && { Contents: objects.filter(({ Key }) => !prefixes.includes(Key)) }),
    ...(prefixes.length > 0 && { CommonPrefixes: prefixes.map((Prefix) => ({ Prefix })) }),
    KeyCount: page.length,
    IsTruncated: isTruncated,
    ...(isTruncated && { NextContinuationToken: page.at(-1) }),
  };
}

/** Objects, as the stages put, get and list them. */
export const S3_OPERATIONS = {
  PutObject: operation(
    'Bucket Key Body ContentLength ContentType ChecksumSHA256 IfNoneMatch IfMatch',
    (aws, _caller, input: PutObjectCommandInput) => putObject(aws, input),
  ),
  GetObject: operation('Bucket Key ChecksumMode Range', (aws, _caller, input: GetObjectCommandInput) =>
    whole(`${input.Bucket}/${input.Key}`, () => getObject(aws, input)),
  ),
  ListObjectsV2: operation(
    'Bucket Prefix Delimiter ContinuationToken MaxKeys',
    (aws, _caller, input: ListObjectsV2CommandInput) =>
      whole(`${input.Bucket}/${input.Prefix ?? ''}`, () => listObjects(aws, input)),
  ),
  HeadBucket: operation('Bucket', (aws, _caller, { Bucket = '' }: HeadBucketCommandInput) =>
    whole(Bucket, () => {
      if (!aws.state.buckets.has(Bucket)) throw refusal('NotFound', 'UnknownError');
      return {};
    }),
  ),
};
