import { inflateRawSync } from 'node:zlib';

/** One file of an archive. */
export interface ZipEntry {
  /** Path inside the archive, with forward slashes. */
  readonly path: string;
  readonly content: Buffer;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const [STORED, DEFLATED] = [0, 8];

/**
 * The files of a zip archive as `sls package` writes it: one disk, no encryption, no zip64.
 *
 * @throws Error when it is not such an archive
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function readZip(archive: Buffer): ZipEntry[] {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end === -1 || archive.readUInt32LE(end) !== END_OF_DIRECTORY) throw new Error('Not a zip archive.');
  const entries: ZipEntry[] = [];
  let offset = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (archive.readUInt32LE(offset) !== DIRECTORY_ENTRY) throw new Error('The zip archive is damaged.');
    const [pathLength, extraLength, commentLength] = [28, 30, 32].map((at) =>
      archive.readUInt16LE(offset + at),
    );
    const pathEnd = offset + 46 + (pathLength ?? 0);
    const path = archive.toString('utf8', offset + 46, pathEnd);
    if (!path.endsWith('/')) entries.push({ path, content: contentOf(archive, offset) });
    offset = pathEnd + (extraLength ?? 0) + (commentLength ?? 0);
  }
  return entries;
}

/** Sizes are taken from the directory: a streamed entry's own header has none. */
function contentOf(archive: Buffer, entry: number): Buffer {
  const method = archive.readUInt16LE(entry + 10);
  const compressedBytes = archive.readUInt32LE(entry + 20);
  const local = archive.readUInt32LE(entry + 42);
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const data = archive.subarray(start, start + compressedBytes);
  if (method === STORED) return data;
  if (method === DEFLATED) return inflateRawSync(data);
  throw new Error(`The zip archive uses the compression method ${method}, which is not supported.`);
}
