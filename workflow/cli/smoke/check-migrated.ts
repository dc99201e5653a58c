import { attribute, type WireItem, type WireValue } from '../../../functions/shared/items/wire-item.ts';
import type { AwkwardProduct, ExpectedVariant } from './awkward-products.ts';
import { isSame, orderedText } from './same-value.ts';

/** What a check compares by. */
export interface MigratedCheck {
  readonly expected: readonly AwkwardProduct[];
  /** The source, as it reads now. */
  readonly source: readonly WireItem[];
  /** Everything in `products-enhanced`. */
  readonly migrated: readonly WireItem[];
  readonly runId: string;
  readonly defaultStockQuantity: string;
}

const madeInMetadata = new Set(
  'PK SK productId slug images availableSizes status createdAt updatedAt migrationRun migrationDigest'.split(
    ' ',
  ),
);
const madeInVariant = new Set(
  'PK SK productId sku size price compareAtPrice currency stockQuantity lowStockThreshold stockStatus isAvailable updatedAt migrationRun migrationDigest'.split(
    ' ',
  ),
);

/**
 * Compares the target, item for item and attribute for attribute, with what the products must become. Shares no code
 * with the transform.
 *
 * @returns a sentence for each thing that is wrong; none when all is well.
 */
export function migratedGaps(check: MigratedCheck): readonly string[] {
  const sources = new Map(check.source.map((item) => [text(item['id']), item]));
  const targets = Map.groupBy(check.migrated, (item) => text(item['PK']));
  const gaps = check.expected.flatMap((expected) => {
    const id = text(expected.item['id']);
    const source = sources.get(id);
    if (source === undefined) return [`${id} is no longer in the source`];
    return productGaps(check, { id, source, items: targets.get(`PRODUCT#${id}`) ?? [] }, expected);
  });
  const known = new Set(check.expected.map(({ item }) => `PRODUCT#${text(item['id'])}`));
  const foreign = [...targets.keys()].filter((key) => !known.has(key));
  return [...gaps, ...foreign.map((key) => `${key} is in the target and nowhere else`)];
}

interface Product {
  readonly id: string;
  readonly source: WireItem;
  /** Its items in the target. */
  readonly items: readonly WireItem[];
}

function productGaps(check: MigratedCheck, product: Product, expected: AwkwardProduct): readonly string[] {
  const { id, items } = product;
  const [metadata, ...others] = items.filter((item) => text(item['SK']) === 'METADATA');
  const variants = items.filter((item) => text(item['SK']).startsWith('VARIANT#'));
  if (metadata === undefined || others.length > 0 || variants.length + 1 !== items.length)
    return [`${id} has not one METADATA and variants`];
  const stamped = items.every(
    (item) => text(item['productId']) === id && text(item['migrationRun']) === check.runId,
  );
  return [
    ...(stamped ? [] : [`${id} has an item of another product or run`]),
    ...metadataGaps(product, metadata, expected),
    ...variantGaps(check, { id, variants }, expected),
  ];
}

function metadataGaps(
  { id, source }: Product,
  metadata: WireItem,
  expected: AwkwardProduct,
): readonly string[] {
  const kept = Object.entries(source).filter(([name]) => !expected.moved.includes(name));
  const lost = kept.filter(([name, value]) => !isSame(attribute(metadata, name), value));
  const foreign = Object.keys(metadata).filter(
    (name) => !madeInMetadata.has(name) && !kept.some(([known]) => known === name),
  );
  const sizes = { L: sizesOf(source, expected).map((S) => ({ S })) };
  return [
    ...lost.map(([name]) => `${id} lost or changed ${name}`),
    ...foreign.map((name) => `${id} has ${name} in METADATA, where it does not belong`),
    ...(isSame(metadata['availableSizes'], sizes) ? [] : [`${id} has other availableSizes`]),
  ];
}

/** In the source's order; a set has none, so its sizes are sorted. */
function sizesOf({ sizes }: WireItem, { variants }: AwkwardProduct): readonly string[] {
  const found = variants.map(({ size }) => size);
  return sizes !== undefined && 'SS' in sizes ? found.toSorted() : found;
}

interface Variants {
  readonly id: string;
  readonly variants: readonly WireItem[];
}

function variantGaps(
  { defaultStockQuantity }: MigratedCheck,
  { id, variants }: Variants,
  expected: AwkwardProduct,
): readonly string[] {
  const isKeyed = variants.every((item) => text(item['SK']) === `VARIANT#${text(item['sku'])}`);
  const wanted = expected.variants.map((variant) => wantedText(variant, defaultStockQuantity));
  const found = variants.map((item) => foundText(item, expected.variants[0]?.sku !== undefined));
  const isEqual = orderedText({ SS: wanted }) === orderedText({ SS: found });
  return [
    ...(isKeyed ? [] : [`${id} has a variant under another key than its sku`]),
    ...(isEqual ? [] : [`${id} has other variants: ${found.join(' and ')}, not ${wanted.join(' and ')}`]),
  ];
}

function wantedText(variant: ExpectedVariant, defaultStock: string): string {
  const { size, paise, compareAtPaise = '', sku = '', stock = defaultStock, kept = {} } = variant;
  return JSON.stringify([size, paise, 'INR', compareAtPaise, sku, stock, stock !== '0', orderedText(kept)]);
}

function foundText(item: WireItem, hasSku: boolean): string {
  const { size, price, currency, compareAtPrice, sku, stockQuantity, isAvailable } = item;
  const kept = Object.fromEntries(Object.entries(item).filter(([name]) => !madeInVariant.has(name)));
  const available = isAvailable !== undefined && 'BOOL' in isAvailable && isAvailable.BOOL;
  const plain = [size, price, currency, compareAtPrice, hasSku ? sku : undefined, stockQuantity].map(text);
  return JSON.stringify([...plain, available, orderedText(kept)]);
}

/** The text of an `S` or `N`; empty where there is none. */
function text(value: WireValue | undefined): string {
  if (value === undefined) return '';
  if ('S' in value) return value.S;
  return 'N' in value ? value.N : '';
}
