import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { sendWire } from './wire-client.ts';
import type { WireItem, WireValue } from '../items/wire-item.ts';

/** Which partition, and where to start. */
export interface PartitionQuery {
  readonly tableName: string;
  readonly partitionKey: string;
  readonly value: WireValue;
  readonly exclusiveStartKey?: WireItem | undefined;
}

/** One page of a partition. */
export interface PartitionPage {
  readonly items: readonly WireItem[];
  /** Absent on the last page. */
  readonly lastEvaluatedKey?: WireItem;
  readonly readUnits: number;
}

/** Reads items of one partition, strongly consistent; one attempt. Seen by callers as a function, as `updateIf` is. */
export type QueryPartition = (query: PartitionQuery) => Promise<PartitionPage>;

/** {@link QueryPartition} over HTTP. */
export function queryPartition(client: DynamoDBClient): QueryPartition {
  return async ({ tableName, partitionKey, value, exclusiveStartKey }) => {
    const body = JSON.stringify({
      TableName: tableName,
      KeyConditionExpression: '#key = :key',
      ExpressionAttributeNames: { '#key': partitionKey },
      ExpressionAttributeValues: { ':key': value },
      ConsistentRead: true,
      ReturnConsumedCapacity: 'TOTAL',
      ExclusiveStartKey: exclusiveStartKey,
    });
    const answer = JSON.parse(await sendWire(client, 'Query', body)) as {
      readonly Items?: WireItem[];
      readonly LastEvaluatedKey?: WireItem;
      readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
    };
    return {
      items: answer.Items ?? [],
      ...(answer.LastEvaluatedKey && { lastEvaluatedKey: answer.LastEvaluatedKey }),
      readUnits: answer.ConsumedCapacity?.CapacityUnits ?? 0,
    };
  };
}

/**
 * Every page of a partition, one after the other.
 *
 * @param read reads one page, and tries again where it fails
 */
export async function* partitionPages(
  read: QueryPartition,
  partition: Omit<PartitionQuery, 'exclusiveStartKey'>,
): AsyncGenerator<readonly WireItem[]> {
  let exclusiveStartKey: WireItem | undefined;
  do {
    const page = await read({ ...partition, exclusiveStartKey });
    yield page.items;
    exclusiveStartKey = page.lastEvaluatedKey;
  } while (exclusiveStartKey !== undefined);
}
