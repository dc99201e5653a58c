import { createHash, randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createFileEncoder,
  type EncodedFile,
  fileLimits,
} from '../../../functions/shared/files/data-file.ts';
import { decodeItems, type DamagedFileError } from '../../../functions/shared/files/read-file.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { arbitraryItem } from '../../support/arbitrary-items.ts';
import { product, products } from './backup-bench.ts';

const MiB = 1024 * 1024;

async function encode(items: readonly WireItem[], limits = fileLimits(4_000)): Promise<EncodedFile> {
  const encoder = createFileEncoder(limits);
  for (const item of items) if (!(await encoder.add(canonicalJson(item)))) break;
  return encoder.finish();
}

async function decode(body: Buffer): Promise<WireItem[]> {
  const items: WireItem[] = [];
  for await (const { item } of decodeItems(body, 'data/0-0.json.gz')) items.push(item);
  return items;
}

/** An item whose JSON no compressor makes smaller than three quarters. */
const noise = (index: number, bytes: number): WireItem => ({
  id: { S: `n-${index}` },
  noise: { B: randomBytes(bytes).toString('base64') },
});

describe('a data file', () => {
  it('is one line of canonical DynamoDB JSON an item, with a trailing newline, as the export writes it', async () => {
    const { body } = await encode([product(1), product(2)]);
    expect(gunzipSync(body).toString()).toBe(
      `{"Item":${canonicalJson(product(1))}}\n{"Item":${canonicalJson(product(2))}}\n`,
    );
  });
  it('carries every legal item exactly, name for name and value for value', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryItem, { maxLength: 12 }), async (items) => {
        const { body } = await encode(items);
        expect((await decode(body)).map(canonicalJson)).toEqual(items.map(canonicalJson));
        expect(gunzipSync(body).toString()).toBe(
          items.map((item) => `{"Item":${canonicalJson(item)}}\n`).join(''),
        );
      }),
      { numRuns: 300 },
    );
  });
  it('has the checksums that independent code finds', async () => {
    const file = await encode(products(300));
    expect(file.md5).toBe(createHash('md5').update(file.body).digest('base64'));
    expect(file.sha256).toBe(createHash('sha256').update(file.body).digest('base64'));
    expect(file.bytes).toBe(gunzipSync(file.body).length);
    expect(file.itemCount).toBe(300);
    expect(file.digest.count).toBe(300);
  });
  it('has the same bytes whenever it is made of the same items, also in many pieces', async () => {
    const items = products(3_000);
    const [one, other] = [await encode(items), await encode(items)];
    expect(one.bytes).toBeGreaterThan(4 * 256 * 1024);
    expect(one.body.equals(other.body)).toBe(true);
    expect(one.body.readUInt32LE(4)).toBe(0);
  });
  it('ends at its number of items', async () => {
    const encoder = createFileEncoder(fileLimits(2));
    expect([
      await encoder.add(canonicalJson(product(1))),
      await encoder.add(canonicalJson(product(2))),
      await encoder.add(canonicalJson(product(3))),
    ]).toEqual([true, true, false]);
    expect((await encoder.finish()).itemCount).toBe(2);
  });
  it('stays below 8 MiB after gzip, whatever comes', async () => {
    const encoder = createFileEncoder(fileLimits(1_000_000));
    let count = 0;
    while (await encoder.add(canonicalJson(noise(count, 300_000)))) count += 1;
    const { body, itemCount } = await encoder.finish();
    expect(itemCount).toBe(count);
    expect(body.length).toBeLessThanOrEqual(8 * MiB);
    expect(body.length).toBeGreaterThan(7 * MiB);
  });
  it('stays below 64 MiB before gzip, so that repetitions do not fill a reader', async () => {
    const encoder = createFileEncoder(fileLimits(1_000_000));
    let count = 0;
    while (await encoder.add(canonicalJson({ id: { S: `${count}` }, text: { S: 'a'.repeat(390_000) } })))
      count += 1;
    expect((await encoder.finish()).bytes).toBeLessThanOrEqual(64 * MiB);
  });
  it('takes any single item, however large', async () => {
    const encoder = createFileEncoder({ items: 1, gzipBytes: 1_000, bytes: 1_000 });
    expect(await encoder.add(canonicalJson(noise(1, 300_000)))).toBe(true);
    expect(await encoder.add(canonicalJson(noise(2, 1)))).toBe(false);
    expect(await decode((await encoder.finish()).body)).toHaveLength(1);
  });
  it('holds lines that are longer than what is unpacked at once', async () => {
    const items = [1, 2, 3].map((index): WireItem => ({
      id: { S: `${index}` },
      text: { S: `${index}`.repeat(390_000) },
    }));
    expect(await decode((await encode(items)).body)).toEqual(items);
  });
  it('may be empty', async () => {
    const { body, itemCount, bytes } = await encode([]);
    expect({ itemCount, bytes, text: gunzipSync(body).toString() }).toEqual({
      itemCount: 0,
      bytes: 0,
      text: '',
    });
  });
});

describe('a data file that was damaged', () => {
  const damages: readonly (readonly [string, (body: Buffer) => Buffer, string])[] = [
    ['cut short', (body) => body.subarray(0, body.length - 20), 'BadGzip'],
    ['not gzip at all', () => Buffer.from('{"Item":{}}\n'), 'BadGzip'],
    [
      'with a byte flipped',
      (body) => Buffer.from(body.map((byte, at) => (at === 40 ? byte ^ 255 : byte))),
      'BadGzip',
    ],
  ];
  it.each(damages)('%s is named for what it is', async (_, damage, problem) => {
    const { body } = await encode(products(50));
    await expect(decode(damage(body))).rejects.toSatisfy(
      (error: DamagedFileError) => error.problem === problem && error.message.includes('data/0-0.json.gz'),
    );
  });
});
