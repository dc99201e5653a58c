import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { HttpRequest } from '@smithy/types';
import { describe, expect, it } from 'vitest';
import { contentType, type Credentials, signedHeaders } from '../../../functions/shared/wire/sign-request.ts';

const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const region = 'ap-southeast-2';

/** What the SDK's own signer makes of the same request. */
async function sdkAuthorization(
  credentials: Credentials,
  request: { host: string; target: string; body: string },
) {
  const client = new DynamoDBClient({ region, credentials });
  const signer = await client.config.signer({
    name: 'sigv4',
    signingName: 'dynamodb',
    signingRegion: region,
    properties: {},
  });
  const [hostname, port] = request.host.split(':');
  const unsigned: HttpRequest = {
    method: 'POST',
    protocol: 'http:',
    hostname: hostname ?? '',
    ...(port !== undefined && { port: Number(port) }),
    path: '/',
    query: {},
    headers: { host: request.host, 'content-type': contentType, 'x-amz-target': request.target },
    body: request.body,
  };
  const signed = await signer.sign(unsigned, { signingDate: new Date(now) });
  client.destroy();
  return signed.headers['authorization'];
}

describe('signedHeaders', () => {
  it.each([
    ['lasting credentials', { accessKeyId: 'AKIA', secretAccessKey: 'secret' }],
    ['credentials of a role', { accessKeyId: 'ASIA', secretAccessKey: 'other', sessionToken: 'to/ken+==' }],
  ])("signs as the SDK's own signer does, with %s", async (_name, credentials) => {
    const request = {
      host: 'dynamodb.ap-southeast-2.amazonaws.com',
      target: 'DynamoDB_20120810.Scan',
      body: '{"TableName":"überall"}',
    };

    const headers = signedHeaders({ ...request, region, credentials, now });

    const expected = await sdkAuthorization(credentials, request);
    expect(headers['authorization']).toBe(expected);
  });

  it('signs with the key of the day', () => {
    const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret' };
    const request = { host: 'localhost:8000', region, target: 'T', body: '{}', credentials };

    const today = signedHeaders({ ...request, now });
    const tomorrow = signedHeaders({ ...request, now: now + 86_400_000 });

    expect(today['authorization']).toContain('/20260102/');
    expect(tomorrow['authorization']).toContain('/20260103/');
    expect(signedHeaders({ ...request, now })).toEqual(today);
  });
});
