import type { WireItem } from '../../shared/items/wire-item.ts';
import type { Quarantined } from './quarantine.ts';

/** What a product becomes, its own item first; or why it becomes nothing. */
export type TransformResult = TransformedItems | Quarantined;

/** The items of one product, each with its `migrationDigest`. */
export interface TransformedItems {
  readonly kind: 'items';
  readonly items: readonly WireItem[];
  /** Each item's JSON, as DynamoDB takes it. */
  readonly texts: readonly string[];
}
