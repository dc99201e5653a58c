import { productToItems } from '../support/shop.ts';
import { generateProducts } from '../../workflow/local/products/generate-products.ts';
import { stringAttribute } from '../../functions/shared/items/wire-item.ts';
import { sampleContext } from '../support/sample-context.ts';
import { encodeRequest, openSocket } from './raw-socket.ts';

/** What the engine gives to a client that does the least work of its own. */
export type CeilingOrder =
  | {
      /** Encodes every request, before the time is taken. */
      readonly action: 'encode';
      readonly url: string;
      readonly tableName: string;
      readonly products: number;
      /** Of how many workers this is which one. */
      readonly workers: number;
      readonly worker: number;
    }
  | {
      readonly action: 'write';
      readonly url: string;
      readonly inFlight: number;
      /** How often the encoded requests are sent, each time with other partition keys. */
      readonly passes: number;
    }
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

/** A request, and where in it the digits stand that tell one pass's partition keys from the next one's. */
interface Encoded {
  readonly bytes: Buffer;
  readonly marks: readonly number[];
}

const batchItems = 25;
const passMark = 'pass000-';
const digitsAt = 'PRODUCT#pass'.length;
let requests: Encoded[] = [];
let encodedItems = 0;

function encoded(bytes: Buffer): Encoded {
  const marks: number[] = [];
  const key = `PRODUCT#${passMark}`;
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1)) marks.push(at + digitsAt);
  return { bytes, marks };
}

function forPass({ bytes, marks }: Encoded, pass: number): Buffer {
  const digits = String(pass).padStart(3, '0');
  for (const at of marks) bytes.write(digits, at, 'latin1');
  return bytes;
}

function encode(order: Extract<CeilingOrder, { action: 'encode' }>): CeilingResult {
  const url = new URL(order.url);
  requests = [];
  encodedItems = 0;
  let batch: string[] = [];
  const flush = (): void => {
    const puts = batch.map((item) => `{"PutRequest":{"Item":${item}}}`).join(',');
    const body = `{"RequestItems":{"${order.tableName}":[${puts}]},"ReturnConsumedCapacity":"TOTAL"}`;
    requests.push(encoded(encodeRequest(url, 'BatchWriteItem', body)));
    encodedItems += batch.length;
    batch = [];
  };
  let index = 0;
  for (const product of generateProducts({ count: order.products })) {
    index += 1;
    if (index % order.workers !== order.worker) continue;
    const id = { S: `${passMark}${stringAttribute(product, 'id') ?? ''}` };
    const result = productToItems({ ...product, id }, sampleContext);
    for (const item of result.kind === 'items' ? result.items : []) {
      batch.push(JSON.stringify(item));
      if (batch.length === batchItems) flush();
    }
  }
  if (batch.length > 0) flush();
  return { items: encodedItems, requests: requests.length };
}

async function write(order: Extract<CeilingOrder, { action: 'write' }>): Promise<CeilingResult> {
  const { url, inFlight, passes } = order;
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
  return { items: encodedItems * passes, requests: total };
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
    // The key and the count stand outside the items, at either end; the items themselves are not looked at.
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
