import type { RawRequest } from './aws-request.ts';

/** What a path-style S3 URL points at; both absent for the list of buckets. */
export interface S3Address {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
}

const SUBRESOURCES: Readonly<Record<string, string>> = {
  acl: 'Acl',
  cors: 'BucketCors',
  encryption: 'BucketEncryption',
  lifecycle: 'BucketLifecycleConfiguration',
  location: 'BucketLocation',
  'object-lock': 'ObjectLockConfiguration',
  policy: 'BucketPolicy',
  publicAccessBlock: 'PublicAccessBlock',
  tagging: 'Tagging',
  versioning: 'BucketVersioning',
  attributes: 'ObjectAttributes',
};

const VERBS: Readonly<Record<string, string>> = {
  GET: 'Get',
  HEAD: 'Head',
  PUT: 'Put',
  DELETE: 'Delete',
  POST: 'Post',
};

/** The S3 API's name of the call: the protocol itself has none, only method, path and query. */
export function s3Operation(raw: RawRequest, url: URL, { bucket, key }: S3Address): string {
  const verb = VERBS[raw.method] ?? raw.method;
  const subresource = Object.keys(SUBRESOURCES).find((name) => url.searchParams.has(name));
  if (subresource !== undefined) return `${verb}${SUBRESOURCES[subresource] ?? ''}`;
  if (bucket === undefined) return 'ListBuckets';
  if (key === undefined) return bucketOperation(verb, url);
  const multipart = multipartOperation(verb, url);
  if (multipart !== undefined) return multipart;
  return raw.method === 'PUT' && raw.headers['x-amz-copy-source'] !== undefined
    ? 'CopyObject'
    : `${verb}Object`;
}

function bucketOperation(verb: string, url: URL): string {
  if (verb === 'Get') return url.searchParams.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
  if (verb === 'Post') return url.searchParams.has('delete') ? 'DeleteObjects' : 'PostObject';
  return verb === 'Put' ? 'CreateBucket' : `${verb}Bucket`;
}

function multipartOperation(verb: string, url: URL): string | undefined {
  if (url.searchParams.has('uploads')) return 'CreateMultipartUpload';
  if (!url.searchParams.has('uploadId')) return undefined;
  const names: Readonly<Record<string, string>> = {
    Put: 'UploadPart',
    Post: 'CompleteMultipartUpload',
    Delete: 'AbortMultipartUpload',
    Get: 'ListParts',
  };
  return names[verb];
}

/** Bucket and key of a path-style URL, percent-decoded. */
export function s3Address(url: URL): S3Address {
  const path = url.pathname.slice(1);
  const slash = path.indexOf('/');
  const bucket = decodeURIComponent(slash === -1 ? path : path.slice(0, slash));
  const key = slash === -1 ? '' : decodeURIComponent(path.slice(slash + 1));
  return { bucket: bucket === '' ? undefined : bucket, key: key === '' ? undefined : key };
}
