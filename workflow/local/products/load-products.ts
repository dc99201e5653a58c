import { migration } from '#migration/index.ts';
import { keyText } from '../../../functions/shared/items/item-key.ts';
import { shorten } from '../../../functions/shared/text.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { send, untilActive } from '../dynamodb/dynamodb-service.ts';
import type { EngineClient } from '../gateway/engine-client.ts';
import { InputFileError } from './input-file-error.ts';
import { originOf } from './origin.ts';
import { identityOf, SOURCE_KEY, TYPE_NAMES } from './source-key.ts';

/** What to put where. */
export interface LoadOptions {
  /** The engine itself: what fills the table is not a request that the log should show. */
  readonly engine: EngineClient;
  readonly tableName: string;
  readonly products: Iterable<WireItem> | AsyncIterable<WireItem>;
}

const BATCH_SIZE = 25;
/** DynamoDB takes 16 MB in one batch; half of it leaves room for how items are counted there. */
const BATCH_BYTES = 8 * 1024 * 1024;
const PARALLEL_BATCHES = 8;

/**
 * Creates the table, with the key that the migration expects and on demand, and fills it. Items go over the wire as they are given. Returns
 * how many there are.
 *
 * @throws TableThereError when the table exists; Error naming the product that the engine refuses
 */
export async function loadProducts({ engine, tableName, products }: LoadOptions): Promise<number> {
  await createTable(engine, tableName);
  const batches = batchesOf(products);
  const write = inTurn((batch) => writeBatch(engine, tableName, [...batch.values()]));
  const writers = Array.from({ length: PARALLEL_BATCHES }, async () => {
    let count = 0;
    for (let next = await batches.next(); next.done !== true; next = await batches.next()) {
      await write(next.value);
      count += next.value.size;
    }
    return count;
  });
  const counts = await Promise.all(writers);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Products by key. */
type Batch = ReadonlyMap<string, WireItem>;

/** Batches are written side by side, but one after the other where they share a key. */
function inTurn(write: (batch: Batch) => Promise<void>): (batch: Batch) => Promise<void> {
  const underWay = new Map<string, Promise<void>>();
  return async (batch) => {
    const keys = [...batch.keys()];
    const earlier = keys.flatMap((key) => underWay.get(key) ?? []);
    const written = Promise.all(earlier).then(() => write(batch));
    for (const key of keys) underWay.set(key, written);
    await written;
    for (const key of keys) if (underWay.get(key) === written) underWay.delete(key);
  };
}

/** The table is there already. */
export class TableThereError extends Error {
  override readonly name = 'TableThereError';
}

async function createTable(engine: EngineClient, TableName: string): Promise<void> {
  const response = await send(engine, 'CreateTable', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: SOURCE_KEY.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
    KeySchema: SOURCE_KEY.map(({ name }, index) => ({
      AttributeName: name,
      KeyType: index === 0 ? 'HASH' : 'RANGE',
    })),
  });
  const answer = response.body.toString();
  if (answer.includes('ResourceInUseException')) {
    throw new TableThereError(
      `There is a table ${TableName} at ${engine.url} already: start without --products, --seed and --input to use it.`,
    );
  }
  if (response.status !== 200) throw new Error(`The table ${TableName} could not be created: ${answer}`);
  await untilActive(engine, TableName);
}

/** Batches of at most 25 products with different keys: of two with one key the later wins, as with single puts. */
async function* batchesOf(products: LoadOptions['products']): AsyncGenerator<Batch, void> {
  let batch = new Map<string, WireItem>();
  let bytes = 0;
  for await (const product of products) {
    const key = identityOf(product);
    if (key === undefined) {
      const parts = SOURCE_KEY.map(({ name, type }) => `${TYPE_NAMES[type]} "${name}"`);
      throw new Error(
        `One of the ${migration.nouns.items} has no ${parts.join(' and ')}: ${shorten(JSON.stringify(product), 200)}`,
      );
    }
    const size = JSON.stringify(product).length;
    if (batch.size === BATCH_SIZE || batch.has(key) || bytes + size > BATCH_BYTES) {
      yield batch;
      [batch, bytes] = [new Map(), 0];
    }
    batch.set(key, product);
    bytes += size;
  }
  if (batch.size > 0) yield batch;
}

async function writeBatch(
  engine: EngineClient,
  tableName: string,
  batch: readonly WireItem[],
): Promise<void> {
  let requests: unknown = { [tableName]: batch.map((Item) => ({ PutRequest: { Item } })) };
  for (let unprocessed = true; unprocessed;) {
    const response = await send(engine, 'BatchWriteItem', { RequestItems: requests });
    const answer = JSON.parse(response.body.toString()) as { UnprocessedItems?: object } & Refusal;
    if (response.status !== 200) throw await refusal(engine, tableName, batch, reasonOf(answer));
    requests = answer.UnprocessedItems;
    unprocessed = Object.keys(answer.UnprocessedItems ?? {}).length > 0;
  }
}

/** A request that DynamoDB cannot read has its reason under the second name. */
interface Refusal {
  readonly message?: string;
  readonly Message?: string;
}

const reasonOf = ({ message, Message }: Refusal): string => message ?? Message ?? 'no reason is given.';

/** Names the culprit of a refused batch by putting its items one at a time. */
async function refusal(
  engine: EngineClient,
  TableName: string,
  batch: readonly WireItem[],
  reason: string,
): Promise<Error> {
  for (const Item of batch) {
    const response = await send(engine, 'PutItem', { TableName, Item });
    if (response.status === 200) continue;
    const id = shorten(keyText(Item, SOURCE_KEY), 80);
    const what = `The ${migration.nouns.item} ${id} cannot be put into ${TableName}: ${reasonOf(JSON.parse(response.body.toString()) as Refusal)}`;
    const origin = originOf(Item);
    return origin === undefined
      ? new Error(what)
      : new InputFileError(`${origin}: ${what} Correct it, then start again.`);
  }
  return new Error(`A batch of ${migration.nouns.items} could not be put into ${TableName}: ${reason}`);
}
