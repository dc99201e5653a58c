import { dynamoError } from './aws/errors.ts';
import type { WorldRequest, WorldService } from './aws/request.ts';
import type { Misfortunes } from './misfortunes.ts';
import type { Scheduler } from './scheduler.ts';

/** A request, as far as an outage looks at it. */
export interface Asked {
  readonly service: WorldService;
  readonly operation: string;
  readonly input: unknown;
}

/** What an outage leaves of a request. */
export interface Met {
  /** How all of it is refused; absent: it is not. */
  readonly refused?: OutageFate | undefined;
  /** What a transaction is cancelled for in place of that. */
  readonly cancelled?: Error | undefined;
  /** What is left of it to be carried out. */
  readonly input: unknown;
  /** Entries of a batch that are left unprocessed, as the answer names them. */
  readonly unprocessed?: Batch | undefined;
}

/** Services, tables and partitions that refuse everything for a while. */
export interface Outages {
  /** One may begin with this request. */
  meet(asked: Asked): Met;
}

type OutageFate = 'throttled' | 'failed';

/** What a request is about, once for each item. */
interface Place {
  readonly service: WorldService;
  /** Table or bucket; absent: the operation names none. */
  readonly resource?: string | undefined;
  /** Value of the partition key. */
  readonly partition?: string | undefined;
}

/** The members that it has must be those of a place. */
interface Outage extends Place {
  readonly fate: OutageFate;
  /** Virtual epoch milliseconds. */
  readonly until: number;
}

/** Shorter than a call's patience, about as long, and longer than the pauses between a worker's retries. */
const LONGEST_MILLIS = [4_000, 25_000, 120_000] as const;

/** @param areOn whether there are outages now: where there are none any more, what was out works again */
export function createOutages(scheduler: Scheduler, misfortunes: Misfortunes, areOn: () => boolean): Outages {
  let outages: readonly Outage[] = [];
  const isOut = (place: Place): boolean => outages.some((outage) => covers(outage, place));
  return {
    meet(asked) {
      if (!areOn()) {
        outages = [];
        return asked;
      }
      const places = placesOf(asked);
      const [first] = places;
      if (first !== undefined && misfortunes.strikes('outage', () => wordsOf(asked, first)))
        outages = [...outages, drawOutage(scheduler, first)];
      if (outages.length === 0) return asked;
      outages = outages.filter(({ until }) => until > scheduler.now());
      const hit = places.map(isOut);
      const place = places[hit.indexOf(true)];
      if (place === undefined || !misfortunes.happens('refused', wordsOf(asked, place))) return asked;
      return refuse(asked, hit, outages.find((outage) => covers(outage, place))?.fate);
    },
  };
}

const wordsOf = ({ operation }: Asked, { service, resource = '', partition = '' }: Place): string =>
  `${operation} ${service} ${resource} ${partition}`.trim();

function covers({ service, resource, partition }: Outage, place: Place): boolean {
  return (
    service === place.service &&
    (resource === undefined || resource === place.resource) &&
    (partition === undefined || partition === place.partition)
  );
}

/** A partition is throttled. The rest may fail as well. */
function drawOutage(scheduler: Scheduler, { service, resource, partition }: Place): Outage {
  const until = scheduler.now() + scheduler.between(500, scheduler.pick(LONGEST_MILLIS));
  const fate = scheduler.pick<OutageFate>(['throttled', 'failed']);
  if (partition !== undefined && scheduler.chance(0.6))
    return { service, resource, partition, until, fate: 'throttled' };
  return scheduler.chance(0.7) ? { service, resource, until, fate } : { service, until, fate };
}

/** A batch does without what is out, unless that is all of it. A transaction is cancelled for it. */
function refuse(asked: Asked, hit: readonly boolean[], refused: OutageFate | undefined): Met {
  const { operation, input } = asked;
  if (operation === 'TransactWriteItems' && refused === 'throttled')
    return { input, refused, cancelled: cancellation(hit) };
  if (hit.every(Boolean) || !operation.startsWith('Batch')) return { input, refused };
  const { RequestItems = {} } = input as { readonly RequestItems?: Batch };
  const part = (isLeft: boolean): Batch => narrowed(RequestItems, (entry) => hit[entry] === isLeft);
  return { input: { ...(input as object), RequestItems: part(false) }, unprocessed: part(true) };
}

function cancellation(hit: readonly boolean[]): Error {
  const CancellationReasons = hit.map((isHit) => ({ Code: isHit ? 'ThrottlingError' : 'None' }));
  return dynamoError('TransactionCanceledException', 'Transaction cancelled for an outage of the world.', {
    CancellationReasons,
  });
}

/** A request whose answer names what was left out of it as well. */
export function withUnprocessed(request: WorldRequest, unprocessed: Batch | undefined): WorldRequest {
  if (unprocessed === undefined) return request;
  const member = request.operation === 'BatchGetItem' ? 'UnprocessedKeys' : 'UnprocessedItems';
  const answer = request.answer.bind(request);
  request.answer = () => {
    const given = answer() as Readonly<Record<string, Batch>>;
    return { ...given, [member]: merged(given[member] ?? {}, unprocessed) };
  };
  return request;
}

type Key = Readonly<Record<string, { readonly S?: string }>>;

interface Write {
  readonly PutRequest?: { readonly Item: Key };
  readonly DeleteRequest?: { readonly Key: Key };
}

interface Reads {
  readonly Keys: readonly Key[];
}

/** By table. */
type Batch = Readonly<Record<string, Reads | readonly Write[]>>;

const isWrites = (of: Reads | readonly Write[]): of is readonly Write[] => Array.isArray(of);

/** The entries of these numbers, counted over all tables, and no tables without any. */
function narrowed(batch: Batch, isKept: (entry: number) => boolean): Batch {
  let entry = 0;
  const isNextKept = (): boolean => isKept(entry++);
  const tables = Object.entries(batch).map(([table, of]) => {
    const kept = isWrites(of) ? of.filter(isNextKept) : { ...of, Keys: of.Keys.filter(isNextKept) };
    return [table, kept] as const;
  });
  return Object.fromEntries(tables.filter(([, of]) => (isWrites(of) ? of : of.Keys).length > 0));
}

function merged(one: Batch, other: Batch): Batch {
  const both = Object.entries(other).map(([table, of]) => {
    const before = one[table];
    if (before === undefined) return [table, of] as const;
    if (isWrites(of)) return [table, [...(before as readonly Write[]), ...of]] as const;
    return [table, { ...of, Keys: [...(before as Reads).Keys, ...of.Keys] }] as const;
  });
  return { ...one, ...Object.fromEntries(both) };
}

interface Input {
  readonly TableName?: string;
  readonly Bucket?: string;
  readonly Key?: Key | string;
  readonly Item?: Key;
  readonly RequestItems?: Batch;
  readonly TransactItems?: readonly Readonly<Record<string, Input>>[];
  readonly ExpressionAttributeValues?: Key;
}

function placesOf({ service, input }: Asked): readonly Place[] {
  const asked = input as Input;
  const { TableName, Bucket, Key, Item, RequestItems, TransactItems, ExpressionAttributeValues } = asked;
  if (TransactItems !== undefined)
    return TransactItems.flatMap((item) => Object.values(item)).flatMap((part) =>
      placesOf({ service, operation: '', input: part }),
    );
  if (RequestItems !== undefined)
    return Object.entries(RequestItems).flatMap(([resource, of]) =>
      keysOf(of).map((key) => ({ service, resource, partition: partitionOf(key) })),
    );
  const key = typeof Key === 'object' ? Key : (Item ?? { PK: ExpressionAttributeValues?.[':partition'] });
  return [{ service, resource: TableName ?? Bucket, partition: partitionOf(key as Key) }];
}

const keysOf = (of: Reads | readonly Write[]): readonly Key[] =>
  isWrites(of) ? of.map((write) => write.PutRequest?.Item ?? write.DeleteRequest?.Key ?? {}) : of.Keys;

const partitionOf = ({ PK, id }: Key): string | undefined => (PK ?? id)?.S;
