import type { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { SYSTEM_CLOCK } from '../../../functions/shared/retry.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { checkBucket } from '../../../functions/test-connection/check-bucket.ts';

/** The check, where S3 answers with this status. */
function checkAnswered(httpStatusCode: number) {
  const error = Object.assign(new Error('UnknownError'), { $metadata: { httpStatusCode } });
  const s3 = {
    send: () => (httpStatusCode === 200 ? Promise.resolve({}) : Promise.reject(error)),
  } as unknown as S3Client;
  const config = { region: 'eu-west-1' };
  return checkBucket({ bucket: 'shop-backups', clients: { s3 }, clock: SYSTEM_CLOCK, config } as Runtime);
}

describe('the check of the bucket', () => {
  it('is passed by a bucket that answers', async () => {
    expect(await checkAnswered(200)).toMatchObject({ outcome: 'done' });
  });

  it('does not advise a deployment where the bucket was deleted, because none brings it back', async () => {
    const { outcome, error } = await checkAnswered(404);
    expect(outcome).toBe('stop');
    expect(error).toMatchObject({
      name: 'BackupBucketError',
      message: expect.stringContaining('Create it under that name in region eu-west-1'),
    });
    expect(error?.message).not.toContain('sls deploy');
  });

  it('names the policies and the owner where the bucket may not be read', async () => {
    const { outcome, error } = await checkAnswered(403);
    expect(outcome).toBe('stop');
    expect(error?.message).toMatch(/A policy denies it.*Or another account owns the bucket/);
    expect(error?.message).not.toContain('sls deploy');
  });

  it('is tried again where S3 gives no reason, as for credentials that expire during the call', async () => {
    await expect(checkAnswered(400)).rejects.toMatchObject({ name: 'TransientError' });
  });
});
