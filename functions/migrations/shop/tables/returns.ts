import { defineTable } from '../../../shared/migration/define-table.ts';

/** What customers send back. */
export const returnsTable = defineTable({
  name: 'returns',
  key: { partition: ['PK', 'S'], sort: ['SK', 'S'] },
  billing: { mode: 'PROVISIONED', readUnitsPerSecond: 1, writeUnitsPerSecond: 1 },
  indexes: [
    { name: 'OrderIndex', key: { partition: ['orderId', 'S'], sort: ['createdAt', 'S'] }, projection: 'ALL' },
  ],
});

/** Key of a return. */
export function returnKey(returnId: string) {
  return { PK: `RETURN#${returnId}`, SK: 'METADATA' } as const;
}

/** Key of one line of a return; in the return's own partition. */
export function returnItemKey({ returnId, sku }: { readonly returnId: string; readonly sku: string }) {
  return { PK: `RETURN#${returnId}`, SK: `ITEM#${sku}` } as const;
}

/** Where a return stands. */
export type ReturnStatus = 'requested' | 'approved' | 'received' | 'refunded' | 'rejected';

/** A return, as the shop writes it. */
export interface Return {
  /** `RETURN#<returnId>` */
  readonly PK: string;
  readonly SK: 'METADATA';
  readonly returnId: string;
  /** Partition key of OrderIndex. */
  readonly orderId: string;
  readonly status: ReturnStatus;
  readonly reason: string;
  /** Paise to be paid back. */
  readonly refundAmount: number;
  /** ISO 4217, for example `INR`. */
  readonly currency: string;
  /** ISO 8601; sort key of OrderIndex. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly updatedAt: string;
}

/** One line of a return. It has no `orderId`, so that OrderIndex lists each return once. */
export interface ReturnItem {
  /** `RETURN#<returnId>` */
  readonly PK: string;
  /** `ITEM#<sku>` */
  readonly SK: string;
  readonly sku: string;
  readonly productId: string;
  /** Pieces, at least 1. */
  readonly quantity: number;
  /** Paise a piece, as it was paid. */
  readonly unitPrice: number;
}
