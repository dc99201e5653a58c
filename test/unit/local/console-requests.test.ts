import { describe, expect, it } from 'vitest';
import type { RawRequest } from '../../../workflow/local/gateway/aws-request.ts';
import { readListing } from '../../../workflow/local/console/read-listing.ts';
import { isForConsole, isFromConsole } from '../../../workflow/local/console/requests.ts';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

const requestOf = (change: Partial<RawRequest>): RawRequest => ({
  method: 'GET',
  url: '/',
  headers: { accept: BROWSER },
  body: Buffer.alloc(0),
  ...change,
});

describe('a request for the root', () => {
  it.each<[string, Partial<RawRequest>, boolean]>([
    ['a browser', {}, true],
    ['a browser that weighs its types', { headers: { accept: 'application/xml, text/html;q=0.2' } }, true],
    ['curl', { headers: { accept: '*/*' } }, false],
    ['a client that says nothing of types', { headers: {} }, false],
    [
      'an S3 client',
      { headers: { authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/r/s3/aws4_request' } },
      false,
    ],
    [
      'an S3 client that would take HTML',
      { headers: { accept: BROWSER, authorization: 'AWS4-HMAC-SHA256 x' } },
      false,
    ],
    [
      'an unsigned S3 client',
      { headers: { accept: BROWSER, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
      false,
    ],
    ['a browser with a presigned URL', { url: '/?X-Amz-Credential=a&X-Amz-Signature=b' }, false],
    ['a browser that opens a bucket', { url: '/some-bucket' }, false],
    ['a POST', { method: 'POST' }, false],
    ['a HEAD', { method: 'HEAD' }, false],
  ])('of %s is told from S3’s ListBuckets', (_, change, expected) => {
    expect(isForConsole(requestOf(change))).toBe(expected);
  });
});

describe('a form', () => {
  const host = '127.0.0.1:4566';

  it.each<[string, Record<string, string>, boolean]>([
    ['of this console', { host, origin: `http://${host}` }, true],
    ['of a page at another port of this machine', { host, origin: 'http://127.0.0.1:3000' }, false],
    ['of a page at another name of this machine', { host, origin: 'http://localhost:4566' }, false],
    ['of another site', { host, origin: 'https://shop.example.com' }, false],
    ['of a page without an origin', { host, origin: 'null' }, false],
    ['that names no page', { host }, false],
  ])('%s is told from others', (_, headers, expected) => {
    expect(isFromConsole(requestOf({ method: 'POST', url: '/_console/start', headers }))).toBe(expected);
  });
});

describe('readListing', () => {
  it('reads folders, objects and where the next page begins', () => {
    const xml =
      '<ListBucketResult><Prefix>runs/</Prefix><NextContinuationToken>a&amp;b</NextContinuationToken>' +
      '<Contents><Key>runs/&lt;x&gt;&#233;.json</Key><LastModified>2026-03-01T12:00:00.000Z</LastModified><Size>12</Size></Contents>' +
      '<CommonPrefixes><Prefix>runs/one/</Prefix></CommonPrefixes></ListBucketResult>';
    expect(readListing(xml)).toEqual({
      folders: ['runs/one/'],
      objects: [{ key: 'runs/<x>é.json', bytes: 12, modified: '2026-03-01T12:00:00.000Z' }],
      next: 'a&b',
    });
  });
});
