import { Buffer } from 'node:buffer';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type * as Zlib from 'node:zlib';

const zlib = createRequire(import.meta.url)('node:zlib') as typeof Zlib;
const { gunzipSync: inflate, crc32 } = zlib;

/**
 * Makes gzip synchronous in this thread. Node compresses on its thread pool, and which of two files is done first would
 * depend on the machine. Nothing is compressed: to set up a compressor takes longer than all else about a file of a world.
 */
export function makeGzipSynchronous(): void {
  const replace = (name: 'createGzip' | 'createGunzip' | 'gunzipSync', value: unknown): void =>
    void Object.defineProperty(zlib, name, { value, enumerable: true, configurable: true });
  replace('createGzip', () => stream(gzipStored));
  replace('createGunzip', () => stream(gunzip));
  replace('gunzipSync', gunzip);
  syncBuiltinESMExports();
}

/** As Node writes it: deflate, without time or name. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
const TRAILER_BYTES = 8;
/** Whether it is the last one, its length, and the length's complement. */
const BLOCK_HEADER_BYTES = 5;
const MAX_BLOCK_BYTES = 0xff_ff;

/** A gzip file of stored blocks (RFC 1951, 3.2.4). Every gunzip reads it. */
export function gzipStored(input: Buffer): Buffer {
  const parts: Buffer[] = [HEADER];
  for (let from = 0; from === 0 || from < input.length; from += MAX_BLOCK_BYTES) {
    const block = input.subarray(from, from + MAX_BLOCK_BYTES);
    parts.push(blockHeader(block.length, from + block.length === input.length), block);
  }
  const trailer = Buffer.allocUnsafe(TRAILER_BYTES);
  trailer.writeUInt32LE(crc32(input), 0);
  trailer.writeUInt32LE(input.length, 4);
  return Buffer.concat([...parts, trailer]);
}

function blockHeader(length: number, isLast: boolean): Buffer {
  const header = Buffer.allocUnsafe(BLOCK_HEADER_BYTES);
  header.writeUInt8(Number(isLast), 0);
  header.writeUInt16LE(length, 1);
  header.writeUInt16LE(MAX_BLOCK_BYTES - length, 3);
  return header;
}

/** Any gzip file. One that is a single sound block is taken as it lies there. @throws Error as Node's gunzip does */
export function gunzip(input: Buffer): Buffer {
  const from = HEADER.length + BLOCK_HEADER_BYTES;
  const to = input.length - TRAILER_BYTES;
  const block = input.subarray(from, Math.max(from, to));
  const isSingle =
    block.length === to - from &&
    block.length <= MAX_BLOCK_BYTES &&
    HEADER.equals(input.subarray(0, HEADER.length)) &&
    blockHeader(block.length, true).equals(input.subarray(HEADER.length, from));
  const isSound =
    isSingle && input.readUInt32LE(to) === crc32(block) && input.readUInt32LE(to + 4) === block.length;
  return isSound ? block : inflate(input);
}

/** The part of a stream that functions/shared/files uses. Nothing is read before the end. */
function stream(convert: (input: Buffer) => Buffer) {
  const pieces: Buffer[] = [];
  return {
    write(piece: Buffer, done: (error?: Error) => void): void {
      pieces.push(piece);
      done();
    },
    read: (): null => null,
    end(last?: Buffer): void {
      if (last !== undefined) pieces.push(last);
    },
    *[Symbol.iterator](): Generator<Buffer> {
      yield convert(Buffer.concat(pieces));
    },
  };
}
