import { checksums, type EncodedFile, encodeLine } from '../shared/files/data-file.ts';
import { dataFileKey, type FilePosition } from '../shared/files/layout.ts';
import type { ObjectStore, PutOptions, StoredObject } from '../shared/aws/object-store.ts';
import { decodeItems } from '../shared/files/read-file.ts';
import { BackupDamagedError } from '../shared/errors.ts';
import type { BackupFile } from '../shared/ledger/file.ts';
import { createDigestSum } from '../shared/items/digest.ts';
import type { WireItem } from '../shared/items/wire-item.ts';

/** Where a data file goes. */
export interface FileTarget {
  readonly objects: ObjectStore;
  readonly backupId: string;
  readonly position: FilePosition;
  readonly options: PutOptions;
}

/** A data file that stands in the bucket. */
export interface ExistingFile {
  readonly file: BackupFile;
  /**
   * Present when an earlier worker's file was taken over: the Scan goes on behind this item, because what
   * comes before it is in that file as it was when that worker read it.
   */
  readonly lastItem?: WireItem;
}

const gzipType = { contentType: 'application/gzip' } as const;

function describeFile(target: FileTarget, encoded: EncodedFile, etag: string): BackupFile {
  const { body, ...facts } = encoded;
  return {
    ...target.position,
    ...facts,
    key: dataFileKey(target.backupId, target.position),
    gzipBytes: body.length,
    etag,
  };
}

/** Reads a file that an earlier worker put there and counts it as this backup's. */
async function adopt(target: FileTarget, { body, etag }: StoredObject): Promise<ExistingFile> {
  const key = dataFileKey(target.backupId, target.position);
  const digest = createDigestSum();
  let bytes = 0;
  let lastItem: WireItem | undefined;
  for await (const item of decodeItems(body, key)) {
    digest.add(item);
    bytes += Buffer.byteLength(encodeLine(item));
    lastItem = item;
  }
  if (lastItem === undefined)
    throw new BackupDamagedError(
      `Object ${key} stands where a data file belongs and holds no item, so this backup did not write it. Nothing was overwritten. Find out who writes into the bucket, then start again.`,
    );
  const encoded = { ...checksums(body), itemCount: digest.value().count, bytes, digest: digest.value() };
  return { file: describeFile(target, encoded, etag), lastItem };
}

/** The file at this place, taken over; `undefined` where none stands. */
export async function adoptExisting(target: FileTarget): Promise<ExistingFile | undefined> {
  const key = dataFileKey(target.backupId, target.position);
  const existing = await target.objects.get(key, target.options);
  return existing && adopt(target, existing);
}

/**
 * Uploads a data file unless one stands there. A worker may have died between its PUT and its checkpoint;
 * if the shop sold something since, this worker's bytes differ, and the existing file is taken over.
 *
 * @throws BackupDamagedError (not retried) when what stands there is no data file.
 */
export async function storeFile(target: FileTarget, encoded: EncodedFile): Promise<ExistingFile> {
  const key = dataFileKey(target.backupId, target.position);
  const { outcome, etag } = await target.objects.putOnce(key, encoded.body, {
    ...gzipType,
    ...target.options,
  });
  if (outcome !== 'other') return { file: describeFile(target, encoded, etag) };
  const adopted = await adoptExisting(target);
  if (adopted === undefined)
    throw new BackupDamagedError(
      `Object ${key} was there a moment ago and is gone. Find out who deletes from the bucket, then start again.`,
    );
  return adopted;
}
