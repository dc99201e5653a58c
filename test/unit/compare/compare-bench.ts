import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { compareSource } from '../../../functions/compare-all/compare-source.ts';
import { compareTarget } from '../../../functions/compare-all/compare-target.ts';
import { judgeCompare } from '../../../functions/compare-all/judge-compare.ts';
import { itemTable, type ScanPage, type ScanRequest } from '../../../functions/shared/aws/item-table.ts';
import { sendWire } from '../../../functions/shared/aws/wire-client.ts';
import { createInDoubt, watchUnanswered } from '../../../functions/shared/aws/in-doubt.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { lookScope, openScan, pagesOf, wholeTable } from '../../../functions/shared/copy/scan.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { keyText } from '../../../functions/shared/items/item-key.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { Compared, Followed } from '../../../functions/shared/ledger/sync-facts.ts';
import { readRun, type Run, type RunKind } from '../../../functions/shared/ledger/run.ts';
import { listShards } from '../../../functions/shared/ledger/shard.ts';
import { changeSync } from '../../../functions/shared/ledger/sync.ts';
import { listNamed } from '../../../functions/shared/ledger/sync-names.ts';
import type { Migration } from '../../../functions/shared/migration/migration.ts';
import { doubtMillisOf, type Runtime, type Turn } from '../../../functions/shared/runtime.ts';
import type { ComparedOutput, Plan } from '../../../functions/shared/state.ts';
import { migration as shop } from '../../../functions/migrations/shop/index.ts';
import { type Bench, drive, longTurn, startBench } from '../files/backup-bench.ts';
import { sizedProducts } from '../migrate/migrate-bench.ts';

/** The run that the compares of these tests follow. */
export const FOLLOWED = { runId: 'run-1', startedAt: '2026-01-02T03:04:05.678Z' } as const;

/** Who compares, with what, and how much time it has. */
export interface Comparer {
  readonly run?: Run;
  readonly runtime?: Runtime;
  readonly turnOf?: () => Turn;
}

/** A source, its migrated target, and a run that compares them. */
export interface CompareBench {
  readonly bench: Bench;
  readonly runtime: Runtime;
  readonly run: Run;
  /** As the machine does it: both Maps, then the judgement. */
  compare(comparer?: Comparer): Promise<ComparedOutput>;
  /** One Map. */
  map(side: 'source' | 'target', comparer?: Comparer): Promise<void>;
  judge(run?: Run): Promise<ComparedOutput>;
  /** What the last judgement has noted. */
  compared(): Promise<Compared | undefined>;
  /** Keys that the workers have noted, by kind, sorted. */
  samples(): Promise<Record<string, string[]>>;
  /** Keys that the sync names now: `conflict products-enhanced: ...`. */
  named(): Promise<readonly string[]>;
  /** The sync goes on under another execution, in this status. */
  next(name: string, status?: 'SYNCING' | 'SWITCHING'): Promise<Run>;
  /** Every item of the filled tables as text, sorted. */
  target(): Promise<readonly string[]>;
  /** What they must hold: the same of what the source says now. */
  expected(): Promise<readonly string[]>;
  /** An item of a filled table by the text of its key. */
  targetItem(text: string): Promise<WireItem>;
  put(table: string, ...items: readonly WireItem[]): Promise<void>;
  remove(table: string, key: WireItem): Promise<void>;
  /** A runtime of its own, whose every request, of the ledger too, goes through the gate. */
  gated(gate: Gate): Promise<Runtime>;
  /** Scans in pages of so many items; for a plan with one segment. */
  pagesOf(limit: number): Runtime;
}

export interface CompareBenchOptions {
  readonly items?: readonly WireItem[];
  readonly kind?: Extract<RunKind, 'sync' | 'compare'>;
  readonly plan?: Partial<Plan>;
  readonly migration?: Migration;
  /** Of what the run follows. */
  readonly follows?: Partial<Followed>;
}

/** Everything that a source item becomes in the followed run, and what becomes nothing. */
export function madeOf(migration: Migration, items: readonly WireItem[]): readonly TableItem[] {
  const context = { ...FOLLOWED, settings: { defaultStockQuantity: 50 } };
  return items.flatMap((item) => {
    const made = migration.transform(item, context);
    return made.kind === 'items' ? made.items.map((one) => ({ table: one.table.name, item: one.item })) : [];
  });
}

export async function compareBench(options: CompareBenchOptions = {}): Promise<CompareBench> {
  const {
    items = sizedProducts(12),
    kind = 'sync',
    plan = { segments: [0, 1, 2] },
    migration = shop,
  } = options;
  const bench = await startBench();
  const runtime: Runtime = { ...bench.runtime, migration };
  await createTables(bench, migration);
  await bench.fill(migration.source.name, items);
  for (const [table, made] of Map.groupBy(madeOf(migration, items), (one) => one.table))
    await bench.fill(
      table,
      made.map(({ item }) => item),
    );
  const run = await bench.begin('sync-1', plan, {
    kind,
    sourceTable: migration.source.name,
    follows: { ...FOLLOWED, tables: migration.filled.map(({ name }) => ({ name })), ...options.follows },
    ...(kind === 'compare' && { lockTable: `${migration.source.name}#compare` }),
  });
  return { bench, runtime, run, ...movesOf(runtime, bench, run) };
}

async function createTables(bench: Bench, migration: Migration): Promise<void> {
  const { name, key } = migration.source;
  await bench.createTable({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: key.map((one) => ({ AttributeName: one.name, AttributeType: one.type })),
    KeySchema: key.map((one, index) => ({
      AttributeName: one.name,
      KeyType: index === 0 ? 'HASH' : 'RANGE',
    })),
  });
  for (const spec of migration.filled)
    await bench.runtime.clients.dynamo.send(
      new CreateTableCommand(createTableInput(spec, { name: spec.name, tags: {} })),
    );
}

type Moves = Omit<CompareBench, 'bench' | 'runtime' | 'run'>;

function movesOf(usual: Runtime, bench: Bench, begun: Run): Moves {
  const { migration, ledger } = usual;
  const workers = { source: compareSource, target: compareTarget };
  const map: Moves['map'] = async (side, { run = begun, runtime = usual, turnOf = longTurn } = {}) => {
    const { runId, executionArn } = run;
    for (const shard of run.plan.segments)
      await drive(
        (input, turn) => workers[side](runtime, input, turn),
        { runId, executionArn, shard },
        turnOf,
      );
  };
  const judge: Moves['judge'] = ({ runId, executionArn } = begun) =>
    judgeCompare(usual, { runId, executionArn });
  const texts = (items: readonly TableItem[]): readonly string[] =>
    items.map(({ table, item }) => `${table} ${canonicalJson(item)}`).toSorted();
  const filled = async (): Promise<readonly TableItem[]> => {
    const tables = migration.filled.map(async ({ name }) =>
      (await scanned(usual, name)).map((item) => ({ table: name, item })),
    );
    return (await Promise.all(tables)).flat();
  };
  return {
    map,
    judge,
    async compare(comparer = {}) {
      await map('source', comparer);
      await map('target', comparer);
      return judge(comparer.run);
    },
    compared: async () => (await readRun(ledger, begun.runId)).compared,
    samples: () => samplesOf(usual, begun),
    named: async () =>
      (await listNamed(ledger, begun.runId)).map(({ kind, text }) => `${kind} ${text}`).toSorted(),
    async next(name, status = 'SYNCING') {
      const run = await readRun(ledger, begun.runId);
      const holder = {
        executionName: name,
        executionArn: `arn:${name}`,
        startTime: '2026-01-03T00:00:00.000Z',
      };
      const changed = await changeSync(ledger, { run, to: status, step: 'test', holder });
      if (changed === undefined) throw new Error('The sync could not be changed.');
      return changed;
    },
    target: async () => texts(await filled()),
    expected: async () => texts(madeOf(migration, await scanned(usual, migration.source.name))),
    async targetItem(text) {
      const keys = new Map(migration.filled.map(({ name, tableKey }) => [name, tableKey]));
      const found = (await filled()).find(({ table, item }) => keyText(item, keys.get(table) ?? []) === text);
      if (found === undefined) throw new Error(`There is no item ${text}.`);
      return found.item;
    },
    put: (table, ...items) => bench.fill(table, items),
    async remove(tableName, key) {
      const [name = ''] = Object.keys(key);
      const condition = { expression: 'attribute_exists(#key)', names: { '#key': name } };
      const { written } = await usual.items.deleteIf(tableName, key, condition);
      if (!written) throw new Error('There is no such item.');
    },
    gated: (gate) => gatedRuntime(usual, gate),
    pagesOf: (limit) => ({
      ...usual,
      items: { ...usual.items, scanPage: (request) => scanWhole(usual, { ...request, limit }) },
    }),
  };
}

/**
 * A page of the only segment. The engine behind these tests ends a Scan with segments where somebody has deleted the item
 * that its last page ended with, and DynamoDB does not.
 */
async function scanWhole({ clients }: Runtime, request: ScanRequest): Promise<ScanPage> {
  if (request.totalSegments > 1) throw new Error('Only a single segment can be read in small pages here.');
  const { tableName, exclusiveStartKey, limit } = request;
  const body = { TableName: tableName, ExclusiveStartKey: exclusiveStartKey, Limit: limit };
  const text = await sendWire(clients.dynamo, 'Scan', JSON.stringify({ ...body, ConsistentRead: true }));
  const answer = JSON.parse(text) as { Items: WireItem[]; LastEvaluatedKey?: WireItem };
  const end = answer.LastEvaluatedKey === undefined ? {} : { lastEvaluatedKey: answer.LastEvaluatedKey };
  return { items: answer.Items, ...end, readUnits: 1, bytes: text.length };
}

/** Sees every request: may count it, hold it back or fail it. */
export type Gate = (operation: string, send: () => Promise<unknown>) => Promise<unknown>;

async function gatedRuntime(usual: Runtime, gate: Gate): Promise<Runtime> {
  const { hostname, port, protocol } = (await usual.clients.dynamo.config.endpoint?.()) ?? {};
  const inDoubt = createInDoubt(usual.clock, doubtMillisOf({ fenceWaitSeconds: 30 }));
  const client = (): DynamoDBClient => {
    const made = new DynamoDBClient({
      endpoint: `${protocol}//${hostname}:${port}`,
      region: usual.config.region,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    // Around the gate, which loses answers.
    watchUnanswered(made, inDoubt);
    made.middlewareStack.add(
      (next, context) => async (args) => {
        const operation = String(context['commandName']).replace(/Command$/, '');
        return (await gate(operation, () => next(args))) as Awaited<ReturnType<typeof next>>;
      },
      { step: 'finalizeRequest', name: 'gate', priority: 'low' },
    );
    return made;
  };
  const dynamo = client();
  const ledger = DynamoDBDocumentClient.from(client(), {
    marshallOptions: { removeUndefinedValues: true },
  });
  return {
    ...usual,
    clients: { ...usual.clients, dynamo, tables: client(), ledger },
    ledger: { ...usual.ledger, client: ledger },
    items: itemTable(dynamo),
    inDoubt,
  };
}

/** An item, and the table that it is in or belongs into. */
interface TableItem {
  readonly table: string;
  readonly item: WireItem;
}

async function scanned(runtime: Runtime, tableName: string): Promise<readonly WireItem[]> {
  const items: WireItem[] = [];
  const scan = openScan(lookScope(runtime, Date.now() + 60_000), wholeTable(tableName));
  for await (const page of pagesOf(scan)) items.push(...page);
  return items;
}

async function samplesOf({ ledger }: Runtime, { runId }: Run): Promise<Record<string, string[]>> {
  const states = ['CompareSource', 'CompareTarget'] as const;
  const shards = (await Promise.all(states.map((state) => listShards(ledger, runId, state)))).flat();
  const entries = shards.flatMap(({ samples = {} }) => Object.entries(samples));
  const kinds = Map.groupBy(entries, ([kind]) => kind);
  return Object.fromEntries(
    [...kinds].map(([kind, found]) => [kind, found.flatMap(([, keys]) => keys).toSorted()]),
  );
}
