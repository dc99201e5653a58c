import { sourceKey } from '../../../functions/shared/tables/target-tables.ts';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { WireItem } from '../../../functions/shared/wire/wire-item.ts';
import { parsePlainProducts } from './plain-to-wire.ts';

/**
 * Reads products from a file: a JSON array of plain objects, or DynamoDB JSON lines (`{"Item":{...}}`), as they are or
 * gzipped. Lines are streamed, so that a file may be of any size.
 *
 * @throws Error naming the file, and the line or the element that cannot be read; or the folder that it is
 */
export async function* readProductsFile(path: string): AsyncGenerator<WireItem> {
  const source = await openText(path);
  const lines = createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY });
  const array: string[] = [];
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === '') continue;
    if (array.length > 0 || (number === 1 && line.trimStart().startsWith('['))) array.push(line);
    else yield parseLine(line, `${path}, line ${number}`);
  }
  if (array.length > 0) yield* parsePlainProducts(array.join('\n'), path);
}

async function openText(path: string): Promise<Readable> {
  const file = await open(path).catch((error: Error) => {
    throw new Error(`The file ${path} cannot be read: ${error.message}`);
  });
  if ((await file.stat()).isDirectory()) {
    await file.close();
    throw new Error(
      `${path} is a folder; name a file in it: a JSON array of products, or DynamoDB JSON lines. It may be .gz.`,
    );
  }
  const head = Buffer.alloc(2);
  await file.read(head, 0, 2, 0);
  await file.close();
  const gzipped = head[0] === 0x1f && head[1] === 0x8b;
  const text = createReadStream(path);
  // A failure of the file shows up as an error of the last stream.
  return gzipped ? pipeline(text, createGunzip(), () => undefined) : text;
}

function parseLine(line: string, where: string): WireItem {
  const value = parseJson(line.replace(/^\uFEFF/, ''), where) as { Item?: unknown } | null;
  const item = value?.Item;
  if (typeof item === 'object' && item !== null && !Array.isArray(item)) return item as WireItem;
  throw new Error(
    `${where}: not a line of DynamoDB JSON, {"Item":{"${sourceKey.partitionKey}":{"S":"..."}, ...}}.`,
  );
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${where}: not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
