import { defineTable } from '../../../shared/migration/define-table.ts';

/** What customers have put aside but not bought. A cart lives {@link CART_LIFETIME_SECONDS}. */
export const cartTable = defineTable({
  name: 'cart',
  key: { partition: ['PK', 'S'], sort: ['SK', 'S'] },
  billing: { mode: 'PAY_PER_REQUEST' },
  timeToLiveAttribute: 'expiresAt',
});

/** 30 days. DynamoDB deletes expired items within a few days, so readers check `expiresAt` too. */
export const CART_LIFETIME_SECONDS = 30 * 24 * 60 * 60;

/** Key of one line of a session's cart; all lines of a session share the partition. */
export function cartItemKey({ sessionId, sku }: { readonly sessionId: string; readonly sku: string }) {
  return { PK: `CART#${sessionId}`, SK: `ITEM#${sku}` } as const;
}

/** One line of a cart, as the shop writes it. */
export interface CartItem {
  /** `CART#<sessionId>` */
  readonly PK: string;
  /** `ITEM#<sku>` */
  readonly SK: string;
  readonly sessionId: string;
  readonly productId: string;
  readonly sku: string;
  readonly size: string;
  /** Pieces, at least 1. */
  readonly quantity: number;
  /** Paise a piece, when it was put in. */
  readonly unitPrice: number;
  /** ISO 4217, for example `INR`. */
  readonly currency: string;
  /** ISO 8601. */
  readonly addedAt: string;
  /** Epoch seconds; {@link CART_LIFETIME_SECONDS} after the last change. The table's time to live. */
  readonly expiresAt: number;
}
