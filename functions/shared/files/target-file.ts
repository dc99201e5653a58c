import { BackupDamagedError } from '../errors.ts';
import type { ObjectStore, PutOptions } from '../aws/object-store.ts';
import type { TargetPart } from '../ledger/transformed-file.ts';
import { type GzipSink, gzipSink, PIECE_BYTES } from './data-file.ts';
import { lineOf } from './data-line.ts';

/** Writes the target lines of one data file into as many objects as they need. */
export interface TargetFileWriter {
  /** Takes an item in canonical JSON. @throws as {@link ObjectStore.putOnce} does */
  write(text: string): Promise<void>;
  /** Stores what is left. @returns every part in order; none where nothing was written */
  finish(): Promise<readonly TargetPart[]>;
}

export interface TargetFileScope {
  readonly objects: Pick<ObjectStore, 'putOnce'>;
  /** Key of a part, counted from 0. */
  readonly keyOf: (part: number) => string;
  readonly options: PutOptions;
  /** Stands behind each line's item; default: nothing. */
  readonly clause?: string;
}

/** Bytes before gzip, which never make more than 8 MiB after it: what gzip cannot compress grows by 5 bytes in 16 KiB. */
const PART_BYTES = 8 * 1024 * 1024 - 8 * 1024;

/** Holds the gzipped bytes of one part and at most 256 KiB of lines. */
export function createTargetFileWriter(scope: TargetFileScope): TargetFileWriter {
  const { clause = '' } = scope;
  const parts: TargetPart[] = [];
  let current = openPart();
  const store = async (): Promise<void> => {
    const full = current;
    current = openPart();
    parts.push(await storePart(scope, parts.length, full));
  };
  return {
    async write(text) {
      const line = Buffer.from(lineOf(text, clause));
      const bytes = line.length;
      if (current.itemCount > 0 && current.bytes + bytes > PART_BYTES) await store();
      current.itemCount += 1;
      current.bytes += bytes;
      current.lines.push(line);
      current.pending += bytes;
      if (current.pending >= PIECE_BYTES) await flush(current);
    },
    async finish() {
      if (current.itemCount > 0) await store();
      return parts;
    },
  };
}

interface OpenPart {
  readonly sink: GzipSink;
  itemCount: number;
  bytes: number;
  /** Not handed to gzip yet. */
  lines: Buffer[];
  /** Bytes of `lines`. */
  pending: number;
}

const openPart = (): OpenPart => ({
  sink: gzipSink(),
  itemCount: 0,
  bytes: 0,
  lines: [],
  pending: 0,
});

async function flush(part: OpenPart): Promise<void> {
  await part.sink.write(Buffer.concat(part.lines));
  part.lines = [];
  part.pending = 0;
}

/**
 * Once: what is there already must be the same, byte for byte.
 *
 * @throws BackupDamagedError where other bytes are there; not retried
 */
async function storePart(scope: TargetFileScope, number: number, part: OpenPart): Promise<TargetPart> {
  const key = scope.keyOf(number);
  if (part.pending > 0) await flush(part);
  const body = await part.sink.end();
  const options = { contentType: 'application/gzip', ...scope.options };
  const { outcome, etag, sha256 } = await scope.objects.putOnce(key, body, options);
  const { itemCount, bytes } = part;
  if (outcome !== 'other') return { key, itemCount, bytes, gzipBytes: body.length, sha256, etag };
  throw new BackupDamagedError(
    `Object ${key} exists with other bytes than this run makes, and was not overwritten: the service has been deployed with other code while the run was at work, or somebody writes into the bucket. No table was created. A new run makes its own files.`,
  );
}
