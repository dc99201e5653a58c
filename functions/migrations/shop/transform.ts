import { equalValues } from '../../shared/items/canonical-json.ts';
import { attribute, stringAttribute, type WireItem, type WireValue } from '../../shared/items/wire-item.ts';
import { refuse, refuseReserved } from '../../shared/migration/refusal.ts';
import { keptAttributes } from './present.ts';
import { isSamePrice } from './price.ts';
import { RESERVED_IN_EVERY_ITEM } from './reserved.ts';
import { makeSlug } from './slug.ts';
import { readVariants, type SourceVariants } from './source-variants.ts';
import { METADATA_SORT_KEY, productPartition } from './tables/products-enhanced.ts';
import { type CatalogueItem, type ShopTools, type Subject, variantItems } from './variant-items.ts';

/** What a product has become so far: where its variants came from, and their items. */
interface Moved {
  readonly source: SourceVariants;
  readonly variants: readonly WireItem[];
}

/** The run gives these to METADATA. */
const RESERVED_IN_METADATA = [...RESERVED_IN_EVERY_ITEM, 'productId', 'availableSizes'];
/** METADATA always has these. A source's NULL counts as absent, and the made value takes its place. */
const MADE_IN_METADATA = new Set([
  ...RESERVED_IN_METADATA,
  'slug',
  'images',
  'status',
  'createdAt',
  'updatedAt',
]);

/** The items of one product by their kind. */
export interface ProductItems {
  readonly METADATA: readonly CatalogueItem[];
  readonly VARIANT: readonly CatalogueItem[];
}

/**
 * What a product becomes in `products-enhanced`.
 *
 * What is used moves, what is not used stays: a source attribute whose value a variant carries
 * leaves the product, every other one stands in METADATA as it was, whatever its type. Only what is
 * used must be valid. So a product's price stays where every variant has a price of its own and none
 * equals it, its sku and stock stay where there are several variants, and an empty `variants` stays.
 * NULL means absent, everywhere: it stays where nothing is made in its place.
 *
 * @throws ItemRefusal where the product cannot become that without losing something
 */
export function productItems(product: WireItem, tools: ShopTools): ProductItems {
  const subject = readSubject(product, tools);
  const source = readVariants(product, subject.label);
  const variants = variantItems(subject, source, tools);
  return { METADATA: [metadataItem(subject, { source, variants }, tools)], VARIANT: variants };
}

function readSubject(product: WireItem, { label }: ShopTools): Subject {
  const id = stringAttribute(product, 'id');
  if (id === undefined || id === '') return refuse('MissingId', 'A product has no id of type S.');
  const name = stringAttribute(product, 'name');
  if (name === undefined || name.trim() === '') {
    return refuse('MissingName', `${label} has no name, or its name is not text (type S).`);
  }
  refuseReserved(RESERVED_IN_METADATA, product, label);
  return { product, id, name, label };
}

function metadataItem(subject: Subject, moved: Moved, { startedAt }: ShopTools): CatalogueItem {
  const { product, id, name } = subject;
  const isMoved = movedAttributes(product, moved);
  const kept = keptAttributes(product, {
    isMoved: (attributeName) => isMoved.has(attributeName),
    made: MADE_IN_METADATA,
  });
  return {
    PK: { S: productPartition(id) },
    SK: { S: METADATA_SORT_KEY },
    productId: { S: id },
    slug: { S: makeSlug({ name, id }) },
    images: imagesOf(product),
    status: { S: 'active' },
    createdAt: { S: startedAt },
    updatedAt: { S: startedAt },
    ...kept,
    availableSizes: { L: moved.source.variants.map(({ size }) => ({ S: size })) },
  };
}

/** Where the source has no `images`: its one image, if that is a text. */
function imagesOf(product: WireItem): WireValue {
  const image = stringAttribute(product, 'image');
  return { L: image === undefined || image === '' ? [] : [{ S: image }] };
}

/** The names of the product's attributes that its variants carry. */
function movedAttributes(product: WireItem, { source, variants }: Moved): ReadonlySet<string> {
  const only = variants.length === 1 ? variants[0] : undefined;
  const carried: Record<string, boolean> = {
    variants: source.from === 'variants',
    sizes: source.from === 'sizes' || areSizesOf(source, attribute(product, 'sizes')),
    price: variants.some((variant) => isSamePrice(attribute(product, 'price'), attribute(variant, 'price'))),
    sku: only !== undefined && equal(attribute(product, 'sku'), attribute(only, 'sku')),
    stock: only !== undefined && equal(attribute(product, 'stock'), attribute(only, 'stockQuantity')),
    stockQuantity:
      only !== undefined && equal(attribute(product, 'stockQuantity'), attribute(only, 'stockQuantity')),
  };
  return new Set(Object.keys(carried).filter((name) => carried[name]));
}

/** Whether `sizes` adds nothing to what `variants` says. */
function areSizesOf(source: SourceVariants, sizes: WireValue | undefined): boolean {
  const found = source.variants.map(({ size }) => size);
  return equal(sizes, { L: found.map((size) => ({ S: size })) }) || equal(sizes, { SS: [...new Set(found)] });
}

function equal(one: WireValue | undefined, other: WireValue | undefined): boolean {
  return one !== undefined && other !== undefined && equalValues(one, other);
}
