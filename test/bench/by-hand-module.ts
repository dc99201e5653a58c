import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';

/** What to copy. */
export interface ByHandOrder {
  readonly url: string;
  readonly sourceTable: string;
  readonly targetTable: string;
}

type Item = Record<string, unknown>;

const batchItems = 25;

/** The new model's items of a product, on plain objects. */
function itemsOf(product: Item): Item[] {
  const { id, variants, sizes, price, ...rest } = product;
  const now = new Date().toISOString();
  const PK = `PRODUCT#${String(id)}`;
  const list = (variants ??
    [...((sizes ?? ['standard']) as Iterable<string>)].map((size) => ({ size }))) as Item[];
  const metadata = {
    PK,
    SK: 'METADATA',
    productId: id,
    ...rest,
    status: 'active',
    createdAt: now,
    updatedAt: now,
  };
  const made = list.map((variant) => {
    const size = String(variant['size'] ?? 'standard');
    const sku = String(variant['sku'] ?? `${String(rest['name']).slice(0, 3)}-${size}-${String(id)}`);
    const stockQuantity = Number(variant['stock'] ?? 50);
    return {
      ...variant,
      PK,
      SK: `VARIANT#${sku}`,
      productId: id,
      sku,
      size,
      price: Math.round(Number(variant['price'] ?? price) * 100),
      currency: 'INR',
      stockQuantity,
      lowStockThreshold: 10,
      stockStatus: stockQuantity > 10 ? 'in_stock' : 'low_stock',
      isAvailable: stockQuantity > 0,
      updatedAt: now,
    };
  });
  return [metadata, ...made];
}

/**
 * A migration as it is usually written by hand: pages of a Scan through lib-dynamodb, each product made
 * into items, batches one after the other, what was left over sent again.
 */
export async function handler({ url, sourceTable, targetTable }: ByHandOrder): Promise<{ items: number }> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const base = new DynamoDBClient({ endpoint: url, region: 'ap-southeast-2', credentials });
  const client = DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } });
  let ExclusiveStartKey: Item | undefined;
  let items = 0;
  let batch: Item[] = [];
  const flush = async (): Promise<void> => {
    let left: Item[] = batch.map((Item) => ({ PutRequest: { Item } }));
    items += batch.length;
    batch = [];
    while (left.length > 0) {
      const { UnprocessedItems } = await client.send(
        new BatchWriteCommand({ RequestItems: { [targetTable]: left } }),
      );
      left = UnprocessedItems?.[targetTable] ?? [];
    }
  };
  do {
    const page = await client.send(new ScanCommand({ TableName: sourceTable, ExclusiveStartKey }));
    for (const product of page.Items ?? []) {
      for (const item of itemsOf(product)) {
        batch.push(item);
        if (batch.length === batchItems) await flush();
      }
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  await flush();
  client.destroy();
  base.destroy();
  return { items };
}
