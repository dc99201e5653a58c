import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../gateway/aws-answers.ts';
import type { RawRequest } from '../gateway/aws-request.ts';

const COMPUTED: Readonly<Record<string, (body: Buffer) => string>> = {
  'x-amz-checksum-crc32': (body) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(body));
    return bytes.toString('base64');
  },
  'x-amz-checksum-sha1': (body) => createHash('sha1').update(body).digest('base64'),
  'x-amz-checksum-sha256': (body) => createHash('sha256').update(body).digest('base64'),
};

/**
 * Compares an upload with the checksums that came with it. CRC32C and CRC64NVME, which this project does not use, are
 * not checked.
 *
 * @throws AwsError (400 BadDigest) naming the algorithm
 */
export function verifyChecksums(headers: RawRequest['headers'], body: Buffer): void {
  for (const [name, compute] of Object.entries(COMPUTED)) {
    const sent = headers[name];
    if (sent !== undefined && sent !== compute(body)) {
      const algorithm = name.slice('x-amz-checksum-'.length).toUpperCase();
      throw new AwsError(
        400,
        'BadDigest',
        `The ${algorithm} you specified did not match the calculated checksum.`,
      );
    }
  }
  const md5 = headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64')) {
    throw new AwsError(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
}
