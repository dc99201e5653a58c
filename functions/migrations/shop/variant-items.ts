import { productPartition, variantSortKey } from './tables/products-enhanced.ts';
import { stringAttribute, type WireItem, type WireValue } from '../../shared/items/wire-item.ts';
import { refuse, refuseReserved } from '../../shared/migration/refusal.ts';
import { paiseOf } from './price.ts';
import { keptAttributes, present } from './present.ts';
import { RESERVED_IN_EVERY_ITEM } from './reserved.ts';
import { assignSkus, readSku } from './sku.ts';
import type { SourceVariants } from './source-variants.ts';
import { isSoldOut, statedStock, stockStatus, wholeNumberOf } from './stock.ts';

/** What the transform of a product is given besides it. */
export interface ShopTools {
  readonly settings: {
    /** Pieces, where the source states no stock. A whole number of at least 0. */
    readonly defaultStockQuantity: number;
  };
  /** ISO 8601. Replaces times that the source lacks. */
  readonly startedAt: string;
  /** How a sentence about the product begins. */
  readonly label: string;
}

/** An item of `products-enhanced`. */
export type CatalogueItem = WireItem & {
  readonly PK: { readonly S: string };
  readonly SK: { readonly S: string };
};

/** A product that has an id and a name, and how a sentence begins that is about it. */
export interface Subject {
  readonly product: WireItem;
  readonly id: string;
  readonly name: string;
  readonly label: string;
}

/** A variant on its way; `fallback` is the product, as far as it speaks for this variant. */
interface Draft {
  readonly subject: Subject;
  readonly own: WireItem;
  readonly size: string;
  readonly sku: string;
  /** The product's stock, where it says what this variant has. */
  readonly productStock: WireValue | undefined;
}

/** Pieces, where the source's variant states none. */
const LOW_STOCK_THRESHOLD = 10;
/** ISO 4217, where the source states none. */
const CURRENCY = 'INR';
/** VARIANT gets these from the migration. */
const RESERVED_IN_VARIANT = [...RESERVED_IN_EVERY_ITEM, 'productId'];
/** The source variant's attributes that the new item has in a form of its own. */
const MOVED = new Set(['sku', 'size', 'price', 'compareAtPrice', 'stockQuantity']);
/** VARIANT always has these. A source's NULL counts as absent, and the made value takes its place. */
const MADE_IN_VARIANT = new Set([
  ...RESERVED_IN_VARIANT,
  'currency',
  'lowStockThreshold',
  'stockStatus',
  'isAvailable',
  'updatedAt',
]);

/** The VARIANT items in the source's order, without their digests. @throws ItemRefusal where the source is unusable */
export function variantItems(
  subject: Subject,
  { variants }: SourceVariants,
  tools: ShopTools,
): CatalogueItem[] {
  const { product, id, name, label } = subject;
  const isOnly = variants.length === 1;
  const productSku = isOnly ? readSku(product, label) || undefined : undefined;
  const requests = variants.map(({ own, size }) => ({
    given: ownSku(own, label) ?? productSku,
    parts: { name, size, id },
  }));
  const skus = assignSkus(requests, label);
  const productStock = stockForVariants(product, isOnly);
  return variants.map(({ own, size }, index) =>
    variantItem({ subject, own, size, sku: skus[index] ?? '', productStock }, tools),
  );
}

/** An only variant has all of the product's stock; of several it is not known who has how much, unless nothing is left. */
function stockForVariants(product: WireItem, isOnly: boolean): WireValue | undefined {
  const stock = statedStock(product);
  return isOnly || (stock !== undefined && isSoldOut(stock)) ? stock : undefined;
}

/** A variant's own sku; an empty one, which a product may have, could stand nowhere. */
function ownSku(own: WireItem, label: string): string | undefined {
  const sku = readSku(own, label);
  return sku === '' ? refuse('InvalidVariant', `${label} has a variant with an empty sku.`) : sku;
}

function variantItem(draft: Draft, { settings, startedAt }: ShopTools): CatalogueItem {
  const { product, id, label } = draft.subject;
  refuseReserved(RESERVED_IN_VARIANT, draft.own, `A variant of ${label}`);
  return {
    PK: { S: productPartition(id) },
    SK: { S: variantSortKey(draft.sku) },
    productId: { S: id },
    sku: { S: draft.sku },
    size: { S: draft.size },
    ...priceAttributes(draft),
    currency: { S: stringAttribute(product, 'currency') ?? CURRENCY },
    ...stockAttributes(draft, settings),
    updatedAt: present(product, 'updatedAt') ?? { S: startedAt },
    ...keptAttributes(draft.own, { isMoved: movedFrom(draft.own), made: MADE_IN_VARIANT }),
  };
}

function priceAttributes({ subject: { product, label }, own }: Draft): WireItem {
  const price =
    present(own, 'price') ??
    present(product, 'price') ??
    refuse('InvalidPrice', `${label} has no price, and neither has one of its variants.`);
  const compareAtPrice = present(own, 'compareAtPrice') ?? present(product, 'compareAtPrice');
  const paise = { price: { N: paiseOf(price, `The price of ${label}`) } };
  if (compareAtPrice === undefined) return paise;
  return { ...paise, compareAtPrice: { N: paiseOf(compareAtPrice, `The compareAtPrice of ${label}`) } };
}

function stockAttributes(draft: Draft, settings: ShopTools['settings']): WireItem {
  const { own, productStock, subject } = draft;
  const stock = statedStock(own) ?? productStock;
  const threshold = present(own, 'lowStockThreshold') ?? { N: String(LOW_STOCK_THRESHOLD) };
  const quantity = wholeNumberOf(
    stock ?? { N: String(settings.defaultStockQuantity) },
    `A stock of ${subject.label}`,
  );
  const lowStockThreshold = wholeNumberOf(threshold, `A lowStockThreshold of ${subject.label}`);
  const status = stockStatus({ quantity, lowStockThreshold });
  return {
    stockQuantity: { N: quantity },
    lowStockThreshold: { N: lowStockThreshold },
    stockStatus: { S: status },
    isAvailable: { BOOL: status !== 'out_of_stock' },
  };
}

/** What else the source says of the variant stays as it is, also where it says what would have been made. */
function movedFrom(own: WireItem): (name: string) => boolean {
  const isStockMoved = present(own, 'stockQuantity') === undefined;
  return (name) => MOVED.has(name) || (isStockMoved && name === 'stock');
}
