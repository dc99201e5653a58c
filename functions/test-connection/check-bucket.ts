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
    const message = status === 404 ? missing(runtime) : refused(bucket);
    return stop(what, new BackupBucketError(message));
  }
}

/** CloudFormation does not create a resource again that somebody has deleted, as long as its template stays the same. */
const missing = ({ bucket, config }: Pick<Runtime, 'bucket' | 'config'>): string =>
  `Bucket ${bucket} does not exist. Nothing was created. A deployment does not bring back a deleted bucket. Create it under that name in region ${config.region}, with the settings and the policy in workflow/resources/storage.yml, or deploy a new stage.`;

const refused = (bucket: string): string =>
  `Bucket ${bucket} cannot be read with the role of testConnection. Nothing was created. A policy denies it: the bucket's own (compare it with workflow/resources/storage.yml), the role's, or one of the organization. Or another account owns the bucket: then no role of this service may use it.`;
