import { defineTable } from '../../../shared/migration/define-table.ts';

/** The catalogue: one METADATA item a product and one VARIANT item for each thing that can be bought. */
export const productsEnhancedTable = defineTable({
  name: 'products-enhanced',
  key: { partition: ['PK', 'S'], sort: ['SK', 'S'] },
  billing: { mode: 'PAY_PER_REQUEST' },
  holds: ['METADATA', 'VARIANT'],
});

const PARTITION_PREFIX = 'PRODUCT#';

/** Partition of a product; its id verbatim. */
export function productPartition(productId: string): `PRODUCT#${string}` {
  return `${PARTITION_PREFIX}${productId}`;
}

/** Id of the product whose partition this is; `undefined` for a partition of anything else. */
export function productIn(partition: string): string | undefined {
  const isProduct = partition.startsWith(PARTITION_PREFIX) && partition !== PARTITION_PREFIX;
  return isProduct ? partition.slice(PARTITION_PREFIX.length) : undefined;
}

/** Sort key of the item that describes the product itself. */
export const METADATA_SORT_KEY = 'METADATA';

/** Sort key of a variant; unique inside its product. */
export function variantSortKey(sku: string): `VARIANT#${string}` {
  return `VARIANT#${sku}`;
}

/** What the migration makes of a METADATA item; every other attribute of the source product is added verbatim. */
export interface ProductMetadata {
  /** `PRODUCT#<productId>` */
  readonly PK: string;
  readonly SK: typeof METADATA_SORT_KEY;
  readonly productId: string;
  readonly name: string;
  /** Unique over the catalogue. */
  readonly slug: string;
  /** URLs. */
  readonly images: readonly string[];
  /** The variants' sizes, in the source's order. */
  readonly availableSizes: readonly string[];
  readonly status: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly updatedAt: string;
  /** Id of the run that wrote the item. */
  readonly migrationRun: string;
  /** SHA-256 of the item's other attributes as they were written, 64 hex digits. */
  readonly migrationDigest: string;
}

/** Whether a variant can be bought; `low_stock`: at or below its `lowStockThreshold`. */
export type StockStatus = 'in_stock' | 'low_stock' | 'out_of_stock';

/** What the migration makes of a VARIANT item; other attributes of the source's variant stand beside it verbatim. */
export interface ProductVariant {
  /** `PRODUCT#<productId>` */
  readonly PK: string;
  /** `VARIANT#<sku>` */
  readonly SK: string;
  readonly productId: string;
  readonly sku: string;
  /** `standard` where the source has no sizes. */
  readonly size: string;
  /** Paise. */
  readonly price: number;
  /** Paise; the price before a reduction. */
  readonly compareAtPrice?: number;
  /** ISO 4217, for example `INR`. */
  readonly currency: string;
  /** Pieces. */
  readonly stockQuantity: number;
  /** Pieces; at or below this the stock is low. */
  readonly lowStockThreshold: number;
  readonly stockStatus: StockStatus;
  readonly isAvailable: boolean;
  /** ISO 8601. */
  readonly updatedAt: string;
  /** Id of the run that wrote the item. */
  readonly migrationRun: string;
  /** SHA-256 of the item's other attributes as they were written, 64 hex digits. */
  readonly migrationDigest: string;
}
