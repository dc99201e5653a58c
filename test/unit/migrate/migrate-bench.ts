import { migrateShard } from '../../../functions/migrate-products/migrate-shard.ts';
import { resumeRun } from '../../../functions/shared/ledger/begin.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { findShard, type Shard } from '../../../functions/shared/ledger/shard.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import type { Runtime, Turn } from '../../../functions/shared/runtime.ts';
import type { Plan, RollBackInput, WorkerOutput } from '../../../functions/shared/state.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import { productsEnhancedTable } from '../../../functions/migrations/shop/tables/products-enhanced.ts';
import { keyIdentity } from '../../support/shop.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { type WireItem, wireItem } from '../../../functions/shared/items/wire-item.ts';
import { type Bench, drive, longTurn, noteClosed, product, sourceTable } from '../files/backup-bench.ts';
import { backUpAndTransform, sealedBench } from '../files/sealed-bench.ts';
import { sealBackup } from '../../../functions/shared/runs/seal-backup.ts';

export const targetName = productsEnhancedTable.name;

/** When every execution started. */
export const startTime = '2026-01-02T03:04:05.678Z';

/** A sealed backup and a target that is ready for it. */
export interface MigrateBench extends Bench {
  readonly run: Run;
  /** Calls the worker of one shard until it is done. */
  migrate(run?: Run, runtime?: Runtime, turnOf?: () => Turn): Promise<WorkerOutput>;
  shard(run?: Run): Promise<Shard | undefined>;
  /** Every item of the target by key. */
  target(): Promise<ReadonlyMap<string, WireItem>>;
  /** Ends a run and begins, backs up and seals the next one. */
  nextRun(runId: string, change?: Partial<Run>): Promise<Run>;
  /** Holds the run and lets it go on under another execution. */
  resume(run: Run, name?: string): Promise<Run>;
  /** Writes one item of the target over, as the shop would. */
  put(item: WireItem): Promise<void>;
}

export interface MigrateBenchOptions {
  readonly products?: readonly WireItem[];
  readonly plan?: Partial<Plan>;
  readonly run?: Partial<Run>;
  /** Items of a target that is there before the run. */
  readonly existing?: readonly WireItem[];
}

/** A product with four sizes: five items. */
export const sizedProduct = (index: number, more: WireItem = {}): WireItem =>
  product(index, { sizes: { L: ['S', 'M', 'L', 'XL'].map((S) => ({ S })) }, ...more });

export const sizedProducts = (count: number): WireItem[] =>
  Array.from({ length: count }, (_, index) => sizedProduct(index));

/** Every item of a table by key. */
export async function itemsOf(runtime: Runtime, tableName: string): Promise<ReadonlyMap<string, WireItem>> {
  const found = new Map<string, WireItem>();
  let exclusiveStartKey: WireItem | undefined;
  do {
    const page = await runtime.items.scanPage({ tableName, segment: 0, totalSegments: 1, exclusiveStartKey });
    for (const item of page.items) found.set(keyIdentity(item), item);
    exclusiveStartKey = page.lastEvaluatedKey;
  } while (exclusiveStartKey !== undefined);
  return found;
}

/** As CreateTables leaves the table. */
async function makeReady(bench: Bench, run: Run): Promise<void> {
  const { runId, executionArn } = run;
  await ensureTable(bench.runtime, { spec: productsEnhancedTable, runId, executionArn });
  await noteClosed(bench, runId);
}

async function endRun({ runtime }: Bench, runId: string): Promise<void> {
  const run = await readRun(runtime.ledger, runId);
  await transition(runtime.ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: `end:${runId}` });
}

async function resumeHeld({ runtime }: Bench, run: Run, name: string): Promise<Run> {
  const now = await readRun(runtime.ledger, run.runId);
  const held = await transition(runtime.ledger, { run: now, to: 'HELD', lock: 'keep', writer: 'hold' });
  const holder = {
    executionName: name,
    executionArn: `arn:${name}`,
    startTime: '2026-01-03T00:00:00.000Z',
  };
  const resumed = held && (await resumeRun(runtime.ledger, held, holder));
  if (resumed === undefined) throw new Error('The run could not be resumed.');
  return resumed;
}

export async function migrateBench(options: MigrateBenchOptions = {}): Promise<MigrateBench> {
  const { products = sizedProducts(12), plan = {}, run: change = {}, existing } = options;
  const { bench, run } = await sealedBench(products, { plan, run: change });
  if (existing !== undefined) {
    await bench.createTable(createTableInput(productsEnhancedTable, { name: targetName, tags: {} }));
    await bench.fill(targetName, existing);
  }
  await makeReady(bench, run);
  let newest = run.runId;
  return {
    ...bench,
    run,
    migrate: (of = run, runtime = bench.runtime, turnOf = longTurn) =>
      drive(
        (input, turn) => migrateShard(runtime, input, turn),
        { runId: of.runId, executionArn: of.executionArn, shard: 0 },
        turnOf,
      ),
    shard: (of = run) => findShard(bench.runtime.ledger, of.runId, 'MigrateProducts', 0),
    target: () => itemsOf(bench.runtime, targetName),
    async nextRun(runId, nextChange = {}) {
      await endRun(bench, newest);
      newest = runId;
      const next = await bench.begin(runId, plan, nextChange);
      await backUpAndTransform(bench, next);
      await sealBackup(bench.runtime, next);
      await makeReady(bench, next);
      return next;
    },
    resume: (of, name = 'resumer') => resumeHeld(bench, of, name),
    put: (item) => bench.fill(targetName, [item]),
  };
}

/** The source's product of this index, changed. */
export async function changeSource(bench: Bench, item: WireItem): Promise<void> {
  await bench.fill(sourceTable, [item]);
}

/** An error as the SDK throws it. */
export function awsError(name: string, message = `${name} for a test`): Error {
  return Object.assign(new Error(message), { name });
}

/** An item of the first product that the shop has put there itself. */
export const shopItem: WireItem = {
  PK: { S: 'PRODUCT#p-1' },
  SK: { S: 'VARIANT#PRO-M-P1-1DEE6E3EC6' },
  note: { S: 'the shop’s own' },
};

/** Key of an item of the target, as {@link MigrateBench.target} has it. */
export const targetKey = (SK: string, id = 'p-1'): string =>
  keyIdentity({ PK: { S: `PRODUCT#${id}` }, SK: { S: SK } });

/** The item with a note of the shop's. */
export const noted = (item: WireItem): WireItem =>
  wireItem([...Object.entries(item), ['note', { S: 'changed by the shop' }]]);

/** The target as text, to be compared before and after. */
export async function snapshot(bench: MigrateBench): Promise<string> {
  const items = [...(await bench.target()).values()].map(canonicalJson);
  return items.toSorted().join('\n');
}

/** Facts of a run that is held where it fails. */
export const holding = {
  parameters: {
    dryRun: false,
    onFailure: 'hold',
    maxQuarantined: 0,
    onExisting: 'keep',
    maxConcurrency: 4,
  },
} as const;

/** Facts of a run that replaces. */
export const replacing = {
  parameters: {
    dryRun: false,
    onFailure: 'rollback',
    maxQuarantined: 0,
    onExisting: 'replace',
    maxConcurrency: 4,
  },
} as const;

/** What a stage is told about an execution of {@link migrateBench}'s run, or of another. */
export const executionOf = (name = 'run-1') => ({ id: `arn:${name}`, name, startTime });

/** What the machine `migrate` asks for where an execution has failed. */
export const failedInput = (name?: string): RollBackInput => ({
  machine: 'migrate',
  execution: executionOf(name),
  tested: {},
  failure: { Error: 'ItemRefusedError', Cause: 'An item was refused.' },
});

/** What the machine `rollback` asks for where somebody has started it for the run. */
export const requestedInput = (more: object = {}): RollBackInput => ({
  machine: 'rollback',
  execution: executionOf('by-hand'),
  input: { runId: 'run-1', ...more },
});

/** A migrated catalogue, whose first product has changed at the source, and a second run that replaces. */
export async function secondRun(): Promise<{ readonly bench: MigrateBench; readonly run: Run }> {
  const bench = await migrateBench({ products: sizedProducts(4) });
  await bench.migrate();
  await changeSource(bench, sizedProduct(1, { price: { S: '170' } }));
  return { bench, run: await bench.nextRun('run-2', replacing) };
}
