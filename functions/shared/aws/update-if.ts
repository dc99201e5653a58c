import { isNamed } from '../errors.ts';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type ConditionalOutcome, existingItem } from './item-table.ts';
import type { ItemChange } from './unchanged.ts';
import { refusedWriteUnits } from '../items/item-size.ts';
import { sendWire } from './wire-client.ts';
import type { WireItem } from '../items/wire-item.ts';

/** Which item is changed, and how. */
export interface ConditionalUpdate {
  readonly tableName: string;
  readonly key: WireItem;
  readonly change: ItemChange;
}

interface UpdateAnswer {
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}

/** Changes an item by UpdateItem; one attempt. Seen by callers as a function, so that tests bring their own. */
export type UpdateIf = (update: ConditionalUpdate) => Promise<ConditionalOutcome>;

/** {@link UpdateIf} over HTTP. A refusal is an answer, not an error. It holds the existing item. */
export function updateIf(client: DynamoDBClient): UpdateIf {
  return async ({ tableName, key, change }) => {
    const body = JSON.stringify({
      TableName: tableName,
      Key: key,
      UpdateExpression: change.update,
      ConditionExpression: change.condition,
      ExpressionAttributeNames: change.names,
      ExpressionAttributeValues: change.values,
      ReturnConsumedCapacity: 'TOTAL',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      const answer: UpdateAnswer = JSON.parse(await sendWire(client, 'UpdateItem', body));
      return { written: true, writeUnits: answer.ConsumedCapacity?.CapacityUnits ?? 0 };
    } catch (error) {
      if (!isNamed(error, 'ConditionalCheckFailedException')) throw error;
      const existing = existingItem(error);
      return { written: false, writeUnits: refusedWriteUnits(existing), existing };
    }
  };
}
