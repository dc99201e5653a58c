import type { WireItem, WireValue } from '../../functions/shared/items/wire-item.ts';

/**
 * Proves from the rules alone that a product was migrated without loss. It shares no code with the transform. Every
 * source attribute must be in METADATA verbatim, or be moved to the variants with an equal value. Every other attribute
 * of the target must be on the list of made ones.
 */

const MADE_IN_METADATA = new Set(
  'PK SK productId slug images availableSizes status createdAt updatedAt migrationRun migrationDigest'.split(
    ' ',
  ),
);
const MADE_IN_VARIANT = new Set(
  'PK SK productId sku size price compareAtPrice currency stockQuantity lowStockThreshold stockStatus isAvailable updatedAt migrationRun migrationDigest'.split(
    ' ',
  ),
);

interface MigratedItems {
  readonly metadata: WireItem;
  readonly variants: readonly WireItem[];
}

/**
 * A sentence for each attribute that is lost, changed or unexplained. Empty if the product is covered. Items come in
 * any order.
 */
export function coverageGaps(product: WireItem, items: readonly WireItem[]): string[] {
  const metadata = items.filter((item) => textOf(item.SK) === 'METADATA');
  const variants = items.filter((item) => textOf(item.SK)?.startsWith('VARIANT#'));
  const [only] = metadata;
  if (only === undefined || metadata.length > 1 || variants.length === 0)
    return ['the items are not one METADATA and some VARIANTs'];
  if (metadata.length + variants.length !== items.length) return ['an item is neither METADATA nor VARIANT'];
  return [
    ...items.flatMap((item) => keyGaps(product, item)),
    ...duplicateKeys(items),
    ...metadataGaps(product, only),
    ...Object.entries(product)
      .filter(([name, value]) => !(isNothing(value) && MADE_IN_METADATA.has(name)))
      .filter((entry) => !isSame(only[entry[0]], entry[1]) && !isMoved(entry, { metadata: only, variants }))
      .map(([name]) => `the source's ${name} is neither in METADATA nor in the variants`),
    ...unmatchedVariants(product, variants),
  ];
}

function keyGaps(product: WireItem, item: WireItem): string[] {
  const id = textOf(product.id);
  const isRight = textOf(item.PK) === `PRODUCT#${id}` && textOf(item.productId) === id;
  const isKeyed = textOf(item.SK) === 'METADATA' || textOf(item.SK) === `VARIANT#${textOf(item.sku)}`;
  return isRight && isKeyed ? [] : ['an item has a key that does not belong to its product'];
}

function duplicateKeys(items: readonly WireItem[]): string[] {
  return new Set(items.map((item) => textOf(item.SK))).size === items.length
    ? []
    : ['two items have one key'];
}

function metadataGaps(product: WireItem, metadata: WireItem): string[] {
  return Object.entries(metadata).flatMap(([name, value]) => {
    const isMade = isNothing(product[name]) && MADE_IN_METADATA.has(name);
    if (Object.hasOwn(product, name) && !isMade)
      return isSame(product[name], value) ? [] : [`METADATA changed ${name}`];
    return MADE_IN_METADATA.has(name) ? [] : [`METADATA has ${name}, which nobody made`];
  });
}

function isMoved([name, value]: readonly [string, WireValue], items: MigratedItems): boolean {
  const { metadata, variants } = items;
  const [first] = variants;
  switch (name) {
    case 'variants':
      return 'L' in value && somethingOf(value.L).length === variants.length;
    case 'sizes':
      return areSizes(value, variants, metadata);
    case 'price':
      return variants.some((variant) => isPaiseOf(variant.price, value));
    case 'sku':
      return variants.length === 1 && isSame(first?.sku, value);
    case 'stock':
    case 'stockQuantity':
      return variants.length === 1 && isEqualNumber(first?.stockQuantity, value);
    default:
      return false;
  }
}

/** A list must appear in the same order. A set must appear with the same members. Empty ones stay in METADATA. */
function areSizes(sizes: WireValue, variants: readonly WireItem[], metadata: WireItem): boolean {
  const expected = stringsOf(sizes);
  const found = new Set(variants.map((variant) => textOf(variant.size)));
  if (expected.length === 0 || !expected.every((size) => found.has(size))) return false;
  if ('SS' in sizes) return found.size === expected.length;
  return 'L' in sizes && isSame(metadata.availableSizes, { L: somethingOf(sizes.L) });
}

/** Every source variant must have a VARIANT of its own that covers it: a bipartite matching by augmenting paths. */
function unmatchedVariants(product: WireItem, variants: readonly WireItem[]): string[] {
  const sources = sourceVariants(product);
  const ownerOf = new Map<number, number>();
  const claim = (source: number, seen: Set<number>): boolean =>
    variants.some((variant, index) => {
      if (seen.has(index) || !isCovered(sources[source] ?? {}, variant, product)) return false;
      seen.add(index);
      const owner = ownerOf.get(index);
      if (owner !== undefined && !claim(owner, seen)) return false;
      ownerOf.set(index, source);
      return true;
    });
  const matched = sources.filter((_, source) => claim(source, new Set())).length;
  if (matched < sources.length)
    return [`${sources.length - matched} source variants have no VARIANT that covers them`];
  return variants.length === sources.length ? [] : ['there are more VARIANTs than the source has'];
}

function sourceVariants(product: WireItem): WireItem[] {
  const { variants, sizes } = product;
  const maps =
    variants !== undefined && 'L' in variants ? variants.L.flatMap((one) => ('M' in one ? [one.M] : [])) : [];
  if (maps.length > 0) return maps;
  const made = sizes === undefined ? [] : stringsOf(sizes).map((size): WireItem => ({ size: { S: size } }));
  return made.length > 0 ? made : [{ size: { S: 'standard' } }];
}

function isCovered(source: WireItem, variant: WireItem, product: WireItem): boolean {
  const isKept = Object.entries(source).every(([name, value]) => isKeptInVariant(name, value, variant));
  const isExplained = Object.keys(variant).every(
    (name) => Object.hasOwn(source, name) || MADE_IN_VARIANT.has(name),
  );
  const isPriced = something(source.price) !== undefined || isPaiseOf(variant.price, product.price);
  const compareAt = something(source.compareAtPrice) ?? something(product.compareAtPrice);
  const isCompared =
    compareAt === undefined
      ? variant.compareAtPrice === undefined
      : isPaiseOf(variant.compareAtPrice, compareAt);
  return isKept && isExplained && isPriced && isCompared;
}

function isKeptInVariant(name: string, value: WireValue, variant: WireItem): boolean {
  // A NULL is replaced by what is made in its place, and kept if nothing is made.
  if (isNothing(value) && MADE_IN_VARIANT.has(name)) return true;
  if (isNothing(value) && name === 'stock' && !Object.hasOwn(variant, name)) return true;
  if (name === 'price' || name === 'compareAtPrice') return isPaiseOf(variant[name], value);
  if (name === 'stock' && isEqualNumber(variant.stockQuantity, value)) return true;
  return Object.hasOwn(variant, name) && isSame(variant[name], value);
}

function isPaiseOf(paise: WireValue | undefined, rupees: WireValue | undefined): boolean {
  if (paise === undefined || rupees === undefined || !('N' in paise)) return false;
  const text = 'N' in rupees ? rupees.N : textOf(rupees);
  return (
    text !== undefined &&
    isNumber(text) &&
    /^\d+$/.test(paise.N) &&
    fractionOf(text, 2) === fractionOf(paise.N, 0)
  );
}

function isEqualNumber(one: WireValue | undefined, other: WireValue | undefined): boolean {
  if (one === undefined || other === undefined || !('N' in one) || !('N' in other)) return false;
  return fractionOf(one.N, 0) === fractionOf(other.N, 0);
}

function isNumber(text: string): boolean {
  return /^[+-]?\d+(\.\d+)?(E[+-]?\d+)?$/i.test(text);
}

/** The number times ten to the power of `shift`, as `<whole>/<denominator>`, reduced by powers of ten. */
function fractionOf(text: string, shift: number): string {
  const [mantissa = '', power = '0'] = text.toLowerCase().split('e');
  const [whole = '', decimals = ''] = mantissa.split('.');
  let numerator = BigInt(`${whole}${decimals}`.replace('+', ''));
  let scale = decimals.length - Number(power) - shift;
  while (scale < 0) [numerator, scale] = [numerator * 10n, scale + 1];
  while (scale > 0 && numerator % 10n === 0n) [numerator, scale] = [numerator / 10n, scale - 1];
  return `${numerator}/${numerator === 0n ? 0 : scale}`;
}

function stringsOf(value: WireValue): string[] {
  if ('SS' in value) return [...value.SS];
  if (isNothing(value)) return [];
  return 'L' in value ? somethingOf(value.L).map((element) => textOf(element) ?? '') : ['no sizes at all'];
}

/** NULL means the same as a missing attribute. */
function isNothing(value: WireValue | undefined): boolean {
  return value === undefined || 'NULL' in value;
}

function something(value: WireValue | undefined): WireValue | undefined {
  return isNothing(value) ? undefined : value;
}

function somethingOf(values: readonly WireValue[]): WireValue[] {
  return values.filter((value) => !isNothing(value));
}

function textOf(value: WireValue | undefined): string | undefined {
  return value !== undefined && 'S' in value ? value.S : undefined;
}

/** Verbatim means the same JSON, except for the order of names and of sets, which DynamoDB does not keep. */
function isSame(one: WireValue | undefined, other: WireValue | undefined): boolean {
  return one !== undefined && other !== undefined && sorted(one) === sorted(other);
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([name, inner]: [string, unknown]) => {
    const isSet =
      ['SS', 'NS', 'BS'].includes(name) &&
      Array.isArray(inner) &&
      inner.every((one) => typeof one === 'string');
    return `${JSON.stringify(name)}:${sorted(isSet ? inner.toSorted() : inner)}`;
  });
  return `{${entries.toSorted().join()}}`;
}
