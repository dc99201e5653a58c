import { setTimeout as sleep } from 'node:timers/promises';
import type { BulkPutLine } from '../../../../functions/shared/cost/bulk-put.ts';
import { BYTES_PER_WRITE_UNIT, itemSizeBytes } from '../../../../functions/shared/items/item-size.ts';
import type { WireItem } from '../../../../functions/shared/items/wire-item.ts';
import { AwsError } from '../../gateway/aws-answers.ts';
import type { AwsResponse } from '../../gateway/aws-request.ts';
import { indexedBytes } from './bulk-table.ts';
import type { BulkOperation } from './operation.ts';

/** What became of a line. */
export type Written =
  | { readonly kind: 'written' }
  | { readonly kind: 'conditionFailed'; readonly message: string; readonly existingItem?: WireItem }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** Carries a PutItem out with the permissions of an operation, unless the operation has been aborted. */
export type PutItem = (operation: BulkOperation, json: Record<string, unknown>) => Promise<AwsResponse>;

/** What makes an item fail. Everything else makes the operation fail. */
const ITEM_ERRORS = new Set([
  'ValidationException',
  'SerializationException',
  'ItemCollectionSizeLimitExceededException',
]);

/** What passes. */
const PASSING = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionConflictException',
  'InternalServerError',
  'ServiceUnavailable',
]);

const TRIES = 10;
const PAUSE_MILLIS = 50;

/** Write request units of an item of this size. */
export function writeUnitsOf(itemBytes: number): number {
  return Math.max(1, Math.ceil(itemBytes / BYTES_PER_WRITE_UNIT));
}

/**
 * Writes the item of a line, if its condition holds, and counts its bytes.
 *
 * @throws AwsError for what makes the whole operation fail: the table is gone, its policy denies, the engine is down
 */
export async function writeLine(
  putItem: PutItem,
  operation: BulkOperation,
  line: BulkPutLine,
): Promise<Written> {
  const json = {
    ...line,
    TableName: operation.table.name,
    ...(line.ConditionExpression !== undefined && { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
  };
  for (let tries = 1; ; tries += 1) {
    const { status, body } = await putItem(operation, json);
    if (status < 400) {
      countBytes(operation, line.Item);
      return { kind: 'written' };
    }
    const { code, message, item } = readRefusal(body);
    if (code === 'ConditionalCheckFailedException')
      return { kind: 'conditionFailed', message, ...(item !== undefined && { existingItem: item }) };
    if (ITEM_ERRORS.has(code)) return { kind: 'refused', code, message };
    if (!PASSING.has(code) || tries === TRIES) throw new AwsError(status, code, message);
    await sleep(PAUSE_MILLIS);
  }
}

function countBytes({ table, counts }: BulkOperation, item: WireItem): void {
  counts.tableBytes += itemSizeBytes(item);
  for (const index of [...table.localIndexes, ...table.globalIndexes])
    counts.indexBytes.set(index.name, (counts.indexBytes.get(index.name) ?? 0) + indexedBytes(index, item));
}

function readRefusal(body: Buffer): {
  readonly code: string;
  readonly message: string;
  readonly item?: WireItem;
} {
  const json = JSON.parse(body.toString()) as {
    readonly __type?: string;
    readonly message?: string;
    readonly Message?: string;
    readonly Item?: WireItem;
  };
  const code = json.__type?.split('#').at(-1) ?? 'InternalServerError';
  const message = json.message ?? json.Message ?? code;
  return { code, message, ...(json.Item !== undefined && { item: json.Item }) };
}
