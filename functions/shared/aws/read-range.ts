import { GetObjectCommand } from '@aws-sdk/client-s3';
import { isNamed } from '../errors.ts';
import { type Bucket, patiently, wholeBody } from './bucket.ts';

/** A part of an object. */
export interface ObjectRange {
  readonly key: string;
  /** First byte. */
  readonly from: number;
  /** Bytes, at most. */
  readonly length: number;
}

/**
 * A part of an object that may be too large to be held; empty behind its end. Retried as an object store's calls are.
 *
 * @throws the SDK's errors, NoSuchKey among them
 */
export function readRange(store: Bucket, { key, from, length }: ObjectRange): Promise<Buffer> {
  const command = new GetObjectCommand({
    Bucket: store.bucket,
    Key: key,
    Range: `bytes=${from}-${from + length - 1}`,
  });
  return patiently(store, {}, async () => {
    try {
      return await wholeBody(await store.client.send(command), key);
    } catch (error) {
      if (isNamed(error, 'InvalidRange')) return Buffer.alloc(0);
      throw error;
    }
  });
}
