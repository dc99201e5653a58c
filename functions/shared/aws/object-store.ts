import { hash } from 'node:crypto';
import {
  GetObjectCommand,
  PutObjectCommand,
  type PutObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { HttpRequest } from '@smithy/types';
import { TransientError, isNamed } from '../errors.ts';
import type { Clock } from '../retry.ts';
import { type Bucket, type GetOptions, patiently, unquoted, wholeBody } from './bucket.ts';
import { type ListedObject, listFolders, listObjects } from './list-objects.ts';

export interface PutOptions extends GetOptions {
  readonly contentType?: string;
  /** Awaited before each attempt, so that a closed run writes nothing more. Its error ends the call. */
  readonly beforeAttempt?: () => Promise<void>;
}

export interface ReplaceOptions extends PutOptions {
  readonly etag: string | undefined;
}

/** What {@link ObjectStore.putOnce} found. `etag` and `sha256` (base64) are the existing object's. */
export interface PutOnceOutcome {
  /** `stored` by this call. `same`: these bytes existed already. `other`: other bytes exist and stay. */
  readonly outcome: 'stored' | 'same' | 'other';
  readonly etag: string;
  readonly sha256: string;
}

export interface StoredObject {
  readonly body: Buffer;
  /** Without quotes. */
  readonly etag: string;
  /** Base64, of the bytes as they were received. */
  readonly sha256: string;
}

/**
 * The bucket as the stages see it. Each call retries throttling for up to a minute from its start, and resets, 5xx and
 * truncated bodies for 20 s. Then the last error is thrown.
 */
export interface ObjectStore {
  /** Never overwrites. A lost answer is recognised by the SHA-256 of the existing object. Bodies of 11 MiB at most. */
  putOnce(key: string, body: Buffer | string, options?: PutOptions): Promise<PutOnceOutcome>;
  /** Overwrites. For content that is the same each time it is written. */
  put(key: string, body: Buffer | string, options?: PutOptions): Promise<void>;
  /**
   * Overwrites only what was read: `etag` as {@link get} returned it, `undefined` if there was nothing.
   *
   * @returns false if another object exists by now, even one from an attempt of this call whose answer was lost
   */
  replace(key: string, body: Buffer | string, put: ReplaceOptions): Promise<boolean>;
  /**
   * The whole object, its length checked; `undefined` if there is none. Bytes that differ from the SHA-256 that S3 has
   * stored are read again twice. The caller judges whether they are the right ones.
   */
  get(key: string, options?: GetOptions): Promise<StoredObject | undefined>;
  /** Every object under the prefix, by key. */
  list(prefix: string): Promise<readonly ListedObject[]>;
  /** Names of the folders right under the prefix (which ends with `/`), without slashes, sorted. */
  listFolders(prefix: string): Promise<readonly string[]>;
}

const NOTHING_THERE = { IfNoneMatch: '*' } as const;

/** Bytes that arrived wrong are fetched again this often before the object is returned as it is. */
const MAX_READS = 3;

/** Object store over one bucket. */
export function objectStore(client: S3Client, bucket: string, clock: Clock = Date): ObjectStore {
  const store = { client, bucket, clock };
  return {
    putOnce: (key, body, options = {}) => {
      const put = { key, body, sha256: sha256Of(body), options, condition: NOTHING_THERE };
      return patiently(store, options, () => putOnce(store, put));
    },
    put: async (key, body, options = {}) => {
      const put = { key, body, sha256: sha256Of(body), options };
      await patiently(store, options, () => sendPut(store, put));
    },
    replace: (key, body, { etag, ...options }) => {
      const condition = etag === undefined ? NOTHING_THERE : { IfMatch: `"${etag}"` };
      const put = { key, body, sha256: sha256Of(body), options, condition };
      return patiently(store, options, () => isReplaced(store, put));
    },
    get: (key, options = {}) => patiently(store, options, () => getAsStored(store, key)),
    list: (prefix) => listObjects(store, prefix),
    listFolders: (prefix) => listFolders(store, prefix),
  };
}

interface PutRequest {
  readonly key: string;
  readonly body: Buffer | string;
  readonly sha256: string;
  readonly options: PutOptions;
  /** Absent: overwrites whatever is there. */
  readonly condition?: { readonly IfNoneMatch: '*' } | { readonly IfMatch: string };
}

async function putOnce(store: Bucket, put: PutRequest): Promise<PutOnceOutcome> {
  try {
    const { ETag } = await sendPut(store, put);
    return { outcome: 'stored', etag: unquoted(ETag), sha256: put.sha256 };
  } catch (error) {
    if (!isPreconditionFailed(error)) throw error;
  }
  const existing = await getAsStored(store, put.key);
  if (existing === undefined)
    throw new TransientError(
      `Object ${put.key} existed when it was written and is gone. It is written again.`,
    );
  const outcome = existing.sha256 === put.sha256 ? 'same' : 'other';
  return { outcome, etag: existing.etag, sha256: existing.sha256 };
}

/** S3 refuses the body with BadDigest if it does not arrive with this SHA-256. It is sent again then. */
async function sendPut({ client, bucket }: Bucket, put: PutRequest): Promise<PutObjectCommandOutput> {
  await put.options.beforeAttempt?.();
  return client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: put.key,
      Body: put.body,
      // For an empty body the SDK finds no length and warns on standard error.
      ContentLength: Buffer.byteLength(put.body),
      ChecksumSHA256: put.sha256,
      ContentType: put.options.contentType,
      ...put.condition,
    }),
  );
}

function isPreconditionFailed(error: unknown): boolean {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return isNamed(error, 'PreconditionFailed') || $metadata?.httpStatusCode === 412;
}

type ReadObject = StoredObject & { readonly isAsStored: boolean };

async function getOnce({ client, bucket }: Bucket, key: string): Promise<ReadObject | undefined> {
  try {
    const answer = await client.send(withStoredChecksum(new GetObjectCommand({ Bucket: bucket, Key: key })));
    const body = await wholeBody(answer, key);
    const sha256 = sha256Of(body);
    const isAsStored = answer.ChecksumSHA256 === undefined || answer.ChecksumSHA256 === sha256;
    return { body, etag: unquoted(answer.ETag), sha256, isAsStored };
  } catch (error) {
    if (isNamed(error, 'NoSuchKey', 'NotFound')) return undefined;
    throw error;
  }
}

/** Asks S3 for the SHA-256 that the object was stored with. Compared here, because the SDK throws the bytes away with the difference. */
function withStoredChecksum(command: GetObjectCommand): GetObjectCommand {
  command.middlewareStack.add(
    (next) => (args) => {
      (args.request as HttpRequest).headers['x-amz-checksum-mode'] = 'ENABLED';
      return next(args);
    },
    { step: 'build', name: 'askForStoredChecksum' },
  );
  return command;
}

const sha256Of = (body: Buffer | string): string => hash('sha256', body, 'base64');

async function isReplaced(store: Bucket, put: PutRequest): Promise<boolean> {
  try {
    await sendPut(store, put);
    return true;
  } catch (error) {
    if (isChanged(error)) return false;
    throw error;
  }
}

/** The object has changed, has gone, or is being changed by another request. */
function isChanged(error: unknown): boolean {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return isPreconditionFailed(error) || [404, 409].includes($metadata?.httpStatusCode ?? 0);
}

async function getAsStored(store: Bucket, key: string, reads = 1): Promise<StoredObject | undefined> {
  const read = await getOnce(store, key);
  if (read === undefined) return undefined;
  const { isAsStored, ...object } = read;
  return isAsStored || reads >= MAX_READS ? object : getAsStored(store, key, reads + 1);
}
