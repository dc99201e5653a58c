import type { WireItem } from '../wire/wire-item.ts';
import type { Quarantined } from './quarantine.ts';

/** What a transform depends on besides the product; the same for every product of a run. */
export interface TransformContext {
  readonly runId: string;
  /** ISO 8601; stands in for times that the source lacks. */
  readonly runStartedAt: string;
  /** Pieces, where the source states no stock. A whole number of at least 0. */
  readonly defaultStockQuantity: number;
  /** Pieces, where the source's variant states none. A whole number of at least 0. */
  readonly lowStockThreshold: number;
  /** ISO 4217, where the source states none. */
  readonly currency: string;
}

/** METADATA first, then the variants in the source's order; or why there are none. */
export type TransformResult = TransformedItems | Quarantined;

/** The items of one product, each with its `migrationDigest`. */
export interface TransformedItems {
  readonly kind: 'items';
  readonly items: readonly WireItem[];
  /** Each item's JSON, as DynamoDB takes it. */
  readonly texts: readonly string[];
}

/** A product that has an id and a name, and how a sentence begins that is about it. */
export interface Subject {
  readonly product: WireItem;
  readonly id: string;
  readonly name: string;
  readonly label: string;
}
