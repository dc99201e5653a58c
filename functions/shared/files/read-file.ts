import { isUtf8 } from 'node:buffer';
import { createGunzip } from 'node:zlib';
import { BackupDamagedError } from '../errors.ts';
import type { WireItem } from '../items/wire-item.ts';
import { checksums } from './data-file.ts';
import type { ObjectStore, StoredObject } from '../aws/object-store.ts';

/** What a data file must be, from the ledger or from the manifests. Checksums are base64, of the gzipped bytes. */
export interface ExpectedFile {
  readonly key: string;
  readonly itemCount: number;
  readonly md5: string;
  readonly sha256: string;
  readonly gzipBytes: number;
}

/** What can be wrong with a data file. */
export type FileProblem =
  | 'MissingFile'
  | 'TruncatedFile'
  | 'ChangedBytes'
  | 'BadGzip'
  | 'BadLine'
  | 'WrongCount'
  | 'WrongDigest';

/** A data file does not read back as it was written. */
export class DamagedFileError extends BackupDamagedError {
  readonly problem: FileProblem;
  readonly key: string;

  constructor(problem: FileProblem, key: string, sentence: string) {
    super(sentence);
    this.problem = problem;
    this.key = key;
  }
}

/** Bytes that arrive wrong are fetched this often in all before the object itself is blamed. */
export const READ_ATTEMPTS = 3;

/** Compares the bytes with both checksums; `undefined` when they agree. */
export function bytesProblem(body: Buffer, expected: ExpectedFile): DamagedFileError | undefined {
  const { key, gzipBytes } = expected;
  const found = checksums(body);
  if (found.md5 === expected.md5 && found.sha256 === expected.sha256) return undefined;
  if (body.length < gzipBytes)
    return new DamagedFileError(
      'TruncatedFile',
      key,
      `Data file ${key} is cut short: it has ${body.length} bytes where the backup wrote ${gzipBytes}.`,
    );
  const wrong =
    found.md5 === expected.md5 ? 'SHA-256' : found.sha256 === expected.sha256 ? 'MD5' : 'MD5 and SHA-256';
  return new DamagedFileError(
    'ChangedBytes',
    key,
    `Data file ${key} is not what the backup wrote: its ${wrong} differ (${body.length} bytes, ${gzipBytes} written).`,
  );
}

/**
 * Gets a data file and checks its MD5 and SHA-256. Wrong bytes are fetched again twice, because they can
 * also be wrong on the way.
 *
 * @throws DamagedFileError naming the file and the damage; not retried.
 */
export async function fetchDataFile(objects: ObjectStore, expected: ExpectedFile): Promise<StoredObject> {
  for (let attempt = 1; ; attempt += 1) {
    const object = await objects.get(expected.key);
    if (object === undefined)
      throw new DamagedFileError(
        'MissingFile',
        expected.key,
        `Data file ${expected.key} is missing from the bucket.`,
      );
    const problem = bytesProblem(object.body, expected);
    if (problem === undefined) return object;
    if (attempt === READ_ATTEMPTS) throw problem;
  }
}

const newline = 0x0a;

/** The bytes' lines without their newlines, a chunk of gzip's output at a time. */
async function* linesOf(body: Buffer): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  gunzip.end(body);
  let rest: Buffer[] = [];
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const line = chunk.subarray(start, end);
      yield rest.length === 0 ? line : Buffer.concat([...rest, line]);
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

function parseLine(line: Buffer): WireItem | undefined {
  if (!isUtf8(line)) return undefined;
  try {
    const { Item } = JSON.parse(line.toString('utf8')) as { Item?: WireItem };
    return typeof Item === 'object' && Item !== null ? Item : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The items of a data file's bytes, one at a time.
 *
 * @throws DamagedFileError (`BadGzip`, `BadLine`) with the file's key; not retried, the bytes are what they are.
 */
export async function* decodeItems(body: Buffer, key: string): AsyncGenerator<WireItem> {
  let lineNumber = 0;
  const lines = linesOf(body);
  for (;;) {
    const next = await lines.next().catch((error: unknown) => {
      throw new DamagedFileError(
        'BadGzip',
        key,
        `Data file ${key} cannot be unpacked after line ${lineNumber}: ${String(error)}.`,
      );
    });
    if (next.done === true) return;
    lineNumber += 1;
    const item = parseLine(next.value);
    if (item === undefined)
      throw new DamagedFileError(
        'BadLine',
        key,
        `Line ${lineNumber} of data file ${key} is no item in DynamoDB JSON.`,
      );
    yield item;
  }
}

/**
 * The items of a file of a backup, fetched, checked, unpacked and counted as one unit.
 *
 * @throws DamagedFileError naming the file and the damage; a wrong count shows after the last item. Not retried.
 */
export async function* readItems(objects: ObjectStore, expected: ExpectedFile): AsyncGenerator<WireItem> {
  const { body } = await fetchDataFile(objects, expected);
  let itemCount = 0;
  for await (const item of decodeItems(body, expected.key)) {
    itemCount += 1;
    yield item;
  }
  if (itemCount !== expected.itemCount)
    throw new DamagedFileError(
      'WrongCount',
      expected.key,
      `Data file ${expected.key} holds ${itemCount} items where the backup wrote ${expected.itemCount}.`,
    );
}
