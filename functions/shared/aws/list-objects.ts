import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { type Bucket, patiently, unquoted } from './bucket.ts';

export interface ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
}

/** Every object under the prefix, by key. */
export async function listObjects(store: Bucket, prefix: string): Promise<readonly ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const { Contents = [] } of pages(store, { Prefix: prefix }))
    for (const { Key = '', Size = 0, ETag } of Contents)
      objects.push({ key: Key, size: Size, etag: unquoted(ETag) });
  return objects;
}

/** Names of the folders right under the prefix (which ends with `/`), without slashes, sorted. */
export async function listFolders(store: Bucket, prefix: string): Promise<readonly string[]> {
  const folders: string[] = [];
  for await (const { CommonPrefixes = [] } of pages(store, { Prefix: prefix, Delimiter: '/' }))
    for (const { Prefix = '' } of CommonPrefixes) folders.push(Prefix.slice(prefix.length, -1));
  return folders.toSorted();
}

async function* pages(
  store: Bucket,
  request: { readonly Prefix: string; readonly Delimiter?: string },
): AsyncGenerator<ListObjectsV2CommandOutput> {
  let token: string | undefined;
  do {
    const ContinuationToken = token;
    const page = await patiently(store, {}, () =>
      store.client.send(new ListObjectsV2Command({ ...request, Bucket: store.bucket, ContinuationToken })),
    );
    yield page;
    token = page.NextContinuationToken;
  } while (token !== undefined);
}
