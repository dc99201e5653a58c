import { Buffer } from 'node:buffer';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type * as Zlib from 'node:zlib';

/** The least memory that is set up for each file: files of a world have some items. */
const SMALL = { level: 1, memLevel: 1, windowBits: 9 } as const;

/**
 * Makes gzip streams synchronous in this thread. Node compresses on its thread pool, and which of two files is done first
 * would depend on the machine.
 */
export function makeGzipSynchronous(): void {
  const zlib = createRequire(import.meta.url)('node:zlib') as typeof Zlib;
  const { gzipSync, gunzipSync } = zlib;
  const replace = (name: 'createGzip' | 'createGunzip', value: unknown): void =>
    void Object.defineProperty(zlib, name, { value, enumerable: true, configurable: true });
  replace('createGzip', () => stream((input) => gzipSync(input, SMALL)));
  replace('createGunzip', () => stream((input) => gunzipSync(input)));
  syncBuiltinESMExports();
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
