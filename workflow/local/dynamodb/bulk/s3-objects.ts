import { ACCOUNT_ID, REGION } from '../../account.ts';
import { AwsError } from '../../gateway/aws-answers.ts';
import type { AwsResponse, Service } from '../../gateway/aws-request.ts';
import { understandRequest } from '../../gateway/understand-request.ts';

/** An object as a list shows it. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
}

/** What bulk put does with S3. Every refusal is an AwsError whose code is S3's own, after `S3`: `S3NoSuchBucket`. */
export interface S3Objects {
  assertBucket(bucket: string): Promise<void>;
  list(bucket: string, prefix: string): Promise<readonly ListedObject[]>;
  /** @throws AwsError (S3NoSuchKey, or S3PreconditionFailed where it has been written since it was listed) */
  read(bucket: string, object: ListedObject): Promise<Buffer>;
  write(bucket: string, key: string, body: Buffer, headers: Readonly<Record<string, string>>): Promise<void>;
}

const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=${ACCOUNT_ID}/20260101/${REGION}/s3/aws4_request, SignedHeaders=host, Signature=0`;

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** S3 through the endpoint's own service, past log and faults. */
export function createS3Objects(s3: Service): S3Objects {
  const send = async ({ method, url, headers = {}, body = Buffer.alloc(0) }: Sent): Promise<AwsResponse> => {
    const raw = { method, url, headers: { ...headers, authorization: AUTHORIZATION }, body };
    const response = await s3(understandRequest(raw));
    if (response.status >= 400) throw refusal(url, response);
    return response;
  };
  return {
    assertBucket: async (bucket) => void (await send({ method: 'HEAD', url: `/${bucket}` })),
    async list(bucket, prefix) {
      const found: ListedObject[] = [];
      let after: string | undefined;
      do {
        const query = new URLSearchParams({
          'list-type': '2',
          prefix,
          ...(after !== undefined && { 'continuation-token': after }),
        });
        const text = (await send({ method: 'GET', url: `/${bucket}?${query.toString()}` })).body.toString();
        found.push(...text.matchAll(/<Contents>(.*?)<\/Contents>/gs).map(([, entry = '']) => listed(entry)));
        after = member(text, 'NextContinuationToken');
      } while (after !== undefined);
      return found;
    },
    async read(bucket, { key, etag }) {
      const { headers, body } = await send({ method: 'GET', url: urlOf(bucket, key) });
      if (String(headers['etag']) === etag) return body;
      throw new AwsError(
        412,
        'S3PreconditionFailed',
        `The object s3://${bucket}/${key} was modified while the operation was in progress`,
      );
    },
    write: async (bucket, key, body, headers) =>
      void (await send({ method: 'PUT', url: urlOf(bucket, key), headers, body })),
  };
}

function urlOf(bucket: string, key: string): string {
  return `/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}

/** An answer to HEAD has no body to tell by. */
function refusal(url: string, { status, body }: AwsResponse): AwsError {
  const text = body.toString();
  const code = member(text, 'Code') ?? (status === 404 ? 'NoSuchBucket' : 'InternalError');
  const message = member(text, 'Message') ?? 'The specified bucket does not exist';
  return new AwsError(status, `S3${code}`, `${message} (${url.split('?')[0] ?? url})`);
}

function listed(entry: string): ListedObject {
  return {
    key: member(entry, 'Key') ?? '',
    bytes: Number(member(entry, 'Size')),
    etag: member(entry, 'ETag') ?? '',
  };
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function member(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1];
  return text?.replaceAll(
    /&(?:#(x?)([\da-f]+)|(\w+));/gi,
    (whole, hex: string, code: string, entity: string) =>
      code === undefined
        ? (ENTITIES[entity] ?? whole)
        : String.fromCodePoint(Number.parseInt(code, hex === '' ? 10 : 16)),
  );
}
