import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { canonicalJson } from '../../functions/shared/items/canonical-json.ts';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import { beginRun } from '../../functions/shared/ledger/begin.ts';
import type { LedgerTable } from '../../functions/shared/ledger/ledger-table.ts';
import { readRun, type Run } from '../../functions/shared/ledger/run.ts';
import { SYSTEM_CLOCK } from '../../functions/shared/retry.ts';
import { listPending } from '../../functions/shared/ledger/sync-records.ts';
import { listTables } from '../../functions/shared/ledger/table-record.ts';
import type { FaultHandle } from '../../workflow/local/gateway/faults.ts';
import { seededRandom } from '../../workflow/local/gateway/seeded-random.ts';
import { secret } from './checker.ts';
import { clientSettings, eventually } from './embedded.ts';
import { createEnabled } from './mappings.ts';
import type { TestShop } from './migration.ts';
import type { RawDynamoDb } from './raw-dynamodb.ts';
import { catalogueTable, productToItems, sourceTableName, transformContext } from './shop.ts';
import { rawAws } from './streams.ts';

/** A shop whose catalogue was migrated, and a sync that keeps it in step. */
export interface FollowedShop {
  readonly ledger: LedgerTable;
  /** The sync's id. */
  readonly syncId: string;
  readonly streamArn: string;
  /** Id of the event source mapping. */
  readonly mappingId: string;
  /** Items that the target lacks or has too much, compared with the transform of the source now; canonical JSON. */
  differences(): Promise<readonly string[]>;
  stop(): void;
}

/** Name of the function that a mapping calls. */
export const SYNC_FUNCTION = 'products-migration-local-syncProducts';

/** Begins a sync of a run that has succeeded, with a mapping made by hand: stream, ledger record, mapping. */
export async function followShop(shop: TestShop, runId: string): Promise<FollowedShop> {
  const { aws, lambda, dynamo } = shop;
  const base = new DynamoDBClient(clientSettings(aws));
  const client = DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } });
  const ledger = { client, tableName: aws.ledgerTable, clock: SYSTEM_CLOCK };
  const streamArn = await rawAws(aws).enable(sourceTableName);
  const followed = await readRun(ledger, runId);
  const syncId = `sync-of-${runId}`;
  await beginSync(ledger, { followed, syncId, streamArn });
  const mappingId = await createEnabled(lambda, {
    FunctionName: SYNC_FUNCTION,
    EventSourceArn: streamArn,
    ParallelizationFactor: 2,
    BisectBatchOnFunctionError: true,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    DestinationConfig: {
      OnFailure: {
        Destination: `arn:aws:sqs:${aws.region}:123456789012:products-migration-local-sync-failures`,
      },
    },
  });
  return {
    ledger,
    syncId,
    streamArn,
    mappingId,
    differences: () => differencesOf(dynamo, followed),
    stop: () => base.destroy(),
  };
}

/** {@link FollowedShop.differences} of the target of a run that has succeeded. */
export async function targetDifferences(
  { aws, dynamo }: Pick<TestShop, 'aws' | 'dynamo'>,
  runId: string,
): Promise<readonly string[]> {
  const base = new DynamoDBClient(clientSettings(aws));
  const ledger = {
    client: DynamoDBDocumentClient.from(base),
    tableName: aws.ledgerTable,
    clock: SYSTEM_CLOCK,
  };
  try {
    return await differencesOf(dynamo, await readRun(ledger, runId));
  } finally {
    base.destroy();
  }
}

/** Waits until every change has come and no key waits. Keys that wait are taken up, as the machine does. */
export async function untilInStep(shop: TestShop, followed: FollowedShop): Promise<void> {
  await eventually(async () => {
    const pending = await listPending(followed.ledger, followed.syncId);
    if (pending.length === 0 && (await followed.differences()).length === 0) return true;
    if (pending.length > 0) await shop.invoke('syncProducts', { Records: [] });
    return undefined;
  });
}

/** Operations of our functions that would change the source, as logged: none, ever. */
export function writesToSource({ aws }: Pick<TestShop, 'aws'>): readonly string[] {
  return aws.requestLog.entries
    .filter(({ functionName, tables }) => functionName !== undefined && tables.includes(sourceTableName))
    .map(({ operation }) => operation)
    .filter((operation) => /^(Put|Update|Delete|BatchWrite|Transact)/.test(operation));
}

interface NewSync {
  readonly followed: Run;
  readonly syncId: string;
  readonly streamArn: string;
}

async function beginSync(ledger: LedgerTable, { followed, syncId, streamArn }: NewSync): Promise<void> {
  const { runId, startedAt, sourceTable, parameters, plan, settings, backupId } = followed;
  const records = await listTables(ledger, runId);
  const tables = records.filter(({ name }) => name === catalogueTable.name);
  const begun = await beginRun(
    ledger,
    {
      runId: syncId,
      kind: 'sync',
      startedAt: new Date().toISOString(),
      follows: {
        runId,
        startedAt,
        tables: tables.map(({ name, tableId }) => ({ name, ...(tableId !== undefined && { tableId }) })),
      },
      stream: { arn: streamArn },
      sourceTable,
      parameters,
      plan,
      settings,
      backupId,
    },
    { executionName: syncId, executionArn: `arn:aws:states:::execution:${syncId}`, startTime: startedAt },
  );
  if (begun.outcome !== 'BEGUN') throw new Error(`The lock is held by ${begun.lock.runId}.`);
}

async function differencesOf(dynamo: RawDynamoDb, followed: Run): Promise<readonly string[]> {
  const context = transformContext(followed);
  const [sources, targets] = await Promise.all([
    dynamo.scan(sourceTableName),
    dynamo.scan(catalogueTable.name),
  ]);
  const wanted = new Set(
    sources.flatMap((source) => {
      const made = productToItems(source, context);
      return made.kind === 'items' ? made.items.map(canonicalJson) : [];
    }),
  );
  const found = new Set(targets.map(canonicalJson));
  return [
    ...[...wanted].filter((item) => !found.has(item)).map((item) => `missing ${item}`),
    ...[...found].filter((item) => !wanted.has(item)).map((item) => `extra ${item}`),
  ];
}

/** What a shop does in a test. */
export interface Selling {
  readonly changes: number;
  readonly perSecond: number;
  readonly products: number;
  readonly seed: number;
  /** Called after each write that the shop got an answer to: a key, and the item, if it was not deleted. */
  readonly onWritten?: (id: string, item: WireItem | undefined) => void;
}

/** Writes, changes and deletes products at an even pace: one in five is a deletion, some products come back. */
export async function sell(dynamo: RawDynamoDb, selling: Selling): Promise<void> {
  const { changes, perSecond, products, seed, onWritten = () => undefined } = selling;
  const random = seededRandom(seed);
  const startedAt = Date.now();
  for (let n = 1; n <= changes; n += 1) {
    const id = `p-${Math.floor(random() * products)}`;
    const item = random() < 0.2 ? undefined : soldProduct(id, n, random());
    if (item === undefined)
      await dynamo.call('DeleteItem', { TableName: sourceTableName, Key: { id: { S: id } } });
    else await dynamo.put(sourceTableName, item);
    onWritten(id, item);
    await sleep(Math.max(0, startedAt + (n * 1_000) / perSecond - Date.now()));
  }
}

/**
 * Goes on until every fault has struck. How many requests a sync sends for the same changes depends on how quick the
 * machine is.
 *
 * @param act what causes more requests, told which round it is (from 1)
 */
export async function untilStruck(
  handles: readonly FaultHandle[],
  act: (round: number) => Promise<void>,
): Promise<void> {
  for (let round = 1; handles.some(({ struck }) => struck === 0); round += 1) await act(round);
}

const SIZES = ['S', 'M', 'L', 'XL'];

/** A product after its n-th change: price and sizes are others. */
function soldProduct(id: string, n: number, chance: number): WireItem {
  const sizes = SIZES.slice(0, 1 + Math.floor(chance * SIZES.length));
  return {
    id: { S: id },
    name: { S: `Product ${id}` },
    price: { S: String(100 + n) },
    sizes: { L: sizes.map((S) => ({ S })) },
    change: { N: String(n) },
    note: { S: `${secret} of ${id}` },
  };
}
