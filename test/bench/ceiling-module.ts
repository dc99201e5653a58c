import { productToItems } from '../support/shop.ts';
import { generateProducts } from '../../workflow/local/products/generate-products.ts';
import { stringAttribute, type WireItem } from '../../functions/shared/items/wire-item.ts';
import { sampleContext } from '../support/sample-context.ts';
import { encodeRequest, openSocket } from './raw-socket.ts';

/** What is written: the items of the new model, as a migration does, or the products themselves, as a restore does. */
export type CeilingItems = 'targets' | 'products';

/** Requests that are encoded together and sent together. */
interface CeilingSet {
  readonly items: CeilingItems;
  readonly url: string;
  readonly tableName: string;
  readonly products: number;
  /** Of how many workers this is which one. */
  readonly workers: number;
  readonly worker: number;
}

/** What the engine gives to a client that does the least work of its own. */
export type CeilingOrder =
  /** Encodes every request, before the time is taken. */
  | ({ readonly action: 'encode' } & CeilingSet)
  | ({
      readonly action: 'write';
      readonly inFlight: number;
      /** How often the encoded requests are sent, each time with other partition keys. */
      readonly passes: number;
    } & CeilingSet)
  | {
      readonly action: 'scan';
      readonly url: string;
      readonly tableName: string;
      readonly segment: number;
      readonly totalSegments: number;
    };

export interface CeilingResult {
  readonly items: number;
  readonly requests: number;
}

/** A request, and where in it the digits are that distinguish one pass's partition keys from the next one's. */
interface Encoded {
  readonly bytes: Buffer;
  readonly marks: readonly number[];
}

interface EncodedSet {
  readonly requests: readonly Encoded[];
  readonly items: number;
}

const BATCH_ITEMS = 25;
const PASS_MARK = 'pass000-';
/** How a partition key begins in the request's text. */
const KEY_STARTS: Readonly<Record<CeilingItems, string>> = {
  targets: `PRODUCT#${PASS_MARK}`,
  products: `{"S":"${PASS_MARK}`,
};
const DIGITS_IN_MARK = PASS_MARK.indexOf('0');

const sets = new Map<string, EncodedSet>();

const nameOf = ({ items, tableName, products, workers, worker }: CeilingSet): string =>
  JSON.stringify([items, tableName, products, workers, worker]);

function encoded(bytes: Buffer, items: CeilingItems): Encoded {
  const marks: number[] = [];
  const key = KEY_STARTS[items];
  const digitsAt = key.length - PASS_MARK.length + DIGITS_IN_MARK;
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1)) marks.push(at + digitsAt);
  return { bytes, marks };
}

function forPass({ bytes, marks }: Encoded, pass: number): Buffer {
  const digits = String(pass).padStart(3, '0');
  for (const at of marks) bytes.write(digits, at, 'latin1');
  return bytes;
}

/** The items that a worker's part of the products becomes. */
function* itemsOf({ items, products, workers, worker }: CeilingSet): Generator<WireItem> {
  let index = 0;
  for (const product of generateProducts({ count: products })) {
    index += 1;
    if (index % workers !== worker) continue;
    const own = { ...product, id: { S: `${PASS_MARK}${stringAttribute(product, 'id') ?? ''}` } };
    if (items === 'products') yield own;
    else yield* targetsOf(own);
  }
}

function targetsOf(product: WireItem): readonly WireItem[] {
  const result = productToItems(product, sampleContext);
  return result.kind === 'items' ? result.items : [];
}

function encode(set: CeilingSet): CeilingResult {
  const url = new URL(set.url);
  const requests: Encoded[] = [];
  let items = 0;
  let batch: string[] = [];
  const flush = (): void => {
    const puts = batch.map((item) => `{"PutRequest":{"Item":${item}}}`).join(',');
    const body = `{"RequestItems":{"${set.tableName}":[${puts}]},"ReturnConsumedCapacity":"TOTAL"}`;
    requests.push(encoded(encodeRequest(url, 'BatchWriteItem', body), set.items));
    items += batch.length;
    batch = [];
  };
  for (const item of itemsOf(set)) {
    batch.push(JSON.stringify(item));
    if (batch.length === BATCH_ITEMS) flush();
  }
  if (batch.length > 0) flush();
  sets.set(nameOf(set), { requests, items });
  return { items, requests: requests.length };
}

async function write(order: Extract<CeilingOrder, { action: 'write' }>): Promise<CeilingResult> {
  const { url, inFlight, passes } = order;
  const { requests, items } = sets.get(nameOf(order)) ?? { requests: [], items: 0 };
  const total = requests.length * passes;
  let next = 0;
  const lane = async (): Promise<void> => {
    const socket = await openSocket(new URL(url));
    while (next < total) {
      const request = requests[next % requests.length];
      const pass = Math.floor(next / requests.length);
      next += 1;
      if (request === undefined) break;
      const body = await socket.send(forPass(request, pass));
      if (!body.includes('"UnprocessedItems":{}')) throw new Error(`Not all was taken: ${body.toString()}`);
    }
    socket.close();
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return { items: items * passes, requests: total };
}

async function scan(order: Extract<CeilingOrder, { action: 'scan' }>): Promise<CeilingResult> {
  const url = new URL(order.url);
  const socket = await openSocket(url);
  const { tableName: TableName, segment: Segment, totalSegments: TotalSegments } = order;
  let pages = 0;
  let items = 0;
  let ExclusiveStartKey: unknown;
  do {
    const request = { TableName, Segment, TotalSegments, ConsistentRead: true, ExclusiveStartKey };
    const body = await socket.send(encodeRequest(url, 'Scan', JSON.stringify(request)));
    pages += 1;
    // The key and the count are outside the items, at either end; the items themselves are not looked at.
    const ends = `${body.toString('latin1', 0, 300)} ${body.toString('latin1', body.length - 300)}`;
    items += Number(/"Count":(\d+)/.exec(ends)?.[1] ?? Number.NaN);
    const key = /"LastEvaluatedKey":(\{.*?\}\})/.exec(ends)?.[1];
    ExclusiveStartKey = key === undefined ? undefined : JSON.parse(key);
  } while (ExclusiveStartKey !== undefined);
  socket.close();
  return { items, requests: pages };
}

/** The module's entry: one order at a time. */
export async function handler(order: CeilingOrder): Promise<CeilingResult> {
  if (order.action === 'encode') return encode(order);
  return order.action === 'write' ? write(order) : scan(order);
}
