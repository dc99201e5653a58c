import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { BulkPutLine } from '../../../../functions/shared/cost/bulk-put.ts';
import { itemSizeBytes } from '../../../../functions/shared/items/item-size.ts';
import type { WireItem } from '../../../../functions/shared/items/wire-item.ts';
import type { Compression } from './start-request.ts';

/** A line of an input object, or what is wrong with it. */
export type InputLine =
  | { readonly kind: 'line'; readonly number: number; readonly line: BulkPutLine; readonly itemBytes: number }
  /** It is JSON, but not a line of bulk put. The next one is read. */
  | { readonly kind: 'invalid'; readonly number: number; readonly error: string }
  /** Nothing after it can be read; without a number the object as a whole. */
  | { readonly kind: 'malformed'; readonly number?: number; readonly error: string };

/** The lines of an object up to the first that cannot be read. Empty lines are none. */
export function* inputLines(bytes: Buffer, compression: Compression): Generator<InputLine> {
  const text = unpacked(bytes, compression);
  if (text === undefined) {
    yield { kind: 'malformed', error: `The object is not valid ${compression} data in UTF-8` };
    return;
  }
  let number = 0;
  for (const line of text.split('\n')) {
    number += 1;
    if (line.trim() === '') continue;
    const read = readLine(line, number);
    yield read;
    if (read.kind === 'malformed') return;
  }
}

function unpacked(bytes: Buffer, compression: Compression): string | undefined {
  try {
    const plain =
      compression === 'GZIP' ? gunzipSync(bytes) : compression === 'ZSTD' ? zstdDecompressSync(bytes) : bytes;
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch {
    return undefined;
  }
}

const MEMBERS = new Set([
  'Item',
  'ConditionExpression',
  'ExpressionAttributeNames',
  'ExpressionAttributeValues',
]);

function readLine(text: string, number: number): InputLine {
  const json = parsed(text);
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return { kind: 'malformed', number, error: 'The line is not a JSON object' };
  const foreign = Object.keys(json).find((name) => !MEMBERS.has(name));
  if (foreign !== undefined)
    return { kind: 'invalid', number, error: `The line has a field that bulk put does not know: ${foreign}` };
  const { Item } = json as Partial<BulkPutLine>;
  if (typeof Item !== 'object' || Item === null || Array.isArray(Item))
    return { kind: 'invalid', number, error: 'The line has no Item' };
  const itemBytes = sizeOf(Item);
  if (itemBytes === undefined) return { kind: 'invalid', number, error: 'The Item is not DynamoDB JSON' };
  return { kind: 'line', number, line: json as BulkPutLine, itemBytes };
}

/** `undefined` for what has no size, because an attribute of it is no value. Not every engine refuses that. */
function sizeOf(item: WireItem): number | undefined {
  try {
    return itemSizeBytes(item);
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
