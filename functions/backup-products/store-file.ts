import { checksums, type EncodedFile } from '../shared/files/data-file.ts';
import { textInLine } from '../shared/files/data-line.ts';
import { dataFileKey, type FilePosition } from '../shared/files/layout.ts';
import type { ObjectStore, PutOptions, StoredObject } from '../shared/aws/object-store.ts';
import { decodeItems } from '../shared/files/read-file.ts';
import { BackupDamagedError } from '../shared/errors.ts';
import type { BackupFile } from '../shared/ledger/file.ts';
import { canonicalJson } from '../shared/items/canonical-json.ts';
import { createDigestSum } from '../shared/items/digest.ts';
import type { WireItem } from '../shared/items/wire-item.ts';

/** Where a data file goes. */
export interface FileTarget {
  readonly objects: ObjectStore;
  readonly backupId: string;
  readonly position: FilePosition;
  readonly options: PutOptions;
}

/** A data file in the bucket. */
export interface ExistingFile {
  readonly file: BackupFile;
  /**
   * Present when an earlier worker's file was adopted. The Scan continues after this item, because that file holds
   * everything before it as that worker read it.
   */
  readonly lastItem?: WireItem;
}

const NEWLINE_BYTES = 1;
const GZIP_TYPE = { contentType: 'application/gzip' } as const;

/**
 * Uploads a data file unless there is one already. A worker may have died between its PUT and its checkpoint. If the
 * source has changed since, this worker's bytes differ, and the existing file is adopted.
 *
 * @throws BackupDamagedError (not retried) when the existing object is no data file.
 */
export async function storeFile(target: FileTarget, encoded: EncodedFile): Promise<ExistingFile> {
  const key = dataFileKey(target.backupId, target.position);
  const { outcome, etag } = await target.objects.putOnce(key, encoded.body, {
    ...GZIP_TYPE,
    ...target.options,
  });
  if (outcome !== 'other') return { file: describeFile(target, encoded, etag) };
  const adopted = await adoptExisting(target);
  if (adopted === undefined)
    throw new BackupDamagedError(
      `Object ${key} existed a moment ago and is gone. Find out who deletes from the bucket.`,
    );
  return adopted;
}

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

/** Adopts the file at this place. `undefined` if there is none. */
export async function adoptExisting(target: FileTarget): Promise<ExistingFile | undefined> {
  const key = dataFileKey(target.backupId, target.position);
  const existing = await target.objects.get(key, target.options);
  return existing && adopt(target, existing);
}

/** Reads a file that an earlier worker wrote, and counts it as part of this backup. */
async function adopt(target: FileTarget, { body, etag }: StoredObject): Promise<ExistingFile> {
  const key = dataFileKey(target.backupId, target.position);
  const digest = createDigestSum();
  let bytes = 0;
  let canonical = true;
  let lastItem: WireItem | undefined;
  for await (const { item, line } of decodeItems(body, key)) {
    digest.add(item);
    bytes += line.length + NEWLINE_BYTES;
    canonical &&= textInLine(line).equals(Buffer.from(canonicalJson(item)));
    lastItem = item;
  }
  if (lastItem === undefined)
    throw new BackupDamagedError(
      `Object ${key} is in the place of a data file and holds no item, so this backup did not write it. Nothing was overwritten. Find out who writes to the bucket.`,
    );
  const sum = digest.value();
  const encoded = { ...checksums(body), itemCount: sum.count, bytes, digest: sum, canonical };
  return { file: describeFile(target, encoded, etag), lastItem };
}
