import { hash } from 'node:crypto';
import { DamagedFileError, fetchDataFile, unpackLines } from '../../files/read-file.ts';
import { textInLine } from '../../files/data-line.ts';
import type { ObjectStore } from '../../aws/object-store.ts';
import type { BackupFile } from '../../ledger/file.ts';
import type { TargetFile, TransformedFile } from '../../ledger/transformed-file.ts';
import { createDigestSum, equalDigests } from '../../items/digest.ts';

/**
 * Proves that a data file and what it has become are still what was written, by their bytes and by the digest of the
 * target items.
 *
 * @throws DamagedFileError naming the file and the damage; not retried
 */
export async function proveAgain(
  objects: ObjectStore,
  file: BackupFile,
  { targets }: TransformedFile,
): Promise<void> {
  const { etag } = await fetchDataFile(objects, file);
  assertSameObject(file, etag);
  for (const target of targets) await proveTarget(objects, target);
}

async function proveTarget(objects: ObjectStore, { parts, digest }: TargetFile): Promise<void> {
  const sum = createDigestSum();
  for (const part of parts) {
    const { body } = await fetchDataFile(objects, part);
    for await (const lines of unpackLines(body, part.key))
      for (const line of lines) sum.add(hash('sha256', textInLine(line)));
  }
  if (equalDigests(sum.value(), digest)) return;
  const key = parts[0]?.key ?? '';
  throw new DamagedFileError(
    sum.value().count === digest.count ? 'WrongDigest' : 'WrongCount',
    key,
    `The items of target file ${key} and its parts are not those that were written (digest).`,
  );
}

/** @throws DamagedFileError where the object was written again; not retried */
export function assertSameObject({ key, etag }: Pick<BackupFile, 'key' | 'etag'>, found: string): void {
  if (found === etag) return;
  throw new DamagedFileError(
    'ChangedBytes',
    key,
    `Data file ${key} was written again since: its ETag is ${found}, not ${etag}.`,
  );
}
