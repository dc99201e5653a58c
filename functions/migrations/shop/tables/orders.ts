import { defineTable } from '../../../shared/migration/define-table.ts';

/** What customers have bought. */
export const ordersTable = defineTable({
  name: 'orders',
  key: { partition: ['PK', 'S'], sort: ['SK', 'S'] },
  billing: { mode: 'PROVISIONED', readUnitsPerSecond: 2, writeUnitsPerSecond: 2 },
  indexes: [
    {
      name: 'CustomerEmailIndex',
      key: { partition: ['customerEmail', 'S'], sort: ['createdAt', 'S'] },
      projection: 'ALL',
    },
    { name: 'StatusIndex', key: { partition: ['status', 'S'], sort: ['createdAt', 'S'] }, projection: 'ALL' },
  ],
});

/** Key of an order. */
export function orderKey(orderId: string) {
  return { PK: `ORDER#${orderId}`, SK: 'METADATA' } as const;
}

/** Where an order stands; partition key of StatusIndex. */
export type OrderStatus = 'pending' | 'confirmed' | 'shipped' | 'delivered' | 'cancelled';

/** One line of an order. */
export interface OrderLine {
  readonly productId: string;
  readonly sku: string;
  readonly name: string;
  readonly size: string;
  /** Pieces, at least 1. */
  readonly quantity: number;
  /** Paise a piece, at the time of the order. */
  readonly unitPrice: number;
}

/** An order, as the shop writes it. */
export interface Order {
  /** `ORDER#<orderId>` */
  readonly PK: string;
  readonly SK: 'METADATA';
  readonly orderId: string;
  /** Partition key of CustomerEmailIndex. */
  readonly customerEmail: string;
  readonly status: OrderStatus;
  readonly items: readonly OrderLine[];
  /** Paise, the sum of the lines. */
  readonly subtotal: number;
  /** Paise. */
  readonly shipping: number;
  /** Paise, `subtotal` plus `shipping`. */
  readonly total: number;
  /** ISO 4217, for example `INR`. */
  readonly currency: string;
  /** ISO 8601; sort key of both indexes. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly updatedAt: string;
}
