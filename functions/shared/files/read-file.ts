import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import { BackupDamagedError } from '../errors.ts';
import { itemDigest } from '../items/digest.ts';
import type { WireItem } from '../items/wire-item.ts';
import type { ObjectStore, StoredObject } from '../aws/object-store.ts';
import type { BackupFile } from '../ledger/file.ts';
import { textInLine } from './data-line.ts';

/** What a data file must be, from the ledger or from the manifests. Checksums are base64, of the gzipped bytes. */
export interface ExpectedFile {
  readonly key: string;
  readonly itemCount: number;
  /** Absent where only the SHA-256 was noted. */
  readonly md5?: string;
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

const NEWLINE = 0x0a;

/**
 * Gets a data file and checks its SHA-256, and its MD5 where that is known. Wrong bytes are fetched again twice, because they can
 * also be wrong on the way.
 *
 * @throws DamagedFileError naming the file and the damage; not retried.
 */
export async function fetchDataFile(
  objects: Pick<ObjectStore, 'get'>,
  expected: ExpectedFile,
): Promise<StoredObject> {
  for (let attempt = 1; ; attempt += 1) {
    const object = await objects.get(expected.key);
    if (object === undefined)
      throw new DamagedFileError(
        'MissingFile',
        expected.key,
        `Data file ${expected.key} is missing from the bucket.`,
      );
    const problem = bytesProblem(object, expected);
    if (problem === undefined) return object;
    if (attempt === READ_ATTEMPTS) throw problem;
  }
}

/** Compares the bytes with the checksums that are known; `undefined` when they agree. */
function bytesProblem(object: StoredObject, expected: ExpectedFile): DamagedFileError | undefined {
  const { key, gzipBytes, md5 } = expected;
  const { length } = object.body;
  const wrong = [
    ...(md5 === undefined || hash('md5', object.body, 'base64') === md5 ? [] : ['MD5']),
    ...(object.sha256 === expected.sha256 ? [] : ['SHA-256']),
  ].join(' and ');
  if (wrong === '') return undefined;
  if (length < gzipBytes)
    return new DamagedFileError(
      'TruncatedFile',
      key,
      `Data file ${key} is cut short: it has ${length} bytes where the backup wrote ${gzipBytes}.`,
    );
  return new DamagedFileError(
    'ChangedBytes',
    key,
    `Data file ${key} is not what the backup wrote: its ${wrong} differ (${length} bytes, ${gzipBytes} written).`,
  );
}

/**
 * The lines of a file's bytes as they are, without their newlines, some hundred at a time.
 *
 * @throws DamagedFileError (`BadGzip`) with the file's key; not retried.
 */
export async function* unpackLines(body: Buffer, key: string): AsyncGenerator<readonly Buffer[]> {
  let lineNumber = 0;
  const chunks = lineChunks(body);
  for (;;) {
    const next = await chunks.next().catch((error: unknown) => {
      throw new DamagedFileError(
        'BadGzip',
        key,
        `Data file ${key} cannot be unpacked after line ${lineNumber}: ${String(error)}.`,
      );
    });
    if (next.done === true) return;
    lineNumber += next.value.length;
    yield next.value;
  }
}

/** The bytes' lines without their newlines, those of one chunk of gzip's output together. */
async function* lineChunks(body: Buffer): AsyncGenerator<readonly Buffer[]> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  gunzip.end(body);
  let rest: Buffer[] = [];
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = chunk.subarray(start, end);
      lines.push(rest.length === 0 ? line : Buffer.concat([...rest, line]));
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) yield [Buffer.concat(rest)];
}

/**
 * The item of one line `{"Item":{...}}`.
 *
 * @param where names the line, to begin a sentence
 * @throws DamagedFileError (`BadLine`) where it is none; not retried
 */
export function itemOfLine(
  line: Buffer,
  { key, where }: { readonly key: string; readonly where: string },
): WireItem {
  const item = parseLine(line);
  if (item !== undefined) return item;
  throw new DamagedFileError('BadLine', key, `${where} of data file ${key} is no item in DynamoDB JSON.`);
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

/** An item as it was read, and the bytes of its line without the newline. */
export interface ItemLine {
  readonly item: WireItem;
  readonly line: Buffer;
}

/**
 * The items of a data file's bytes with their lines, one at a time.
 *
 * @throws DamagedFileError (`BadGzip`, `BadLine`) with the file's key; not retried, the bytes are what they are.
 */
export async function* decodeItems(body: Buffer, key: string): AsyncGenerator<ItemLine> {
  let lineNumber = 0;
  for await (const lines of unpackLines(body, key))
    for (const line of lines) {
      lineNumber += 1;
      yield { item: itemOfLine(line, { key, where: `Line ${lineNumber}` }), line };
    }
}

/** The item's digest; from the bytes as they are, where the file is known to have canonical lines. */
export function digestOfLine(
  { item, line }: ItemLine,
  { canonical = false }: Pick<BackupFile, 'canonical'>,
): string {
  return canonical ? hash('sha256', textInLine(line)) : itemDigest(item);
}

/**
 * The items of a file of a backup, fetched, checked, unpacked and counted as one unit.
 *
 * @throws DamagedFileError naming the file and the damage; a wrong count shows after the last item. Not retried.
 */
export async function* readItems(objects: ObjectStore, expected: ExpectedFile): AsyncGenerator<ItemLine> {
  const { body } = await fetchDataFile(objects, expected);
  let itemCount = 0;
  for await (const read of decodeItems(body, expected.key)) {
    itemCount += 1;
    yield read;
  }
  if (itemCount !== expected.itemCount)
    throw new DamagedFileError(
      'WrongCount',
      expected.key,
      `Data file ${expected.key} holds ${itemCount} items where the backup wrote ${expected.itemCount}.`,
    );
}
