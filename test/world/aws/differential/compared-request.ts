import type { WireItem, WireValue } from '../../../../functions/shared/items/wire-item.ts';
import { canonicalItem, canonicalValue } from '../dynamodb/values.ts';

/** One request that the in-memory DynamoDB and an engine must answer alike. */
export interface ComparedRequest {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** The request is repeated until no page follows, and the pages are compared together. */
  readonly isDrained?: boolean;
}

/** An answer, or the name of the error with what else the stages read of it. */
export type ComparedAnswer =
  | { readonly answer: unknown }
  | { readonly error: string; readonly item?: unknown; readonly reasons?: readonly unknown[] };

/** A request with its answer. */
export interface ComparedExchange extends ComparedRequest {
  readonly answered: ComparedAnswer;
}

/** Requests to an AWS that holds nothing at first, one after the other. */
export type ComparedRun = readonly ComparedExchange[];

/** Sends one request. @throws an error with the service's name, and `wireBody` */
export type SendRequest = (operation: string, input: Readonly<Record<string, unknown>>) => Promise<unknown>;

interface Page {
  readonly Items?: readonly WireItem[];
  readonly Count?: number;
  readonly ScannedCount?: number;
  readonly LastEvaluatedKey?: WireItem;
}

/** Sends a request and gives its answer in a form that can be compared. */
export async function answerOf(send: SendRequest, request: ComparedRequest): Promise<ComparedAnswer> {
  try {
    const pages = request.isDrained === true ? await drain(send, request) : undefined;
    return { answer: pages ?? comparable(await send(request.operation, request.input)) };
  } catch (error) {
    if (!(error instanceof Error) || !('wireBody' in error)) throw error;
    return refusalOf(error.name, String(error.wireBody));
  }
}

function refusalOf(name: string, wireBody: string): ComparedAnswer {
  const { Item, CancellationReasons: reasons } = JSON.parse(wireBody) as {
    readonly Item?: WireItem;
    readonly CancellationReasons?: readonly { readonly Code?: string; readonly Item?: WireItem }[];
  };
  return {
    error: name,
    ...(Item && { item: comparable(Item) }),
    ...(reasons && {
      reasons: reasons.map(({ Code, Item: item }) => ({ Code, ...(item && { Item: comparable(item) }) })),
    }),
  };
}

const MAX_PAGES = 1_000;

async function drain(send: SendRequest, { operation, input }: ComparedRequest): Promise<unknown> {
  const pages: Page[] = [];
  let start: WireItem | undefined;
  do {
    const page = (await send(operation, { ...input, ...(start && { ExclusiveStartKey: start }) })) as Page;
    pages.push(page);
    start = page.LastEvaluatedKey;
  } while (start !== undefined && pages.length < MAX_PAGES);
  const items = pages.flatMap(({ Items = [] }) => Items).map((item) => JSON.stringify(comparable(item)));
  // Only a Query of a table has an order that the API defines.
  const isOrdered = operation === 'Query' && input['IndexName'] === undefined;
  // Where a limit ends a page with the last item, another page may follow, which is empty.
  const scanned = pages.map(({ ScannedCount = 0 }) => ScannedCount).filter((count) => count > 0);
  return { items: isOrdered ? items : items.toSorted(), scanned };
}

/** Attributes of answers that engines fill in their own way. */
const OWN = new Set([
  'ConsumedCapacity',
  'CreationDateTime',
  'GlobalSecondaryIndexes',
  'IndexSizeBytes',
  'ItemCollectionMetrics',
  'ItemCount',
  'ProvisionedThroughput',
  // Of a table that is being created, changed or deleted, which takes an engine no time.
  'TableDescription',
  'TableArn',
  'TableId',
  'TableSizeBytes',
  'TableThroughputModeSummary',
  'BillingModeSummary',
]);

/** The same data in one form: numbers and sets in canonical form, names in order. */
export function comparable(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(comparable);
  if (typeof answer !== 'object' || answer === null) return answer;
  const entries = Object.entries(answer).filter(([name, value]) => !OWN.has(name) && value !== undefined);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && isSet(only))
    return canonicalValue(Object.fromEntries(entries) as unknown as WireValue);
  if (entries.length === 1 && only?.[0] === 'N' && typeof only[1] === 'string')
    return canonicalItem({ N: { N: only[1] } }).N;
  const sorted = entries.toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [name, comparable(value)]));
}

function isSet([name, value]: readonly [string, unknown]): boolean {
  return /^[SNB]S$/.test(name) && Array.isArray(value) && value.length > 0 && typeof value[0] === 'string';
}
