import { DescribeTimeToLiveCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { numberAttribute, type WireItem } from '../items/wire-item.ts';
import { listed } from '../text.ts';

/** The attribute by which a table expires items; `undefined` if time to live is off. */
export async function timeToLiveOf(dynamo: DynamoDBClient, tableName: string): Promise<string | undefined> {
  const { TimeToLiveDescription: ttl } = await dynamo.send(
    new DescribeTimeToLiveCommand({ TableName: tableName }),
  );
  const isOn = ttl?.TimeToLiveStatus === 'ENABLED' || ttl?.TimeToLiveStatus === 'ENABLING';
  return isOn ? ttl.AttributeName : undefined;
}

/** DynamoDB does not delete items that expired longer ago than this. */
const OLDEST_EXPIRY_SECONDS = 5 * 365 * 24 * 3600;

/** Which items time to live deletes, seen from one moment. */
export interface Expiry {
  /** Absent where time to live is off. */
  readonly attributeName: string | undefined;
  /** Epoch seconds. */
  readonly nowSeconds: number;
}

/** Whether time to live deletes the item at some time: it has a numeric time that DynamoDB accepts. */
export function willExpire(item: WireItem, { attributeName, nowSeconds }: Expiry): boolean {
  const text = attributeName === undefined ? undefined : numberAttribute(item, attributeName);
  return Number(text ?? Number.NaN) > nowSeconds - OLDEST_EXPIRY_SECONDS;
}

/** Whether the item has expired, so that time to live may delete it at once. */
export function isExpired(item: WireItem, expiry: Expiry): boolean {
  const { attributeName = '', nowSeconds } = expiry;
  return willExpire(item, expiry) && Number(numberAttribute(item, attributeName)) < nowSeconds;
}

/** Items with an expiry time that were migrated to a table without time to live. */
export interface ExpiringItems {
  /** The source's attribute, in epoch seconds. */
  readonly attribute: string;
  /** Items that carry a time. */
  readonly expiring: number;
  /** Those of them that had expired when the run began. */
  readonly expired: number;
}

/** Says that these tables have no time to live. */
export const haveNone = (tables: readonly string[]): string =>
  `${listed(tables)} ${tables.length === 1 ? 'has' : 'have'} no time to live`;

/** What becomes of such items, for plan and report. `targets` are the tables without time to live, by name. */
export function expiringSentence(
  { attribute, expiring, expired }: ExpiringItems,
  { source, targets }: { readonly source: string; readonly targets: readonly string[] },
): string {
  const what = expiring === 1 ? '1 item carries' : `${expiring} items carry`;
  const past =
    expired === 0 ? 'none of them has expired yet' : `${expired} of them had expired when the run began`;
  const target = listed(targets);
  return `${source} deletes items by time to live on ${attribute}, and ${haveNone(targets)}, so migrated items stay there for ever. ${what} such a time, and ${past}. Delete items that should not be migrated from ${source}, or delete them from ${target} afterwards.`;
}
