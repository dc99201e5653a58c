import type { S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { readRange } from '../../../functions/shared/aws/read-range.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const whole = Buffer.from('0123456789');

/** S3 that announces the whole part and sends so many bytes of it, one answer after the other. */
function clientThatSends(lengths: readonly number[]): S3Client {
  const left = [...lengths];
  const send = async () => {
    const body = whole.subarray(0, left.shift());
    return { ContentLength: whole.length, Body: { transformToByteArray: async () => body } };
  };
  return { send } as unknown as S3Client;
}

it('reads a part again that arrives cut', async () => {
  const clock = createVirtualClock();
  const store = { client: clientThatSends([0, 4, 10]), bucket: 'bucket', clock };
  const part = { key: 'report.csv', from: 0, length: 100 };
  expect(await clock.run(() => readRange(store, part))).toEqual(whole);
});
