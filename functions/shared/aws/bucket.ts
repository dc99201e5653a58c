import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { TransientError } from '../errors.ts';
import { type Clock, isTransientOr, retry } from '../retry.ts';

/** How long one call retries throttling. Other faults end it after 20 s. Longer outages are left to the state's Retry. */
const PATIENCE_MILLIS = 60_000;

/** One bucket, and what its requests need. */
export interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  readonly clock: Clock;
}

export interface GetOptions {
  /** Epoch milliseconds after which nothing is retried. Absent, or later: a minute from now. */
  readonly deadline?: number;
}

/** Retries what may pass, until the deadline. */
export function patiently<T>({ clock }: Bucket, options: GetOptions, attempt: () => Promise<T>): Promise<T> {
  const deadline = Math.min(options.deadline ?? Number.POSITIVE_INFINITY, clock.now() + PATIENCE_MILLIS);
  return retry({ clock, deadline, isRetryable }, attempt);
}

/** A body that did not arrive as it was sent. */
const CHANGED_ON_THE_WAY = ['BadDigest', 'IncompleteBody', 'XAmzContentSHA256Mismatch'];

const isRetryable = (error: unknown): boolean =>
  error instanceof TransientError || isTransientOr(error, ...CHANGED_ON_THE_WAY);

/** The body ended before the length that its headers announced. Transient: the object is read again. */
class IncompleteBodyError extends Error {
  override readonly name = 'IncompleteBodyError';
}

/** @throws IncompleteBodyError; retried */
export async function wholeBody(
  { Body, ContentLength }: GetObjectCommandOutput,
  key: string,
): Promise<Buffer> {
  const body = Buffer.from((await Body?.transformToByteArray()) ?? []);
  if (ContentLength !== undefined && ContentLength !== body.length)
    throw new IncompleteBodyError(
      `Object ${key} sent ${ContentLength} bytes, of which ${body.length} arrived. It is read again.`,
    );
  return body;
}

/** S3 puts an ETag into quotes. */
export const unquoted = (etag: string | undefined): string => (etag ?? '').replaceAll('"', '');
