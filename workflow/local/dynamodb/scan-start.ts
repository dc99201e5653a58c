import { createHash } from 'node:crypto';
import type { AwsRequest, AwsResponse } from '../gateway/aws-request.ts';

/** A value of a key attribute, in wire form. */
type KeyValue = { readonly S: string } | { readonly N: string } | { readonly B: string };
type Key = Readonly<Record<string, KeyValue>>;

interface ParallelScan {
  readonly TableName: string;
  readonly ExclusiveStartKey: Key;
  readonly Segment: number;
  readonly IndexName?: string;
}

/** Calls an operation of the engine itself. */
type Call = (operation: string, json: unknown) => Promise<AwsResponse>;

/**
 * Lets a Scan with segments go on behind an item that somebody has deleted since, as DynamoDB does. The packaged engine
 * looks the position of the start key up in the table: where that item is gone, it ends the Scan, and whatever would
 * have followed is never read. The key is replaced by that of the nearest item before it that is still there. Other
 * engines do not need it.
 *
 * Tables whose partition key is a number are left to the engine.
 */
export function createScanStarts(call: Call): (request: AwsRequest) => Promise<AwsRequest> {
  return async (request) => {
    const scan = parallelScanOf(request);
    if (scan === undefined || (await exists(call, scan))) return request;
    const { key, isPackagedEngine } = await describe(call, scan.TableName);
    const position = isPackagedEngine ? positionOf(scan.ExclusiveStartKey, key) : undefined;
    if (position === undefined) return request;
    const { ExclusiveStartKey: _gone, ...rest } = request.json ?? {};
    const before = await lastBefore(call, scan.TableName, { key, position });
    const json = before === undefined ? rest : { ...rest, ExclusiveStartKey: before };
    return { ...request, json, body: Buffer.from(JSON.stringify(json)) };
  };
}

function parallelScanOf({ operation, json = {} }: AwsRequest): ParallelScan | undefined {
  if (operation !== 'Scan' || json['ExclusiveStartKey'] === undefined || json['Segment'] === undefined)
    return undefined;
  return json['IndexName'] === undefined ? (json as unknown as ParallelScan) : undefined;
}

async function exists(call: Call, { TableName, ExclusiveStartKey }: ParallelScan): Promise<boolean> {
  const { status, body } = await call('GetItem', { TableName, Key: ExclusiveStartKey, ConsistentRead: true });
  // What is no key, or no table, the engine refuses in its own words.
  return status !== 200 || (JSON.parse(body.toString()) as { Item?: unknown }).Item !== undefined;
}

/** The partition key, then the sort key if there is one. */
type KeyNames = readonly [string, ...string[]];

async function describe(
  call: Call,
  TableName: string,
): Promise<{ readonly key: KeyNames; readonly isPackagedEngine: boolean }> {
  const { body } = await call('DescribeTable', { TableName });
  const { Table } = JSON.parse(body.toString()) as {
    Table: {
      TableArn: string;
      KeySchema: readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];
    };
  };
  const nameOf = (type: 'HASH' | 'RANGE'): readonly string[] =>
    Table.KeySchema.filter(({ KeyType }) => KeyType === type).map(({ AttributeName }) => AttributeName);
  const [partition = '', ...sort] = [...nameOf('HASH'), ...nameOf('RANGE')];
  return { key: [partition, ...sort], isPackagedEngine: Table.TableArn.includes(':dynoxide:') };
}

/** Where the engine's Scans with segments have a key. */
interface Position {
  /** Six hex digits of a hash of the partition key; the first three are its bucket. */
  readonly hash: string;
  readonly values: readonly KeyValue[];
}

function positionOf(item: Key, names: KeyNames): Position | undefined {
  const values = names.flatMap((name) => item[name] ?? []);
  const [partition] = values;
  if (partition === undefined || values.length < names.length || 'N' in partition) return undefined;
  const hash = createHash('md5').update('Outliers').update(bytesOf(partition)).digest('hex').slice(0, 6);
  return { hash, values };
}

function bytesOf(value: KeyValue): Buffer {
  if ('B' in value) return Buffer.from(value.B, 'base64');
  return Buffer.from('S' in value ? value.S : value.N);
}

/** What is not surely earlier counts as later: an item that is read twice does no harm, one that is not read at all does. */
function isBefore(one: Position, other: Position): boolean {
  if (one.hash !== other.hash) return one.hash < other.hash;
  for (const [index, value] of one.values.entries()) {
    const against = other.values[index];
    const order = against === undefined ? 0 : orderOf(value, against);
    if (order !== 0) return order < 0;
  }
  return false;
}

function orderOf(one: KeyValue, other: KeyValue): number {
  return 'N' in one && 'N' in other
    ? Number(one.N) - Number(other.N)
    : Buffer.compare(bytesOf(one), bytesOf(other));
}

const BUCKETS = 4_096;

interface Before {
  readonly key: KeyNames;
  readonly position: Position;
}

/** The last item before a position: looked for in its bucket, then in twice as many buckets, up to all of them. */
async function lastBefore(call: Call, TableName: string, before: Before): Promise<Key | undefined> {
  const bucket = Number.parseInt(before.position.hash.slice(0, 3), 16);
  for (let size = 1; size <= BUCKETS; size *= 2) {
    const part = { TableName, Segment: Math.floor(bucket / size), TotalSegments: BUCKETS / size };
    const found = await lastIn(call, part, before);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function lastIn(call: Call, part: object, { key, position }: Before): Promise<Key | undefined> {
  const names = Object.fromEntries(key.map((name, index) => [`#${index}`, name]));
  let last: Key | undefined;
  let ExclusiveStartKey: Key | undefined;
  do {
    const { body } = await call('Scan', {
      ...part,
      ExclusiveStartKey,
      ConsistentRead: true,
      ProjectionExpression: Object.keys(names).join(', '),
      ExpressionAttributeNames: names,
    });
    const page = JSON.parse(body.toString()) as { Items?: Key[]; LastEvaluatedKey?: Key };
    for (const item of page.Items ?? []) {
      const at = positionOf(item, key);
      if (at === undefined || !isBefore(at, position)) return last;
      last = item;
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return last;
}
