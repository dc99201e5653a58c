import { isNamed } from '../../../functions/shared/errors.ts';
import {
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  type TableDescription,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { describeTable, listTags, tagsOf } from '../../../functions/shared/aws/describe-table.ts';
import { isBusyOrTransient } from '../../../functions/shared/tables/busy-table.ts';
import { migration } from '#migration/index.ts';
import { sendWire } from '../../../functions/shared/aws/wire-client.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { OperatorContext } from '../context.ts';
import { OperatorError } from '../operator-error.ts';
import { type Pace, until } from './pace.ts';

/** The tag that makes a source table the smoke test's own; its value is the time of the test. */
export const smokeTag = 'migration:smoke';

/** An existing table, with its tags. */
export interface FoundTable {
  readonly name: string;
  readonly description: TableDescription;
  readonly tags: ReadonlyMap<string, string>;
}

/** Creates the source, tagged in the same call, so that there is no moment at which it is nobody's. */
export async function createSource(
  { dynamo, pace }: TableScope,
  name: string,
  startedAt: string,
): Promise<void> {
  await dynamo.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: migration.source.key.map(({ name: AttributeName, type: AttributeType }) => ({
        AttributeName,
        AttributeType,
      })),
      KeySchema: migration.source.key.map(({ name: AttributeName }, index) => ({
        AttributeName,
        KeyType: index === 0 ? 'HASH' : 'RANGE',
      })),
      Tags: [{ Key: smokeTag, Value: startedAt }],
    }),
  );
  await untilActive({ dynamo, pace }, name);
}

/** What the functions of this file work with. */
export interface TableScope {
  readonly dynamo: DynamoDBClient;
  readonly pace: Pace;
}

/**
 * The smoke test knows its own tables by their tags.
 *
 * @throws OperatorError where the endpoint has none
 */
export async function assertTags({ dynamo, ledger }: OperatorContext): Promise<void> {
  const table = await describeTable(dynamo, ledger.tableName);
  if (table === undefined || (await listTags(dynamo, table.TableArn ?? '')) !== undefined) return;
  throw new OperatorError(
    'This endpoint has no tags, by which the smoke test knows its own tables again. Nothing was created. Run it where DynamoDB has tags; npm start -- --dynamodb URL tries the migration itself on an engine without them.',
  );
}

/** `undefined` where there is no table of that name. */
export async function findTable(dynamo: DynamoDBClient, name: string): Promise<FoundTable | undefined> {
  const description = await describeTable(dynamo, name);
  if (description === undefined) return undefined;
  return { name, description, tags: (await tagsOf(dynamo, description.TableArn ?? '')) ?? new Map() };
}

const changeSeconds = 300;

function untilActive({ dynamo, pace }: TableScope, name: string): Promise<true> {
  return until(pace, { what: `table ${name} to be ready`, seconds: changeSeconds }, async () =>
    (await describeTable(dynamo, name))?.TableStatus === 'ACTIVE' ? true : undefined,
  );
}

/** DynamoDB lifts a protection no sooner than 15 s after it was set, and deletes no table whose policy has just changed. */
function untilTaken(pace: Pace, name: string, change: () => Promise<unknown>): Promise<unknown> {
  return until(pace, { what: `table ${name} to be changed`, seconds: changeSeconds }, async () => {
    try {
      return await change();
    } catch (error) {
      if (isBusyOrTransient(error)) return undefined;
      // The answer to an earlier attempt was lost.
      if (isNamed(error, 'ResourceNotFoundException')) return true;
      throw error;
    }
  });
}

/** Lifts the table's protection, deletes it and waits until it is gone. */
export async function deleteTable(scope: TableScope, table: FoundTable): Promise<void> {
  const { name: TableName, description } = table;
  const { dynamo, pace } = scope;
  if (description.DeletionProtectionEnabled === true) {
    const lift = new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false });
    await untilTaken(pace, TableName, () => dynamo.send(lift));
  }
  await untilActive(scope, TableName);
  await untilTaken(pace, TableName, () => dynamo.send(new DeleteTableCommand({ TableName })));
  await until(pace, { what: `table ${TableName} to be gone`, seconds: changeSeconds }, async () =>
    (await describeTable(dynamo, TableName)) === undefined ? true : undefined,
  );
}

const batchSize = 25;
const batchAttempts = 20;

/** Puts items as they are, without any client's conversions. */
export async function putItems(
  { dynamo, pace }: TableScope,
  tableName: string,
  items: readonly WireItem[],
): Promise<void> {
  for (let start = 0; start < items.length; start += batchSize) {
    const puts = items.slice(start, start + batchSize).map((Item) => ({ PutRequest: { Item } }));
    let requests: unknown = { [tableName]: puts };
    for (let attempt = 0; Object.keys(requests as object).length > 0; attempt += 1) {
      if (attempt === batchAttempts)
        throw new OperatorError(`DynamoDB does not take the products into ${tableName}.`);
      if (attempt > 0) await pace.pause();
      const answer = await sendWire(dynamo, 'BatchWriteItem', JSON.stringify({ RequestItems: requests }));
      requests = (JSON.parse(answer) as { UnprocessedItems?: object }).UnprocessedItems ?? {};
    }
  }
}

export async function deleteItem(dynamo: DynamoDBClient, TableName: string, id: string): Promise<void> {
  await sendWire(dynamo, 'DeleteItem', JSON.stringify({ TableName, Key: { id: { S: id } } }));
}

/** Every item, strongly consistent, as it travels. */
export async function readItems(dynamo: DynamoDBClient, TableName: string): Promise<readonly WireItem[]> {
  const items: WireItem[] = [];
  let ExclusiveStartKey: unknown;
  do {
    const body = JSON.stringify({ TableName, ConsistentRead: true, ExclusiveStartKey });
    const page = JSON.parse(await sendWire(dynamo, 'Scan', body)) as {
      Items?: WireItem[];
      LastEvaluatedKey?: unknown;
    };
    items.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
}

/** Whether a table is there and holds anything. */
export async function holdsItems(dynamo: DynamoDBClient, TableName: string): Promise<boolean> {
  try {
    const body = JSON.stringify({ TableName, ConsistentRead: true, Limit: 1 });
    const { Items } = JSON.parse(await sendWire(dynamo, 'Scan', body)) as { Items?: readonly unknown[] };
    return (Items ?? []).length > 0;
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return false;
    throw error;
  }
}
