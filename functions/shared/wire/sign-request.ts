import { createHmac, hash } from 'node:crypto';

/** What AWS gives to whoever may sign. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A request to DynamoDB before it is signed. */
export interface UnsignedRequest {
  readonly host: string;
  readonly region: string;
  /** `DynamoDB_20120810.<operation>` */
  readonly target: string;
  readonly body: string;
  readonly credentials: Credentials;
  /** Epoch milliseconds. */
  readonly now: number;
}

export const contentType = 'application/x-amz-json-1.0';
const service = 'dynamodb';
const algorithm = 'AWS4-HMAC-SHA256';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** The key of a day serves every request of that day; one is kept, because a worker has one identity at a time. */
let kept: { readonly name: string; readonly key: Buffer } | undefined;

function signingKey({ secretAccessKey }: Credentials, day: string, region: string): Buffer {
  const name = `${secretAccessKey} ${day} ${region}`;
  if (kept?.name !== name) {
    const dayKey = hmac(`AWS4${secretAccessKey}`, day);
    kept = { name, key: hmac(hmac(hmac(dayKey, region), service), 'aws4_request') };
  }
  return kept.key;
}

/**
 * The headers of a signed POST to `/`, Signature Version 4.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signedHeaders(request: UnsignedRequest): Record<string, string> {
  const { host, region, target, body, credentials, now } = request;
  const time = `${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  const day = time.slice(0, 8);
  const bodyHash = hash('sha256', body);
  const headers: Record<string, string> = {
    'content-type': contentType,
    host,
    'x-amz-content-sha256': bodyHash,
    'x-amz-date': time,
  };
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
  headers['x-amz-target'] = target;
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = `POST\n/\n\n${lines.join('')}\n${names}\n${bodyHash}`;
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = signingKey(credentials, day, region);
  const signature = hmac(key, `${algorithm}\n${time}\n${scope}\n${hash('sha256', canonical)}`).toString(
    'hex',
  );
  headers['authorization'] =
    `${algorithm} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return headers;
}
