import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  DeleteTableCommand,
  ListBulkOperationsCommand,
  ListTablesCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { bulkLoad } from '../../../functions/bulk-load/bulk-load.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { objectStore } from '../../../functions/shared/aws/object-store.ts';
import type { BulkCursor } from '../../../functions/shared/copy/bulk/bulk-cursor.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { listShards, type Shard } from '../../../functions/shared/ledger/shard.ts';
import { sealBackup } from '../../../functions/shared/runs/seal-backup.ts';
import { ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { eventually } from '../../support/embedded.ts';
import { evenAndOdd } from '../../support/two-tables.ts';
import {
  type Bench,
  longTurn,
  products,
  productsTable,
  shortTurn,
  sourceTable,
  startBench,
} from '../../unit/files/backup-bench.ts';
import { backUpAndTransform } from '../../unit/files/sealed-bench.ts';

/** A run by bulk put in front of its state BulkLoad, in an embedded AWS that has the four operations. */
export interface BulkBench extends Bench {
  readonly run: Run;
  /** One call of bulkLoad that takes one step of each table, as one that is short of time does. */
  step(): Promise<boolean>;
  /** Calls until every table is loaded. */
  load(): Promise<void>;
  /** Waits until no operation is at work. */
  ended(): Promise<void>;
  /** The checkpoint of each table. */
  shards(): Promise<readonly Shard<BulkCursor>[]>;
  /** ARNs of the operations that were started for a table since the bench began. */
  operations(table: string): Promise<readonly string[]>;
  /** Lets the clock of the functions run ahead. */
  later(seconds: number): void;
  putObject(key: string, body: string | Buffer): Promise<void>;
  deleteObject(key: string): Promise<void>;
}

/** The plan of a run that bulk put fills the tables of. */
export const PLAN = { writeEngine: { engine: 'bulk', why: 'the input asks for it' } } as const;
const BUCKET = 'bulk-bench';

/** An embedded AWS without tables, whose runtime has a bucket in its S3. */
export async function openBulkBench(aws: EmbeddedAws): Promise<Bench & Pick<BulkBench, 'later'>> {
  const bench = await startBench({ url: aws.endpoint, stop: () => Promise.resolve() });
  let aheadMillis = 0;
  const clock = { now: () => Date.now() + aheadMillis };
  const { s3 } = bench.runtime.clients;
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET })).catch(() => undefined);
  const store = { bucket: BUCKET, objects: objectStore(s3, BUCKET), migration: evenAndOdd };
  const runtime = { ...bench.runtime, ...store, clock };
  return { ...bench, runtime, later: (seconds) => void (aheadMillis += seconds * 1_000) };
}

/** Backs up 12 products, which become 6 items of each of two tables, and makes the tables ready. */
export async function bulkBench(
  aws: EmbeddedAws,
  runId: string,
  existing: Readonly<Record<string, readonly WireItem[]>> = {},
): Promise<BulkBench> {
  const bench = await openBulkBench(aws);
  const { runtime } = bench;
  await bench.createTable(productsTable);
  await bench.fill(sourceTable, products(12));
  for (const [name, items] of Object.entries(existing)) await fillTarget(bench, name, items);
  const run = await bench.begin(runId, PLAN);
  const { executionArn } = run;
  await backUpAndTransform(bench, run);
  await sealBackup(runtime, run);
  for (const spec of evenAndOdd.targets) await ensureTable(runtime, { spec, runId, executionArn });
  const { dynamo, s3 } = runtime.clients;
  const call = async (turn = longTurn()): Promise<boolean> =>
    (await bulkLoad(runtime, { runId, executionArn }, turn)).done;
  const all = async () =>
    (await dynamo.send(new ListBulkOperationsCommand({}))).BulkOperationsSummaryList ?? [];
  const known = new Set((await all()).map(({ BulkOperationArn }) => BulkOperationArn));
  return {
    ...bench,
    run,
    step: () => call(shortTurn()),
    async load() {
      while (!(await call())) await sleep(5);
    },
    ended: async () =>
      void (await eventually(async () =>
        (await all()).every(({ BulkOperationStatus }) => BulkOperationStatus !== 'IN_PROGRESS')
          ? true
          : undefined,
      )),
    shards: () => listShards<BulkCursor>(runtime.ledger, runId, 'BulkLoad'),
    operations: async (table) =>
      (await all())
        .map(({ BulkOperationArn = '' }) => BulkOperationArn)
        .filter((arn) => arn.includes(`table/${table}/`) && !known.has(arn)),
    putObject: async (Key, Body) => void (await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }))),
    deleteObject: async (Key) => void (await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }))),
  };
}

async function fillTarget(bench: Bench, name: string, items: readonly WireItem[]): Promise<void> {
  const spec = evenAndOdd.targets.find((target) => target.name === name);
  if (spec === undefined) throw new Error(`The migration has no table ${name}.`);
  await bench.runtime.clients.dynamo.send(new CreateTableCommand(createTableInput(spec, { name, tags: {} })));
  await bench.fill(name, items);
}

/** Deletes every table, so that the next bench finds none. */
export async function removeTables({ runtime }: Bench): Promise<void> {
  const { dynamo } = runtime.clients;
  const { TableNames = [] } = await dynamo.send(new ListTablesCommand({}));
  for (const TableName of TableNames) {
    await dynamo.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
    await dynamo.send(new DeleteTableCommand({ TableName }));
  }
}
