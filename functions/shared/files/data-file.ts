import { hash } from 'node:crypto';
import { createGzip, type Gzip } from 'node:zlib';
import { createDigestSum, type Digest } from '../items/digest.ts';
import type { WireItem } from '../items/wire-item.ts';
import { lineOf, textInLine } from './data-line.ts';

const MiB = 1024 * 1024;

/** Bounds of one data file; whichever is reached first closes it. */
export interface FileLimits {
  readonly items: number;
  /** Bytes after gzip: what one PUT carries and one reader holds. */
  readonly gzipBytes: number;
  /** Bytes before gzip: a file of repetitions would unpack to gigabytes, and its quarantine list with it. */
  readonly bytes: number;
}

/** Limits of a file of at most `items` items. */
export function fileLimits(items: number): FileLimits {
  return { items, gzipBytes: 8 * MiB, bytes: 64 * MiB };
}

/** A finished data file, to be uploaded in one PUT. */
export interface EncodedFile {
  /** Gzipped lines `{"Item":{...}}`, each with its newline. */
  readonly body: Buffer;
  readonly itemCount: number;
  /** Before gzip. */
  readonly bytes: number;
  /** Base64, of `body`. */
  readonly md5: string;
  /** Base64, of `body`. */
  readonly sha256: string;
  readonly digest: Digest;
  /** Whether every line has its item in canonical JSON, so that the item's digest is the hash of that text. */
  readonly canonical: boolean;
}

/** Collects items into one data file; holds its gzipped bytes and at most 256 KiB of lines. */
export interface FileEncoder {
  itemCount(): number;
  /** Takes an item in canonical JSON. False, with nothing added, when it would exceed a limit. An empty file takes any item. */
  add(text: string): Promise<boolean>;
  finish(): Promise<EncodedFile>;
}

/** Lines are handed to gzip in pieces of this size, counted from the file's start, so that equal items give equal bytes. */
export const PIECE_BYTES = 256 * 1024;
/** What deflate may hold back: 32 KiB of window and 16,384 symbols of at most 4 bytes, with room. */
const GZIP_LAG_BYTES = 128 * 1024;

/** The line of one item, with its newline. */
export function encodeLine(item: WireItem): string {
  return lineOf(JSON.stringify(item));
}

/** Incompressible input grows by 5 bytes in 16 KiB at most. */
const worstGzipBytes = (bytes: number): number => bytes + Math.ceil(bytes / 1024);

/** Level 6 makes these files a third smaller and takes more than twice as long. */
const GZIP_LEVEL = 1;

/** Gzips pieces into one buffer. The same pieces give the same bytes. */
export interface GzipSink {
  /** Bytes that gzip has given out so far. */
  bytesOut(): number;
  write(piece: Buffer): Promise<void>;
  end(): Promise<Buffer>;
}

/** Node writes the header without time or name. */
export function gzipSink(): GzipSink {
  // Room for any file, so that gzip never waits for a reader and every piece is done when its callback comes.
  const options = { level: GZIP_LEVEL, readableHighWaterMark: 2 ** 30 };
  const gzip = createGzip(options);
  const chunks: Buffer[] = [];
  let bytesOut = 0;
  const take = (): void => {
    const chunk = gzip.read() as Buffer | null;
    if (chunk === null) return;
    chunks.push(chunk);
    bytesOut += chunk.length;
  };
  return {
    bytesOut: () => bytesOut,
    async write(piece) {
      await written(gzip, piece);
      take();
    },
    async end() {
      gzip.end();
      for await (const chunk of gzip as AsyncIterable<Buffer>) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
  };
}

function written(gzip: Gzip, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    gzip.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}

/** A new, empty data file. */
export function createFileEncoder(limits: FileLimits): FileEncoder {
  const sink = gzipSink();
  const digest = createDigestSum();
  let lines: Buffer[] = [];
  let lineBytes = 0;
  let itemCount = 0;
  let bytes = 0;

  const fits = (added: number): boolean =>
    itemCount < limits.items &&
    bytes + added <= limits.bytes &&
    sink.bytesOut() + GZIP_LAG_BYTES + worstGzipBytes(lineBytes + added) <= limits.gzipBytes;
  const flush = async (): Promise<void> => {
    await sink.write(Buffer.concat(lines));
    lines = [];
    lineBytes = 0;
  };

  return {
    itemCount: () => itemCount,
    async add(text) {
      const line = Buffer.from(lineOf(text));
      const added = line.length;
      if (itemCount > 0 && !fits(added)) return false;
      digest.add(hash('sha256', textInLine(line)));
      lines.push(line);
      lineBytes += added;
      bytes += added;
      itemCount += 1;
      if (lineBytes >= PIECE_BYTES) await flush();
      return true;
    },
    async finish() {
      if (lineBytes > 0) await flush();
      const file = checksums(await sink.end());
      return { ...file, itemCount, bytes, digest: digest.value(), canonical: true };
    },
  };
}

/** The body with its checksums, base64. */
export function checksums(body: Buffer): Pick<EncodedFile, 'body' | 'md5' | 'sha256'> {
  return { body, md5: hash('md5', body, 'base64'), sha256: hash('sha256', body, 'base64') };
}
