import { productPartition, variantSortKey } from '../tables/products-enhanced.ts';
import { attribute, stringAttribute, type WireItem, type WireValue, wireItem } from '../wire/wire-item.ts';
import { refuseReserved, RESERVED_IN_EVERY_ITEM } from './limits.ts';
import { paiseOf } from './price.ts';
import { refuse } from './quarantine.ts';
import { assignSkus, readSku } from './sku.ts';
import type { SourceVariants } from './source-variants.ts';
import { stockStatus, wholeNumberOf } from './stock.ts';
import type { TransformContext } from './transform-context.ts';

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
  /** The product's stock, where it is this variant's alone. */
  readonly productStock: WireValue | undefined;
}

/** VARIANT is given these anew. */
const RESERVED_IN_VARIANT = [...RESERVED_IN_EVERY_ITEM, 'productId'];
/** The source variant's attributes that the new item has in a form of its own. */
const MOVED = new Set(['sku', 'size', 'price', 'compareAtPrice', 'stockQuantity']);

/** The VARIANT items in the source's order, without their digests. @throws ProductRefusal where the source is unusable */
export function variantItems(
  subject: Subject,
  { variants }: SourceVariants,
  context: TransformContext,
): WireItem[] {
  const { product, id, name, label } = subject;
  const isOnly = variants.length === 1;
  const productSku = isOnly ? readSku(attribute(product, 'sku'), label) : undefined;
  const requests = variants.map(({ own, size }) => ({
    given: ownSku(own, label) ?? productSku,
    parts: { name, size, id },
  }));
  const skus = assignSkus(requests, label);
  const productStock = isOnly ? attribute(product, 'stock') : undefined;
  return variants.map(({ own, size }, index) =>
    variantItem({ subject, own, size, sku: skus[index] ?? '', productStock }, context),
  );
}

/** A variant's own sku; an empty one, which a product may have, could stand nowhere. */
function ownSku(own: WireItem, label: string): string | undefined {
  if (!Object.hasOwn(own, 'sku')) return undefined;
  return (
    readSku(attribute(own, 'sku'), label) ??
    refuse('InvalidVariant', `${label} has a variant with an empty sku.`)
  );
}

function variantItem(draft: Draft, context: TransformContext): WireItem {
  const { product, id, label } = draft.subject;
  refuseReserved(RESERVED_IN_VARIANT, draft.own, `A variant of ${label}`);
  return {
    PK: { S: productPartition(id) },
    SK: { S: variantSortKey(draft.sku) },
    productId: { S: id },
    sku: { S: draft.sku },
    size: { S: draft.size },
    ...priceAttributes(draft),
    currency: { S: stringAttribute(product, 'currency') ?? context.currency },
    ...stockAttributes(draft, context),
    updatedAt: attribute(product, 'updatedAt') ?? { S: context.runStartedAt },
    ...keptAttributes(draft.own),
    migrationRun: { S: context.runId },
  };
}

function priceAttributes({ subject: { product, label }, own }: Draft): WireItem {
  const price =
    attribute(own, 'price') ??
    attribute(product, 'price') ??
    refuse('InvalidPrice', `${label} has no price, and neither has one of its variants.`);
  const compareAtPrice = attribute(own, 'compareAtPrice') ?? attribute(product, 'compareAtPrice');
  const paise = { price: { N: paiseOf(price, `The price of ${label}`) } };
  if (compareAtPrice === undefined) return paise;
  return { ...paise, compareAtPrice: { N: paiseOf(compareAtPrice, `The compareAtPrice of ${label}`) } };
}

function stockAttributes(draft: Draft, context: TransformContext): WireItem {
  const { own, productStock, subject } = draft;
  const stock = attribute(own, 'stockQuantity') ?? attribute(own, 'stock') ?? productStock;
  const threshold = attribute(own, 'lowStockThreshold') ?? { N: String(context.lowStockThreshold) };
  const quantity = wholeNumberOf(
    stock ?? { N: String(context.defaultStockQuantity) },
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

/** What the source says of the variant stays as it is, also where it says what would have been made. */
function keptAttributes(own: WireItem): WireItem {
  const isStockMoved = !Object.hasOwn(own, 'stockQuantity');
  const isKept = (name: string): boolean => !MOVED.has(name) && !(isStockMoved && name === 'stock');
  return wireItem(Object.entries(own).filter(([name]) => isKept(name)));
}
