import { arnOf } from '../../account.ts';
import { AwsError } from '../../gateway/aws-answers.ts';
import { identityOf } from '../resource-policies.ts';
import type { EngineLog, EngineTable, KeyElement } from './engine-log.ts';
import { VIEW_TYPES, type ViewType } from './stream-records.ts';

/**
 * A stream of a table, from its enabling to its disabling: a part of what the engine records. The engine's own stream is
 * switched on once, with both images, and stays on. So a disabled stream can still be read, and a put that changes nothing
 * is noticed whatever the stream shows.
 */
export interface TableStream {
  readonly arn: string;
  readonly table: string;
  readonly label: string;
  readonly viewType: ViewType;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** What the engine recorded up to this number is not, or no longer, in this stream. */
  after: bigint;
  /** The last number of a disabled stream. */
  until: bigint | undefined;
}

/** A table that is there, and its streams. */
export interface StreamedTable {
  readonly tableId: string;
  readonly keySchema: readonly KeyElement[];
  /** The engine's own; `undefined` as long as it records nothing. */
  readonly engineArn: string | undefined;
  /** Oldest first. */
  readonly streams: readonly TableStream[];
}

/** Which streams there are. */
export interface TableStreams {
  /** @returns `undefined` where there is no such table */
  read(table: string): Promise<StreamedTable | undefined>;
  /** A stream that was read before: it asks nobody. */
  find(arn: string): TableStream | undefined;
  /** Begins a stream; the engine records by now. `after`: what it had recorded before. */
  enable(table: string, viewType: ViewType, after: bigint): Promise<void>;
  /** Ends the stream that is enabled, after everything recorded so far. */
  disable(table: string): Promise<void>;
  /** What was recorded so far is in no stream of the table any longer. */
  trim(table: string): Promise<void>;
}

/** The stream that records now. */
export function enabledStream({ streams }: StreamedTable): TableStream | undefined {
  return streams.find(({ until }) => until === undefined);
}

/** @throws AwsError (ValidationException) for another view type than DynamoDB has */
export function readViewType(value: unknown): ViewType {
  const found = VIEW_TYPES.find((one) => one === value);
  if (found !== undefined) return found;
  const message =
    value === undefined
      ? 'One or more parameter values were invalid: StreamViewType must be given if a stream is enabled'
      : `1 validation error detected: Value '${String(value)}' at 'streamSpecification.streamViewType' failed to satisfy constraint: Member must satisfy enum value set: [${VIEW_TYPES.join(', ')}]`;
  throw new AwsError(400, 'ValidationException', message);
}

interface Known {
  readonly tableId: string;
  readonly streams: TableStream[];
}

/** Keeps the streams of all tables; a table's streams end with it. */
export function createTableStreams(log: EngineLog): TableStreams {
  const known = new Map<string, Known>();

  /** The table's streams; those of an earlier table of its name are forgotten. */
  const keep = (table: string, described: EngineTable, otherwise: () => TableStream[]): Known => {
    const tableId = identityOf(described);
    const found = known.get(table);
    const kept = found?.tableId === tableId ? found : { tableId, streams: otherwise() };
    known.set(table, kept);
    return kept;
  };

  const read = async (table: string): Promise<StreamedTable | undefined> => {
    const described = await log.describe(table);
    if (described === undefined) {
      known.delete(table);
      return undefined;
    }
    const kept = keep(table, described, () => adopted(table, described));
    const engineArn = isOn(described) ? described.LatestStreamArn : undefined;
    return { ...kept, keySchema: described.KeySchema, engineArn };
  };

  const endOf = async ({ engineArn }: StreamedTable): Promise<bigint> =>
    engineArn === undefined ? 0n : log.end(engineArn);

  return {
    read,
    find: (arn) => [...known.values()].flatMap(({ streams }) => streams).find((stream) => stream.arn === arn),
    async enable(table, viewType, after) {
      const described = await log.describe(table);
      if (described === undefined) return;
      const { streams } = keep(table, described, () => []);
      // Two streams of a table never share a label.
      const createdAt = Math.max(Date.now(), (streams.at(-1)?.createdAt ?? 0) + 1);
      streams.push(newStream({ table, viewType, createdAt, after }));
    },
    async disable(table) {
      const streamed = await read(table);
      if (streamed === undefined) return;
      const stream = enabledStream(streamed);
      if (stream !== undefined) stream.until = await endOf(streamed);
    },
    async trim(table) {
      const streamed = await read(table);
      if (streamed === undefined)
        throw new Error(`There is no table ${table} whose stream could be trimmed.`);
      const end = await endOf(streamed);
      for (const stream of streamed.streams)
        stream.after = stream.until !== undefined && stream.until < end ? stream.until : end;
    },
  };
}

const isOn = ({ StreamSpecification }: EngineTable): boolean => StreamSpecification?.StreamEnabled === true;

/**
 * The stream of an engine that records already: one that outlives this process may. It is found enabled, and shows what the
 * engine records; what an earlier process disabled or trimmed is not known any longer.
 */
function adopted(table: string, described: EngineTable): TableStream[] {
  if (!isOn(described)) return [];
  const { StreamSpecification, LatestStreamLabel = '' } = described;
  const createdAt = /^\d+\.\d+$/.test(LatestStreamLabel)
    ? Math.floor(Number(LatestStreamLabel) * 1000)
    : Date.parse(`${LatestStreamLabel}Z`);
  const viewType = readViewType(StreamSpecification?.StreamViewType);
  return [newStream({ table, viewType, createdAt, after: 0n })];
}

function newStream(given: Pick<TableStream, 'table' | 'viewType' | 'createdAt' | 'after'>): TableStream {
  const label = new Date(given.createdAt).toISOString().slice(0, -1);
  const arn = arnOf('dynamodb', `table/${given.table}/stream/${label}`);
  return { ...given, label, arn, until: undefined };
}
