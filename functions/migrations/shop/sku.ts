import { hash } from 'node:crypto';
import type { WireItem } from '../../shared/items/wire-item.ts';
import { present } from './present.ts';
import { refuse } from '../../shared/migration/refusal.ts';

/** What a SKU is made from where the source gives none. */
export interface SkuParts {
  readonly name: string;
  readonly size: string;
  readonly id: string;
}

/** A variant that needs a SKU: the one it came with, if any, and what one is made from otherwise. */
export interface SkuRequest {
  readonly given: string | undefined;
  readonly parts: SkuParts;
}

const NEITHER_LETTER_NOR_DIGIT = /[^\p{L}\p{N}]+/gu;
const NAME_START = /^.{0,3}/u;
/** Hex digits: longer than any number that keeps the variants of one product apart. */
const HASH_LENGTH = 10;

/**
 * The SKU that a product or a variant comes with, verbatim; an empty one too.
 *
 * @throws ItemRefusal `InvalidVariant` where it is of any other type than S
 */
export function readSku(item: WireItem, label: string): string | undefined {
  const sku = present(item, 'sku');
  if (sku === undefined) return undefined;
  if (!('S' in sku)) return refuse('InvalidVariant', `${label} has a sku that is no text (type S).`);
  return sku.S;
}

/**
 * A SKU for each variant, in order, unique inside the product. Given ones stay as they are; made
 * ones that clash with any other get `-2`, `-3` and so on.
 *
 * @throws ItemRefusal `DuplicateSku` where two given ones are the same
 */
export function assignSkus(requests: readonly SkuRequest[], subject: string): string[] {
  const taken = new Set<string>();
  for (const { given } of requests) {
    if (given === undefined) continue;
    if (taken.has(given)) refuse('DuplicateSku', `${subject} has two variants with the same sku.`);
    taken.add(given);
  }
  const clashes = new Map<string, number>();
  return requests.map(({ given, parts }) => given ?? freeSku(makeSku(parts), taken, clashes));
}

/**
 * `<first three letters or digits of the name>-<size>-<id>`, upper case, nothing else but letters and digits of any
 * script. Where that changes the id, a hash of the id follows, so that `a-1`, `a1` and `A1` never share a SKU.
 */
export function makeSku({ name, size, id }: SkuParts): string {
  const [start = ''] = NAME_START.exec(lettersAndDigits(name)) ?? [];
  const end = lettersAndDigits(id);
  const sku = `${start}-${lettersAndDigits(size)}-${end}`;
  return end === id ? sku : `${sku}-${shortHash(id)}`;
}

function shortHash(id: string): string {
  return hash('sha256', id).slice(0, HASH_LENGTH).toUpperCase();
}

function lettersAndDigits(text: string): string {
  return text.toUpperCase().replace(NEITHER_LETTER_NOR_DIGIT, '');
}

/** `clashes` remembers the last number tried for a SKU, so that a thousand equal sizes take a thousand steps. */
function freeSku(made: string, taken: Set<string>, clashes: Map<string, number>): string {
  let number = clashes.get(made) ?? 1;
  let sku = number === 1 ? made : `${made}-${number}`;
  while (taken.has(sku)) {
    number += 1;
    sku = `${made}-${number}`;
  }
  clashes.set(made, number);
  taken.add(sku);
  return sku;
}
