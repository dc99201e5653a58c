import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import type { ChangeBatch } from '../../../functions/sync-products/change-batch.ts';
import { followChanges } from '../../../functions/sync-products/follow-changes.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { describeTable } from '../../../functions/shared/aws/describe-table.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { beginRun } from '../../../functions/shared/ledger/begin.ts';
import type { SyncStatus } from '../../../functions/shared/ledger/sync-facts.ts';
import { type Run, type RunStatus, readRun } from '../../../functions/shared/ledger/run.ts';
import { changeSync } from '../../../functions/shared/ledger/sync.ts';
import { listNamed } from '../../../functions/shared/ledger/sync-names.ts';
import { listPending, listMinutes } from '../../../functions/shared/ledger/sync-records.ts';
import type { Runtime, Turn } from '../../../functions/shared/runtime.ts';
import { createLedgerWorld, type Gate, type LedgerWorld } from '../../support/ledger-world.ts';
import { sampleHolder, sampleNewRun } from '../../support/sample-run.ts';
import { catalogueTable, keyIdentity, productToItems, sourceTableName } from '../../support/shop.ts';

export const streamArn =
  'arn:aws:dynamodb:ap-southeast-2:123456789012:table/products/stream/2026-11-29T00:00:00.000';
export const targetName = catalogueTable.name;

/** The migration that the sync of these tests follows. */
export const followed = { runId: 'run-1', startedAt: '2026-11-28T00:00:00.000Z' } as const;
const context = { ...followed, settings: { defaultStockQuantity: 50 } };

export const product = (id: string, more: WireItem = {}): WireItem => ({
  id: { S: id },
  name: { S: `Shoe ${id}` },
  price: { S: '165' },
  sizes: { L: [{ S: 'S' }, { S: 'M' }] },
  ...more,
});

/** What the followed run makes of a product, or another one. */
export function itemsOf(source: WireItem, runId: string = followed.runId): readonly WireItem[] {
  const result = productToItems(source, { ...context, runId });
  if (result.kind !== 'items') throw new Error(`${result.code}: ${result.sentence}`);
  return result.items;
}

/** What calls change of a record; everything else is as Lambda sends it. */
export interface RecordChange {
  readonly streamArn?: string;
  /** Epoch milliseconds; default: a second ago. */
  readonly changedAt?: number;
  /** Whether time to live has deleted the items. */
  readonly isExpiry?: boolean;
}

const TIME_TO_LIVE = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };

let sequence = 0;

/** The event of a mapping: one record for each id, in this order. */
export function batchOf(ids: readonly string[], now: number, change: RecordChange = {}): ChangeBatch {
  const { changedAt = now - 1_000 } = change;
  return {
    Records: ids.map((id) => ({
      eventID: `event-${(sequence += 1)}`,
      eventName: change.isExpiry === true ? 'REMOVE' : 'MODIFY',
      ...(change.isExpiry === true && { userIdentity: TIME_TO_LIVE }),
      eventSource: 'aws:dynamodb',
      awsRegion: 'ap-southeast-2',
      eventSourceARN: change.streamArn ?? streamArn,
      dynamodb: {
        Keys: { id: { S: id } },
        NewImage: { id: { S: id }, name: { S: 'not what is there now' } },
        SequenceNumber: String(1_000_000 + sequence),
        ApproximateCreationDateTime: Math.floor(changedAt / 1_000),
        StreamViewType: 'NEW_IMAGE',
      },
    })),
  };
}

/** Lines that a call has logged: level, message, and what belongs to it. */
export type LogLine = readonly [level: string, message: string, facts: Readonly<Record<string, unknown>>];

/** The same runtime, which keeps what is logged. */
export function logging(runtime: Runtime): { readonly runtime: Runtime; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const keep =
    (level: string) =>
    (message: string, facts: Readonly<Record<string, unknown>> = {}): void =>
      void lines.push([level, message, facts]);
  const logger = { info: keep('info'), warn: keep('warn'), error: keep('error'), debug: keep('debug') };
  return { runtime: { ...runtime, logger: logger as unknown as Runtime['logger'] }, lines };
}

/** A shop with its two tables, and a ledger. */
export interface SyncBench {
  readonly world: LedgerWorld;
  /** Empties everything, and makes the tables again. */
  reset(): Promise<void>;
  begin(change?: Partial<Run>): Promise<Run>;
  move(to: SyncStatus): Promise<Run>;
  sync(): Promise<Run>;
  putSource(...items: readonly WireItem[]): Promise<void>;
  deleteSource(id: string): Promise<void>;
  putTarget(...items: readonly WireItem[]): Promise<void>;
  /** By key. */
  target(): Promise<ReadonlyMap<string, WireItem>>;
  /** What differs between the target and the transform of the source, as text; empty: in step. */
  differences(): Promise<readonly string[]>;
  call(ids: readonly string[], how?: CallOptions): Promise<{ readonly failed: string | undefined }>;
  pending(): Promise<readonly string[]>;
  named(): Promise<readonly string[]>;
  minute(): ReturnType<typeof firstMinute>;
  /** A runtime whose requests for items pass the gate; those to the ledger do not. */
  gated(gate: Gate): Runtime;
}

export interface CallOptions extends RecordChange {
  readonly runtime?: Runtime;
  readonly turn?: Turn;
}

let calls = 0;
/** A call with the function's whole time limit. */
export const wholeTurn = (): Turn => ({
  remainingMillis: () => 120_000,
  requestId: `request-${(calls += 1)}`,
});

export async function openSyncBench(): Promise<SyncBench> {
  const world = await createLedgerWorld();
  const scan = async (tableName: string): Promise<readonly WireItem[]> => {
    const page = await world.observer.items.scanPage({ tableName, segment: 0, totalSegments: 1 });
    return page.items;
  };
  const put = async (table: string, items: readonly WireItem[]): Promise<void> => {
    for (const item of items) await world.observer.items.batchPut(table, [JSON.stringify(item)]);
  };
  const sync = (): Promise<Run> => readRun(world.observer.ledger, 'sync-1');
  return {
    world,
    async reset() {
      await world.reset();
      await createTables(world);
    },
    begin: (change = {}) => beginSync(world, change),
    async move(to) {
      const moved = await changeSync(world.observer.ledger, {
        run: await sync(),
        to,
        step: `to-${to}-${world.clock.now()}`,
        holder: sampleHolder('mover'),
        releases: RELEASING.includes(to),
      });
      if (moved === undefined) throw new Error(`The sync is not ${to}.`);
      return moved;
    },
    sync,
    putSource: (...items) => put(sourceTableName, items),
    async deleteSource(id) {
      await world.observer.items.deleteIf(
        sourceTableName,
        { id: { S: id } },
        { expression: 'attribute_exists(id)' },
      );
    },
    putTarget: (...items) => put(targetName, items),
    target: async () => new Map((await scan(targetName)).map((item) => [keyIdentity(item), item])),
    differences: async () => differencesOf(await scan(sourceTableName), await scan(targetName)),
    async call(ids, { runtime = world.observer, turn = wholeTurn(), ...change } = {}) {
      const { batchItemFailures } = await followChanges(
        runtime,
        batchOf(ids, world.clock.now(), change),
        turn,
      );
      return { failed: batchItemFailures[0]?.itemIdentifier };
    },
    pending: async () =>
      (await listPending(world.observer.ledger, 'sync-1')).map(({ text }) => text).toSorted(),
    named: async () =>
      (await listNamed(world.observer.ledger, 'sync-1'))
        .map(({ kind, text }) => `${kind} ${text}`)
        .toSorted(),
    minute: () => firstMinute(world),
    gated(gate) {
      const { clients, ...runtime } = world.runtime(gate);
      const { ledger, tables } = world.observer.clients;
      return { ...runtime, clients: { ...clients, ledger, tables }, ledger: world.observer.ledger };
    },
  };
}

const RELEASING: readonly RunStatus[] = ['SWITCHED', 'CANCELLED'];

async function firstMinute({ observer }: LedgerWorld) {
  const [minute] = await listMinutes(observer.ledger, 'sync-1');
  return minute;
}

async function createTables({ observer }: LedgerWorld): Promise<void> {
  await observer.clients.dynamo.send(
    new CreateTableCommand({
      TableName: sourceTableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await observer.clients.dynamo.send(
    new CreateTableCommand(createTableInput(catalogueTable, { name: targetName, tags: {} })),
  );
}

async function beginSync({ observer }: LedgerWorld, change: Partial<Run>): Promise<Run> {
  const { TableId = '' } = (await describeTable(observer.clients.tables, targetName)) ?? {};
  const begun = await beginRun(
    observer.ledger,
    sampleNewRun('sync-1', {
      kind: 'sync',
      follows: { ...followed, tables: [{ name: targetName, tableId: TableId }] },
      stream: { arn: streamArn },
      ...change,
    }),
    sampleHolder('sync-1'),
  );
  if (begun.outcome !== 'BEGUN') throw new Error('The sync was not begun.');
  return begun.run;
}

function differencesOf(sources: readonly WireItem[], targets: readonly WireItem[]): readonly string[] {
  const wanted = new Set(sources.flatMap((source) => itemsOf(source)).map(canonicalJson));
  const found = new Set(targets.map(canonicalJson));
  return [
    ...[...wanted].filter((item) => !found.has(item)).map((item) => `missing: ${item}`),
    ...[...found].filter((item) => !wanted.has(item)).map((item) => `extra: ${item}`),
  ];
}
