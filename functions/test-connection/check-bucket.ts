import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { BackupBucketError, TransientError } from '../shared/errors.ts';
import type { Runtime } from '../shared/runtime.ts';
import { type Check, done, reach, stop } from './check.ts';

/** Whether the stack's backup bucket answers. */
export async function checkBucket(runtime: Runtime): Promise<Check> {
  const { bucket, clients, clock } = runtime;
  const what = `backup bucket ${bucket}`;
  try {
    await reach(clock, 'S3', () => clients.s3.send(new HeadBucketCommand({ Bucket: bucket })));
    return done(what, `Bucket ${bucket} answers.`);
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    // An answer to HEAD has no body, so S3 cannot say that the credentials expired during the call.
    if (status === 400)
      throw new TransientError(
        `S3 refused access to bucket ${bucket} without a reason, as it does when credentials expire during a call. The step is tried again.`,
      );
    if (status !== 404 && status !== 403) throw error;
    const why = status === 404 ? 'does not exist' : 'cannot be read with the role of testConnection';
    const owner =
      status === 403 ? ' If another account owns the bucket, no role of this service may use it.' : '';
    const message = `Bucket ${bucket} ${why}. Nothing was created. It is part of the stack: deploy the service again with sls deploy.${owner}`;
    return stop(what, new BackupBucketError(message));
  }
}
