import { migration } from '#migration/index.ts';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { InputFileError, READABLE } from './input-file-error.ts';

type Bytes = AsyncIterable<Buffer> | AsyncGenerator<Buffer>;

/** What a path stands for. */
export interface InputFiles {
  readonly files: readonly string[];
  /** Of a backup's folder: as many as its manifest says. */
  readonly itemCount?: number;
}

const DATA_FILE = /^(?!manifest).*\.(?:json|jsonl|ndjson)(?:\.gz)?$/;

/** The first bytes that tell a file's kind. */
const HEAD_BYTES = 4;

/** Files that are packed or no text at all, by how they begin. */
const BINARY: readonly (readonly [begin: string, what: string])[] = [
  ['504b0304', 'a zip file: unpack it'],
  ['425a68', 'a bzip2 file: unpack it'],
  ['28b52ffd', 'a zstd file: unpack it'],
  ['fd377a58', 'an xz file: unpack it'],
  ['50415231', 'a Parquet file: convert it to JSON'],
  ['fffe0000', 'text in UTF-32: convert it to UTF-8'],
];

/**
 * The text of a file in pieces of any length: UTF-8 or UTF-16, as it is or gzipped, without its byte order mark.
 *
 * @throws InputFileError for a file that cannot be read, is truncated, or holds no text
 */
export async function* openInput(path: string): AsyncGenerator<string> {
  const file = await peek(readBytes(path));
  const { head, all } = isGzip(file.head) ? await peek(unpack(path, file.all)) : file;
  const binary = BINARY.find(([begin]) => head.toString('hex').startsWith(begin));
  if (binary !== undefined)
    throw new InputFileError(`${path} is ${binary[1]}, then start again. ${READABLE}`);
  const encoding = encodingOf(head);
  const decoder = new TextDecoder(encoding, { fatal: true });
  let line = 1;
  for await (const chunk of all) {
    const text = decode(decoder, chunk, { path, encoding, line });
    line += linesIn(text);
    yield text;
  }
  yield decode(decoder, undefined, { path, encoding, line });
}

interface Peeked {
  readonly head: Buffer;
  readonly all: Bytes;
}

/** A pipe hands over what it has, a single byte perhaps, and can be read only once. */
async function peek(bytes: Bytes): Promise<Peeked> {
  const chunks = bytes[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    head = Buffer.concat([head, next.value]);
    if (head.length >= HEAD_BYTES) break;
  }
  const all = async function* (): AsyncGenerator<Buffer> {
    yield head;
    yield* { [Symbol.asyncIterator]: () => chunks };
  };
  return { head, all: all() };
}

async function* readBytes(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path) as AsyncIterable<Buffer>;
  } catch (error) {
    cannotRead(path, error as Error);
  }
}

function cannotRead(path: string, { message }: Error): never {
  throw new InputFileError(
    `The file ${path} cannot be read: ${message}. Check the path and who may read it, then start again.`,
  );
}

const isGzip = ([first, second]: Buffer): boolean => first === 0x1f && second === 0x8b;

/** Unpacks every member of a gzip file, and refuses one that is not whole: a part of the products would be missing. */
async function* unpack(path: string, packed: Bytes): AsyncGenerator<Buffer> {
  const seen: { bytes: number; last: Buffer } = { bytes: 0, last: Buffer.alloc(0) };
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of packed) {
      seen.bytes += chunk.length;
      seen.last = chunk;
      yield chunk;
    }
  };
  const gunzip = createGunzip();
  const source = Readable.from(counted()).once('error', (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip) as AsyncIterable<Buffer>;
  } catch (error) {
    throw error instanceof InputFileError ? error : damaged(path, error as Error);
  } finally {
    source.destroy();
  }
  const left = seen.bytes - gunzip.bytesWritten;
  // Zeros are padding, as tapes and some tools leave it.
  if (left > seen.last.length || seen.last.subarray(seen.last.length - left).some((byte) => byte !== 0))
    throw damaged(path, new Error(`${left} bytes after its end are not gzip`));
}

function damaged(path: string, { message }: Error): InputFileError {
  return new InputFileError(
    `${path} is a gzip file that is truncated or damaged (${message}), so ${migration.nouns.items} of it would be missing. Copy or download it again; gzip -t ${path} checks it.`,
  );
}

/** By its byte order mark; without one by where the zeros of the first character are, which JSON has in ASCII. */
function encodingOf([one, two]: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (one === 0xff && two === 0xfe) return 'utf-16le';
  if (one === 0xfe && two === 0xff) return 'utf-16be';
  if (one !== 0 && two === 0) return 'utf-16le';
  return one === 0 && two !== undefined && two !== 0 ? 'utf-16be' : 'utf-8';
}

interface Place {
  readonly path: string;
  readonly encoding: string;
  readonly line: number;
}

/** Without a chunk: what the decoder still holds, which must be nothing. */
function decode(decoder: TextDecoder, chunk: Buffer | undefined, { path, encoding, line }: Place): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    const [whole = ''] = new TextDecoder(encoding).decode(chunk).split('\ufffd');
    throw new InputFileError(
      `${path}, line ${line + linesIn(whole)}: not text in ${encoding.toUpperCase()}. Convert the file to UTF-8, or copy it again if it is damaged. ${READABLE}`,
    );
  }
}

const linesIn = (text: string): number => text.split('\n').length - 1;

/**
 * The file itself, a pipe as well; of a folder, its data files, or those of its `data/`, as a backup and an export have it.
 *
 * @throws InputFileError naming the path
 */
export async function filesOf(path: string): Promise<InputFiles> {
  const found = await stat(path).catch((error: Error) => cannotRead(path, error));
  if (!found.isDirectory()) return { files: [path] };
  const names = await readdir(path);
  const folder = names.includes('data') ? join(path, 'data') : path;
  const files = (await readdir(folder)).filter((name) => DATA_FILE.test(name)).toSorted();
  if (files.length === 0)
    throw new InputFileError(
      `${path} is a folder without data files (*.json, *.json.gz, *.jsonl); name a file, or the folder of a backup or an export. ${READABLE}`,
    );
  const itemCount = names.includes('manifest-summary.json') ? await countOf(path) : undefined;
  return { files: files.map((name) => join(folder, name)), ...(itemCount !== undefined && { itemCount }) };
}

async function countOf(folder: string): Promise<number | undefined> {
  const text = await readFile(join(folder, 'manifest-summary.json'), 'utf8');
  try {
    const { itemCount } = JSON.parse(text) as { itemCount?: unknown };
    return typeof itemCount === 'number' ? itemCount : undefined;
  } catch {
    return undefined;
  }
}
