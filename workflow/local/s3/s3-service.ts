import { AwsError } from '../gateway/aws-answers.ts';
import type { AwsRequest, AwsResponse, RawRequest, Service } from '../gateway/aws-request.ts';
import { changeOneByte } from '../gateway/change-one-byte.ts';
import type { EngineClient } from '../gateway/engine-client.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import { createKeyLocks } from './key-locks.ts';
import { verifyChecksums } from './verify-checksums.ts';

/** Operations that change one object: they wait for one another, so that a condition holds until the write. */
const OBJECT_WRITES = new Set(['PutObject', 'CopyObject', 'DeleteObject', 'CompleteMultipartUpload']);

/** Operations whose body is an object's bytes. */
const UPLOADS = new Set(['PutObject', 'UploadPart']);

/** Headers that describe the chunks and not the object. */
const CHUNK_HEADERS = ['x-amz-decoded-content-length', 'x-amz-trailer', 'x-amz-content-sha256'];

/**
 * S3: the engine's answers, with conditional writes and checksums enforced in front of it.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function createS3Service(engine: EngineClient): Service {
  const exclusively = createKeyLocks();
  const serve = async (request: AwsRequest) => {
    await checkConditions(engine, request);
    return engine.send(UPLOADS.has(request.operation) ? acceptUpload(request) : request);
  };
  return (request) => {
    if (!OBJECT_WRITES.has(request.operation)) return serve(request);
    return exclusively(`${request.bucket ?? ''}/${request.key ?? ''}`, () => serve(request));
  };
}

/** The upload as the engine shall store it: out of its chunks, its checksums found true. */
function acceptUpload(request: AwsRequest): RawRequest {
  const { body, headers } = unchunked(request);
  verifyChecksums(headers, body);
  return { ...request, headers, body: request.corruptStored === true ? changeOneByte(body) : body };
}

function unchunked(request: AwsRequest): Pick<RawRequest, 'headers' | 'body'> {
  const { headers, body } = request;
  const encodings = (headers['content-encoding'] ?? '').split(',').map((name) => name.trim());
  if (!encodings.includes('aws-chunked')) return { headers, body };
  const decoded = decodeAwsChunked(body);
  const rest = encodings.filter((name) => name !== 'aws-chunked' && name !== '').join(',');
  const kept: RawRequest['headers'] = { ...headers, ...decoded.trailers };
  for (const name of [...CHUNK_HEADERS, 'content-encoding']) delete kept[name];
  return { headers: rest === '' ? kept : { ...kept, 'content-encoding': rest }, body: decoded.body };
}

/** @throws AwsError (412, or 404 for If-Match on an object that is not there) */
async function checkConditions(engine: EngineClient, request: AwsRequest): Promise<void> {
  const { 'if-none-match': ifNoneMatch, 'if-match': ifMatch } = request.headers;
  if (!OBJECT_WRITES.has(request.operation) || (ifNoneMatch ?? ifMatch) === undefined) return;
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new AwsError(
      501,
      'NotImplemented',
      'A header you provided implies functionality that is not implemented',
    );
  }
  const current = await currentETag(engine, request);
  if (ifMatch !== undefined && current === undefined) {
    throw new AwsError(404, 'NoSuchKey', 'The specified key does not exist.');
  }
  const holds = ifMatch === undefined ? current === undefined : unquoted(ifMatch) === unquoted(current ?? '');
  if (!holds) {
    throw new AwsError(
      412,
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold',
    );
  }
}

async function currentETag(engine: EngineClient, request: AwsRequest): Promise<string | undefined> {
  const url = request.url.replace(/\?.*$/, '');
  // An engine that checks no signature may still want to see one.
  const headers = { authorization: request.headers['authorization'] };
  const head: AwsResponse = await engine.send({ method: 'HEAD', url, headers, body: Buffer.alloc(0) });
  if (head.status === 404) return undefined;
  if (head.status !== 200)
    throw new AwsError(503, 'ServiceUnavailable', `The S3 engine answered HEAD with ${head.status}.`);
  return String(head.headers['etag'] ?? '');
}

function unquoted(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}
