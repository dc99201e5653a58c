import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import {
  countRepeats,
  type Repeats,
  repeatsSentence,
} from '../../../workflow/local/products/count-repeats.ts';
import { generateProducts } from '../../../workflow/local/products/generate-products.ts';
import { readProductsFile } from '../../../workflow/local/products/read-products-file.ts';
import { startTinyAws } from '../../support/embedded.ts';

let aws: EmbeddedAws;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'products-'));
  aws = await startTinyAws();
});

afterAll(async () => {
  await aws.stop();
  await rm(folder, { recursive: true });
});

/** Written by hand where it matters: JSON.parse is the only way to get an own `__proto__`. */
const AWKWARD = `{"id":{"S":"awkward"},"__proto__":{"S":"own"},"constructor":{"M":{"__proto__":{"N":"1"}}},
"long":{"N":"12345678901234567890123456789012345678"},"tiny":{"N":"0.00000000000000000000000000000000000001"},
"bytes":{"B":"AAEC/w=="},"none":{"B":""},"sets":{"M":{"n":{"NS":["1","2"]},"b":{"BS":["AQ==","Ag=="]},"s":{"SS":["a","b"]}}},
"empty":{"S":""},"null":{"NULL":true},"text":{"S":"\\u0000\\u2028 हल्दी 🧵"},"a.b #c":{"BOOL":false},"list":{"L":[{"L":[]},{"M":{}}]}}`.replaceAll(
  '\n',
  '',
);

describe('made products', () => {
  it('are the same for the same seed, and others for another', () => {
    expect([...generateProducts({ count: 50, seed: 7 })]).toEqual([
      ...generateProducts({ count: 50, seed: 7 }),
    ]);
    expect([...generateProducts({ count: 50, seed: 8 })]).not.toEqual([
      ...generateProducts({ count: 50, seed: 7 }),
    ]);
  });

  it('are about 1 KB, with about 4 variants, prices of every spelling, and ids of their own', () => {
    const products = [...generateProducts({ count: 1000 })];
    const bytes =
      products.reduce((sum, product) => sum + JSON.stringify(product).length, 0) / products.length;
    expect(bytes).toBeGreaterThan(900);
    expect(bytes).toBeLessThan(2000);
    const variants = products.reduce((sum, product) => sum + variantCount(product), 0) / products.length;
    expect(variants).toBeGreaterThan(3.5);
    expect(variants).toBeLessThan(4.5);
    expect(new Set(products.map(({ id }) => JSON.stringify(id))).size).toBe(1000);
    const prices = new Set(products.map(({ price }) => JSON.stringify(price).replace(/\d+/g, '9')));
    expect([...prices].toSorted()).toEqual(['{"N":"9"}', '{"S":"9"}', '{"S":"9.9"}']);
  });
});

describe('products from a file', () => {
  it.each([false, true])(
    'of DynamoDB JSON lines reach the table value for value (gzipped: %s)',
    async (gzipped) => {
      const text = `{"Item":${AWKWARD}}\n\n{"Item":{"id":{"S":"plain"}}}`;
      const path = await file(`lines-${gzipped}`, gzipped ? gzipSync(text) : text);
      expect(await aws.loadProducts(readProductsFile(path), `lines-${gzipped}`)).toBe(2);
      const answer = await call('GetItem', {
        TableName: `lines-${gzipped}`,
        Key: { id: { S: 'awkward' } },
        ConsistentRead: true,
      });
      const item = (JSON.parse(answer) as { Item: WireItem }).Item;
      expect(sorted(item)).toBe(sorted(JSON.parse(AWKWARD)));
    },
  );

  it('of plain objects keep every digit of their numbers', async () => {
    const numbers = ['12345678901234567890123456789012345678', '0.1', '-1.5E+10', '9007199254740993'];
    const text = `[\n {"id":"a","numbers":[${numbers.join(',')}],\n"nested":{"yes":true,"no":null,"text":"ü"},"__proto__":{"x":1}},\n {"id":"b"} ]`;
    const items = await readAll(await file('plain', text));
    expect(items).toHaveLength(2);
    expect(items[0]).toMatchObject({
      id: { S: 'a' },
      numbers: { L: numbers.map((N) => ({ N })) },
      nested: { M: { yes: { BOOL: true }, no: { NULL: true }, text: { S: 'ü' } } },
    });
    expect(Object.entries(items[0] ?? {}).find(([name]) => name === '__proto__')?.[1]).toEqual({
      M: { x: { N: '1' } },
    });
  });

  it('of two products with one id the later one stays', async () => {
    const items = ['first', 'second'].map((name) => ({ id: { S: 'same' }, name: { S: name } }));
    await aws.loadProducts(items, 'twice');
    const answer = await call('GetItem', { TableName: 'twice', Key: { id: { S: 'same' } } });
    expect(answer).toContain('second');
  });

  it.each([
    [['a', 'b', 'c'], ''],
    [
      ['a', 'b', 'a'],
      'has a key that an earlier one has (the first is "a"). A table holds one product for each key, so it has one fewer',
    ],
    [
      ['a', 'b', 'b', 'a', 'b'],
      'have a key that an earlier one has (the first is "b"). A table holds one product for each key, so it has that many fewer',
    ],
  ])('with the ids %j are counted when a table cannot hold them all', async (ids, sentence) => {
    const repeats: Repeats = { count: 0 };
    const path = await file('repeated', JSON.stringify(ids.map((id) => ({ id }))));
    let handedOn = 0;
    for await (const _ of countRepeats(readProductsFile(path), repeats)) handedOn += 1;
    expect(handedOn).toBe(ids.length);
    expect(repeats.count).toBe(ids.length - new Set(ids).size);
    expect(repeatsSentence(repeats, path) ?? '').toContain(sentence);
  });

  it('are refused by name when DynamoDB refuses them', async () => {
    const bad = { id: { S: 'culprit' }, price: { N: 'twelve' } };
    await expect(aws.loadProducts([{ id: { S: 'fine' } }, bad], 'refused')).rejects.toThrow(/culprit/);
    await expect(aws.loadProducts([{ id: { N: '1' } }], 'numbered')).rejects.toThrow(/no string "id"/);
    const path = await file('refused.jsonl', `{"id":"fine"}\n${JSON.stringify({ Item: bad })}`);
    await expect(aws.loadProducts(readProductsFile(path), 'refused-lines')).rejects.toThrow(
      `${path}, line 2: The product culprit cannot be put into refused-lines`,
    );
  });

  it('are refused with the reason, also where DynamoDB cannot read the request', async () => {
    const bad = { id: { S: 'culprit' }, picture: { B: 'A*C' } };
    await expect(aws.loadProducts([bad], 'unreadable')).rejects.toThrow(/culprit .*: .*base64/);
  });

  it('never go into a table that is there already', async () => {
    await aws.loadProducts([{ id: { S: '1' } }], 'there');
    await expect(aws.loadProducts([{ id: { S: '2' } }], 'there')).rejects.toThrow(/There is a table there/);
  });

  it('are no requests that the log would show', () => {
    expect(aws.requestLog.entries.filter(({ operation }) => operation === 'BatchWriteItem')).toEqual([]);
  });
});

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function readAll(path: string): Promise<WireItem[]> {
  const items: WireItem[] = [];
  for await (const item of readProductsFile(path)) items.push(item);
  return items;
}

/** Past the SDK, which loses `__proto__`. */
async function call(operation: string, body: unknown): Promise<string> {
  const headers = {
    'x-amz-target': `DynamoDB_20120810.${operation}`,
    'content-type': 'application/x-amz-json-1.0',
  };
  const response = await fetch(aws.endpoint, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.text();
}

/** JSON with sorted names, so that two spellings of one item are equal. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${sorted(member)}`);
  return `{${members.toSorted().join()}}`;
}

function variantCount(product: WireItem): number {
  const { variants, sizes } = product;
  if (variants !== undefined && 'L' in variants) return variants.L.length;
  if (sizes === undefined) return 1;
  return 'L' in sizes ? sizes.L.length : 'SS' in sizes ? sizes.SS.length : 1;
}
