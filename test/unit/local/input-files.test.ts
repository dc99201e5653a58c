import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeLine } from '../../../functions/shared/files/data-file.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { migration } from '../../support/project-migration.ts';
import { InputFileError } from '../../../workflow/local/products/input-file-error.ts';
import { readProductsFile } from '../../../workflow/local/products/read-products-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'input-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function file(content: string | Buffer): Promise<string> {
  files += 1;
  const path = join(folder, `file-${files}`);
  await writeFile(path, content);
  return path;
}

async function readAll(path: string): Promise<WireItem[]> {
  const items: WireItem[] = [];
  for await (const item of readProductsFile(path)) items.push(item);
  return items;
}

const read = async (content: string | Buffer): Promise<WireItem[]> => readAll(await file(content));

async function refusal(content: string | Buffer): Promise<string> {
  const path = await file(content);
  const error: unknown = await readAll(path).then(
    (items) => new Error(`It was read: ${JSON.stringify(items)}`),
    (error: unknown) => error,
  );
  if (!(error instanceof InputFileError)) throw error;
  expect(error.message).toContain(path);
  expect(error.message).not.toMatch(/[\n\r]/);
  return error.message.replaceAll(path, 'FILE');
}

const SEPARATED = 'one\u2028two\u2029three\u0085four\u000bfive';
const plain = [
  { id: 'a', name: SEPARATED, price: 1.5 },
  { id: 'b', tags: ['{', ']', '"', '\\'] },
];
const typed: WireItem[] = [
  { id: { S: 'a' }, name: { S: SEPARATED }, price: { N: '1.5' } },
  { id: { S: 'b' }, tags: { L: [{ S: '{' }, { S: ']' }, { S: '"' }, { S: '\\' }] } },
];
const lines = (values: readonly unknown[], end = '\n'): string =>
  values.map((value) => JSON.stringify(value) + end).join('');
const scan = (more: object = {}) => ({
  Items: typed,
  Count: 2,
  ScannedCount: 2,
  ConsumedCapacity: null,
  ...more,
});
const BOM = '\ufeff';
const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

describe('a file of products is read whatever it was made with:', () => {
  it.each<readonly [string, string | Buffer]>([
    ['a JSON array', JSON.stringify(plain)],
    ['a pretty JSON array', JSON.stringify(plain, null, 2)],
    ['a JSON array of DynamoDB JSON', JSON.stringify(typed)],
    ['a JSON array of export lines', JSON.stringify(typed.map((Item) => ({ Item })))],
    ['JSON lines', lines(plain)],
    ['JSON lines without a last line feed', lines(plain).trimEnd()],
    ['JSON lines with CRLF', lines(plain, '\r\n')],
    ['pretty JSON objects one after the other', plain.map((one) => JSON.stringify(one, null, 2)).join('\n')],
    ['JSON objects with nothing between them', plain.map((one) => JSON.stringify(one)).join('')],
    ['DynamoDB JSON lines', lines(typed.map((Item) => ({ Item })))],
    ['bare DynamoDB JSON lines', lines(typed)],
    ['lines of both kinds', lines([{ Item: typed[0] }, plain[1]])],
    ['plain JSON in the lines of an export', lines(plain.map((Item) => ({ Item })))],
    ['blank first and last lines', `\n \r\n${lines(plain)}\n\n`],
    ['a byte order mark before an array', BOM + JSON.stringify(plain)],
    ['a byte order mark before lines', BOM + lines(plain)],
    [
      'byte order marks in the middle, of files that were joined',
      plain.map((one) => BOM + lines([one])).join(''),
    ],
    ['a byte order mark and a blank line', `${BOM}\n${JSON.stringify(plain)}`],
    ['UTF-16 with its mark, little endian', Buffer.from(BOM + lines(plain, '\r\n'), 'utf16le')],
    ['UTF-16 without a mark, little endian', Buffer.from(JSON.stringify(plain), 'utf16le')],
    ['UTF-16 with its mark, big endian', swapped(BOM + JSON.stringify(plain, null, 2))],
    ['UTF-16 without a mark, big endian', swapped(lines(plain))],
    ['the output of aws dynamodb scan', JSON.stringify(scan(), null, 4)],
    ['the output of aws dynamodb scan in one line', JSON.stringify(scan())],
    ['its Items alone', JSON.stringify(scan().Items, null, 2)],
    ['its Items alone, a line each', lines(scan().Items)],
    ['a scan whose Items do not come first', JSON.stringify({ Count: 2, ScannedCount: 2, Items: typed })],
    ['a scan of plain items', JSON.stringify({ Items: plain, Count: 2 })],
    [
      'pages of a scan, one after the other',
      lines([scan({ Items: [typed[0]], LastEvaluatedKey: { id: { S: 'a' } } }), scan({ Items: [typed[1]] })]),
    ],
    ['two arrays', `${JSON.stringify([plain[0]])}\n${JSON.stringify([plain[1]])}`],
    ['a gzip of it', gzipSync(JSON.stringify(plain))],
    ['a gzip of UTF-16', gzipSync(Buffer.from(BOM + lines(plain), 'utf16le'))],
    ['a gzip in several members', Buffer.concat(plain.map((one) => gzipSync(lines([one]))))],
    ['a gzip with zeros behind it', Buffer.concat([gzipSync(lines(plain)), Buffer.alloc(512)])],
  ])('%s', async (_, content) => {
    expect(await read(content)).toEqual(typed);
  });

  it('the data files of our own backups, U+2028 and all', async () => {
    const data = typed.map((item) => encodeLine(item)).join('');
    expect(await read(gzipSync(data))).toEqual(typed);
  });

  it('nothing, of an empty file', async () => {
    for (const content of ['', '\n\n', '[]', BOM, gzipSync(''), '{"Items": [], "Count": 0}'])
      expect(await read(content)).toEqual([]);
  });

  it('the same items wherever its pieces are cut, and whatever stands in the texts', async () => {
    const values = fc.array(fc.record({ id: fc.string({ unit: 'binary' }), more: fc.jsonValue() }), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(values, fc.constantFrom(0, 2), fc.boolean(), async (found, indent, isList) => {
        const text = isList
          ? JSON.stringify(found, null, indent)
          : found.map((one) => JSON.stringify(one, null, indent)).join('\n');
        const items = await read(text);
        expect(items.map(({ id }) => id)).toEqual(found.map(({ id }) => ({ S: id })));
      }),
      { numRuns: 60 },
    );
  });

  it('a file far larger than what is held of it', async () => {
    const count = 20_000;
    const rows = Array.from({ length: count }, (_, index) => ({ id: `p-${index}`, text: '🧵'.repeat(100) }));
    expect(await read(JSON.stringify(rows))).toHaveLength(count);
  });

  it('a pipe, which cannot be read twice and hands over what it has', () => {
    const script = `
      import { readProductsFile } from '${join(process.cwd(), 'workflow/local/products/read-products-file.ts')}';
      for await (const item of readProductsFile(process.argv[1])) console.log(JSON.stringify(item));`;
    // Another process has the project's migration, and its items that one's key.
    const keyItem = (number: number): WireItem =>
      Object.fromEntries(
        migration.source.key.map(({ name, type }) => [
          name,
          { [type]: type === 'N' ? `${number}` : `AAA${number}` },
        ]),
      ) as WireItem;
    const [first, second] = [JSON.stringify(keyItem(1)), JSON.stringify(keyItem(2))];
    const run = `{ printf '\\xef'; sleep 0.1; printf '\\xbb\\xbf[${first}'; sleep 0.1; printf ']'; } |
      "$NODE" --input-type=module -e "$SCRIPT" /dev/stdin;
      "$NODE" --input-type=module -e "$SCRIPT" <(printf '${second}' | gzip)`;
    const env = { ...process.env, NODE: process.execPath, SCRIPT: script };
    const { stdout, stderr } = spawnSync('bash', ['-c', run], { env, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toBe(`${first}\n${second}\n`);
  });

  it('a folder of data files, and the folder of a backup, of which no file may be missing', async () => {
    const backup = join(folder, 'backup');
    await mkdir(join(backup, 'data'), { recursive: true });
    await writeFile(join(backup, 'manifest-summary.json'), '{"itemCount": 2}');
    await writeFile(join(backup, 'data', '0-0.json.gz'), gzipSync(lines([{ Item: typed[0] }])));
    await writeFile(join(backup, 'data', '1-0.json.gz'), gzipSync(lines([{ Item: typed[1] }])));
    expect(await readAll(backup)).toEqual(typed);
    expect(await readAll(join(backup, 'data'))).toEqual(typed);
    await rm(join(backup, 'data', '1-0.json.gz'));
    await expect(readAll(backup)).rejects.toThrow(
      `${backup} holds 1 item, and its manifest-summary.json says 2 items: files are missing or double.`,
    );
    await expect(readAll(folder)).rejects.toThrow(`${folder} is a folder without data files`);
  });
});

describe('a file that cannot be read is refused in one sentence with file, line and remedy:', () => {
  const half = gzipSync(JSON.stringify(plain));
  const broken = Buffer.from(half);
  broken[broken.length - 6] = (broken[broken.length - 6] ?? 0) ^ 1;

  it.each<readonly [string, string | Buffer, string | RegExp]>([
    [
      'a number in a list',
      '[{"id":"a"},\n3]',
      /^FILE, line 2: element 2: not an object, but "3]".*start again\.$/,
    ],
    ['a list in a list', '[[{"id":"a"}]]', /line 1: element 1: not an object/],
    [
      'a list that does not end',
      '[{"id":"a"}\n',
      /line 2: the file ends in the middle of what begins on line 1\. It is truncated/,
    ],
    [
      'an object that does not end',
      '{"id":"a"}\n\n{"id":"b",\n"name":',
      /line 4: the file ends in the middle of what begins on line 3/,
    ],
    [
      'a missing comma',
      '[{"id":"a"}\n{"id":"b"}]',
      /line 2: not JSON: .* where a comma or the end of the list must follow element 1/,
    ],
    ['a comma too many', '[{"id":"a"},]', /line 1: element 2: not an object, but "\]"/],
    ['a comma between lines', '{"id":"a"},\n{"id":"b"}', /line 1: not JSON: ",\\n\{/],
    [
      'a missing bracket in a line',
      '{"id":"a"}\n{"Item":{"id":{"S":"b"}}\n{"id":"c"}}',
      /line 3: not JSON \(Expected/,
    ],
    [
      'a missing quotation mark',
      '{"id":"a"}\n{"id":"b, "n": 1}\n{"id":"c"}',
      /line 2: not JSON|line 2: a text contains a line break/,
    ],
    ['single quotes', "{'id': 'a'}", /line 1: not JSON \(Expected property name/],
    ['a comment', '// products\n{"id":"a"}', /line 1: not JSON: "\/\/ products/],
    ['comma separated values', 'id,name\n1,x\n', /line 1: not JSON: "id,name.*Give a JSON array of products/],
    ['a text of aws --output text', 'ITEMS\tx', /line 1: not JSON/],
    ['NaN', '{"id":"a","n":NaN}', /line 1: not JSON/],
    [
      'a line break in the fourth line of an object',
      '{\n"id": "a",\n"n": 1,\n"x": oops\n}',
      /line 4: not JSON/,
    ],
    ['lists in lists in lists', `{"id":"a",\n"x":${'['.repeat(100_000)}`, /line 2: nested too deeply/],
    [
      'no key',
      '{"id":"a"}\n{"name":"b"}',
      /line 2: an item has no "id", and the table's key is "id", a text/,
    ],
    ['a number as key', '[{"id":5}]', /line 1, element 1: an item has the "id" 5, and the table's key/],
    [
      'a number as key in DynamoDB JSON',
      '{"Item":{"id":{"N":"5"}}}',
      /line 1: an item has the "id" \{"N":"5"\}/,
    ],
    [
      'both kinds of JSON in one product',
      '{"id":{"S":"a"},"n":1}',
      /line 1: "id" is DynamoDB JSON \(\{"S": \.\.\.\}\), but "n" is not/,
    ],
    ['half a character', '{"id":"a"}\n{"id":"b\\ud83d"}', /line 2: a text holds half a character/],
    [
      'a scan of one page only',
      JSON.stringify(scan({ LastEvaluatedKey: { id: { S: 'b' } } })),
      /line 1: the scan's output ends before its table does .* without --max-items/,
    ],
    [
      'a scan that was cut by --max-items',
      JSON.stringify(scan({ NextToken: 'x' }), null, 2),
      /the scan's output ends before its table does/,
    ],
    [
      'an object that looks like a scan',
      '{"Items":[{"id":"x"}],"id":"a"}',
      /begins with "Items" as the output of aws dynamodb scan does, but has "id"/,
    ],
    [
      'a truncated gzip',
      half.subarray(0, half.length - 12),
      /^FILE is a gzip file that is truncated or damaged \(unexpected end of file\).*gzip -t FILE checks it\.$/,
    ],
    ['a damaged gzip', broken, /truncated or damaged \(incorrect data check\)/],
    ['a damaged second member', Buffer.concat([gzipSync('{"id":"a"}\n'), broken]), /truncated or damaged/],
    [
      'a member behind zeros',
      Buffer.concat([gzipSync('{"id":"a"}\n'), Buffer.alloc(9), gzipSync('{"id":"b"}')]),
      /\d+ bytes after its end are not gzip/,
    ],
    ['a zip file', Buffer.from('504b0304140000', 'hex'), /^FILE is a zip file: unpack it/],
    ['a gzip of a zip file', gzipSync(Buffer.from('504b030414', 'hex')), /^FILE is a zip file: unpack it/],
    ['a Parquet file', Buffer.from('PAR1\0\0'), /^FILE is a Parquet file: convert it to JSON/],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /^FILE, line 1: not text in UTF-8/],
    [
      'Latin-1 in line 3',
      Buffer.from('{"id":"a"}\n{"id":"b"}\n{"id":"é"}\n', 'latin1'),
      /^FILE, line 3: not text in UTF-8/,
    ],
    [
      'UTF-16 that ends in mid-character',
      Buffer.from(`${BOM}{"id":"a"}`, 'utf16le').subarray(0, -1),
      /UTF-16LE/,
    ],
    ['zeros', Buffer.alloc(100), /^FILE, line 1: not JSON/],
  ])('%s', async (_, content, sentence) => {
    expect(await refusal(content)).toMatch(sentence);
  });

  it('a file that is not there', async () => {
    await expect(readAll(join(folder, 'nowhere.json'))).rejects.toThrow(
      /The file .*nowhere\.json cannot be read: ENOENT.* Check the path/,
    );
  });
});
