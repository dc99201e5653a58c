import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { sendWire } from './wire-client.ts';
import type { WireItem } from '../items/wire-item.ts';

/** One item by its whole key. */
export interface ItemRequest {
  readonly tableName: string;
  readonly key: WireItem;
}

/** What stands under a key. */
export interface ItemAnswer {
  /** Absent: nothing. */
  readonly item?: WireItem;
  readonly readUnits: number;
}

/** Reads one item, strongly consistent; one attempt. Seen by callers as a function, as `queryPartition` is. */
export type GetItem = (request: ItemRequest) => Promise<ItemAnswer>;

/** {@link GetItem} over HTTP. */
export function getItem(client: DynamoDBClient): GetItem {
  return async ({ tableName, key }) => {
    const body = JSON.stringify({
      TableName: tableName,
      Key: key,
      ConsistentRead: true,
      ReturnConsumedCapacity: 'TOTAL',
    });
    const answer = JSON.parse(await sendWire(client, 'GetItem', body)) as {
      readonly Item?: WireItem;
      readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
    };
    return {
      ...(answer.Item && { item: answer.Item }),
      readUnits: answer.ConsumedCapacity?.CapacityUnits ?? 0,
    };
  };
}
