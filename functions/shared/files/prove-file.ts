import type { ObjectStore } from '../aws/object-store.ts';
import { createDigestSum, type Digest, equalDigests } from '../items/digest.ts';
import type { WireItem } from '../items/wire-item.ts';
import { DamagedFileError, digestOfLine, type ExpectedFile, readItems } from './read-file.ts';

/** A data file whose items' digest is known. */
export interface DigestedFile extends ExpectedFile {
  /** Of all its items. */
  readonly digest: Digest;
  /** Whether its lines are in canonical JSON. */
  readonly canonical?: boolean | undefined;
}

/**
 * Reads a data file back and proves that it holds what was scanned: MD5, SHA-256, gzip, lines, count and digest.
 *
 * @param see told of every item, before the file is proved as a whole
 * @throws DamagedFileError naming the file and the damage; not retried
 */
export async function proveFile(
  objects: ObjectStore,
  file: DigestedFile,
  see: (item: WireItem) => void = () => undefined,
): Promise<void> {
  const { key } = file;
  const sum = createDigestSum();
  for await (const read of readItems(objects, file)) {
    sum.add(digestOfLine(read, file));
    see(read.item);
  }
  if (equalDigests(sum.value(), file.digest)) return;
  throw new DamagedFileError(
    'WrongDigest',
    key,
    `The items of data file ${key} are not those that were scanned (digest).`,
  );
}
