import type { EmbeddedAws } from '../../workflow/local/embedded-aws.ts';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';

/** Credentials have no meaning here. The scope tells the endpoint which service is meant. */
const authorization = (region: string, accessKeyId: string): string =>
  `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/${region}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`;

/** DynamoDB over bare HTTP, without the conversions of a client. */
export interface RawDynamoDb {
  /** @throws Error with the service's own name and message. */
  call<T = unknown>(operation: string, body: unknown): Promise<T>;
  /** A table keyed by `id`, filled with these items. */
  fillProducts(items: readonly WireItem[], tableName?: string): Promise<void>;
  put(tableName: string, item: WireItem): Promise<void>;
  /** Every item, strongly consistent. */
  scan(tableName: string): Promise<readonly WireItem[]>;
  tableNames(): Promise<readonly string[]>;
}

interface Page {
  readonly Items: WireItem[];
  readonly LastEvaluatedKey?: WireItem;
}

/**
 * @param accessKeyId by default that of a user, who cannot write to closed tables; with a function's key, requests have
 *   that function's permissions
 */
export function rawDynamoDb(
  { endpoint, region }: Pick<EmbeddedAws, 'endpoint' | 'region'>,
  accessKeyId = 'raw',
): RawDynamoDb {
  const call = async <T>(operation: string, body: unknown): Promise<T> => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization: authorization(region, accessKeyId),
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${operation}: ${text}`);
    return JSON.parse(text) as T;
  };
  /** Other engines than the packaged one need time, as AWS does. */
  const untilActive = async (TableName: string): Promise<void> => {
    const status = async () =>
      (await call<{ Table: { TableStatus: string } }>('DescribeTable', { TableName })).Table.TableStatus;
    while ((await status()) !== 'ACTIVE') await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return {
    call,
    async fillProducts(items, tableName = 'products') {
      await call('CreateTable', {
        TableName: tableName,
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
      });
      await untilActive(tableName);
      for (let start = 0; start < items.length; start += 25) {
        const puts = items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
        await call('BatchWriteItem', { RequestItems: { [tableName]: puts } });
      }
    },
    async put(TableName, Item) {
      await call('PutItem', { TableName, Item });
    },
    async scan(TableName) {
      const items: WireItem[] = [];
      let ExclusiveStartKey: WireItem | undefined;
      do {
        const page: Page = await call('Scan', { TableName, ConsistentRead: true, ExclusiveStartKey });
        items.push(...page.Items);
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined);
      return items;
    },
    tableNames: async () => (await call<{ TableNames: string[] }>('ListTables', {})).TableNames,
  };
}
