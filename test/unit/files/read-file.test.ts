import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checksums } from '../../../functions/shared/files/data-file.ts';
import {
  type DamagedFileError,
  digestOfLine,
  type ExpectedFile,
  fetchDataFile,
  readItems,
} from '../../../functions/shared/files/read-file.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { itemDigest } from '../../../functions/shared/items/digest.ts';
import { memoryObjects } from './memory-objects.ts';

const key = 'AWSDynamoDB/00000000000001-00000000/data/0-0.json.gz';

function expectedOf(body: Buffer, itemCount: number): ExpectedFile {
  const { md5, sha256 } = checksums(body);
  return { key, itemCount, md5, sha256, gzipBytes: body.length };
}

/** A store with one file, and what the backup says of it. */
function storeWith(text: string | Buffer, itemCount: number) {
  const objects = memoryObjects();
  const body = gzipSync(text);
  objects.bodies.set(key, body);
  return { objects, body, expected: expectedOf(body, itemCount) };
}

async function drain(items: AsyncGenerator): Promise<number> {
  let count = 0;
  for await (const _ of items) count += 1;
  return count;
}

const problemOf = (error: unknown): string => (error as DamagedFileError).problem;
const problem = (work: Promise<unknown>): Promise<string> => work.then(() => 'none', problemOf);

describe('readItems', () => {
  it('reads what was written', async () => {
    const { objects, expected } = storeWith('{"Item":{"id":{"S":"1"}}}\n{"Item":{"id":{"S":"2"}}}\n', 2);
    expect(await drain(readItems(objects, expected))).toBe(2);
  });
  it('says that the file is missing', async () => {
    const { expected } = storeWith('', 0);
    expect(await problem(drain(readItems(memoryObjects(), expected)))).toBe('MissingFile');
  });
  it('tells a file that is cut short from one that was changed', async () => {
    const { objects, body, expected } = storeWith('{"Item":{"id":{"S":"1"}}}\n', 1);
    objects.bodies.set(key, body.subarray(0, -3));
    expect(await problem(drain(readItems(objects, expected)))).toBe('TruncatedFile');
    objects.bodies.set(key, Buffer.from(body.map((byte, at) => (at === 12 ? byte ^ 1 : byte))));
    expect(await problem(drain(readItems(objects, expected)))).toBe('ChangedBytes');
  });
  it.each([
    ['no JSON', '{"Item":{"id"\n'],
    ['no item', '{"Key":{"id":{"S":"1"}}}\n'],
    ['no object', '"Item"\n'],
  ])('refuses a line that is %s', async (_, line) => {
    const { objects, expected } = storeWith(`{"Item":{"id":{"S":"1"}}}\n${line}`, 2);
    await expect(drain(readItems(objects, expected))).rejects.toThrow('Line 2');
  });
  it('refuses a line that is not UTF-8', async () => {
    const line = Buffer.concat([
      Buffer.from('{"Item":{"id":{"S":"'),
      Buffer.from([0xff]),
      Buffer.from('"}}}\n'),
    ]);
    const { objects, expected } = storeWith(line, 1);
    expect(await problem(drain(readItems(objects, expected)))).toBe('BadLine');
  });
  it('counts', async () => {
    const { objects, expected } = storeWith('{"Item":{"id":{"S":"1"}}}\n', 2);
    expect(await problem(drain(readItems(objects, expected)))).toBe('WrongCount');
  });
});

describe('digestOfLine', () => {
  const item = { price: { N: '1.50' }, id: { S: '1' } };
  const lineOf = (text: string) => ({ item, line: Buffer.from(`{"Item":${text}}`) });

  it('is the digest of the item, however an earlier version has spelled it', () => {
    expect(digestOfLine(lineOf(JSON.stringify(item)), {})).toBe(itemDigest(item));
  });
  it('is taken from the bytes where the file says that they are canonical', () => {
    expect(digestOfLine(lineOf(canonicalJson(item)), { canonical: true })).toBe(itemDigest(item));
    expect(digestOfLine(lineOf(JSON.stringify(item)), { canonical: true })).not.toBe(itemDigest(item));
  });
});

describe('fetchDataFile', () => {
  it('fetches bytes that arrived wrong again before it blames the object', async () => {
    const { objects, body, expected } = storeWith('{"Item":{"id":{"S":"1"}}}\n', 1);
    let calls = 0;
    const flaky = {
      ...objects,
      get: async (wanted: string) => {
        calls += 1;
        const object = await objects.get(wanted);
        return calls === 1 && object
          ? { ...object, body: Buffer.from('damaged on the way, but as long as that') }
          : object;
      },
    };
    expect((await fetchDataFile(flaky, expected)).body.equals(body)).toBe(true);
    expect(calls).toBe(2);
  });
});
