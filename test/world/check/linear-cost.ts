import { isReplacing, type LedgerItem, ledgerItems, runsOf } from '../holdings.ts';
import type { Memory } from '../memory.ts';
import type { Strike } from '../misfortunes.ts';
import type { World } from '../world.ts';
import type { Usage } from './meter.ts';

/**
 * What a call of a function sends at most: so many requests, and so many for each product that ever was. Measured, and
 * rounded up a little. Only these depend on the number of products: items, the keys that a sync leaves pending, and the
 * files of what a run replaces.
 */
interface Rates {
  readonly ledger: number;
  /** A change that may not have taken effect leaves its key pending: noted, looked at again, removed, and named. */
  readonly ledgerOfProduct?: number;
  /** Whether the earlier runs without an end are quiet. */
  readonly ledgerOfEarlierRun?: number;
  /** Which executions have failed before. */
  readonly ledgerOfFailure?: number;
  /** Of time at work. */
  readonly ledgerOfSecond?: number;
  readonly items?: number;
  readonly itemsOfProduct?: number;
  readonly tables?: number;
  readonly objects?: number;
  /** What a run replaces or removes is kept in a file first. */
  readonly objectsOfProduct?: number;
}

const CREATING: Rates = { ledger: 12, ledgerOfEarlierRun: 3, tables: 9 };

/** A page of a Scan holds few items where reads have a low cap. */
const SLOW_PAGES = 0.5;

/**
 * Of a product that has to be reconciled: its items and its source are read before and after, and the three items that it
 * becomes are written.
 */
const RECONCILED = 7;

const RATES: Readonly<Record<string, Rates>> = {
  testConnection: { ledger: 0, items: 1, tables: 12, objects: 1 },
  // A resumption looks through the claims every two seconds while it waits for them. A table that the shop has switched to
  // is looked at before the run has its lock, and under it.
  beginRun: { ledger: 17, ledgerOfSecond: 1.1, tables: 2 },
  backupProducts: { ledger: 8, items: 2, itemsOfProduct: SLOW_PAGES, tables: 1, objects: 8 },
  // A data file that landed late is one file more.
  transformProducts: { ledger: 9, objects: 7 },
  sealBackup: { ledger: 8, tables: 4, objects: 18 },
  createCartTable: CREATING,
  createOrdersTable: CREATING,
  createReturnsTable: CREATING,
  createProductsEnhancedTable: CREATING,
  // What earlier calls have kept is looked at first.
  migrateProductsEnhanced: {
    ledger: 14,
    items: 4,
    itemsOfProduct: 4,
    tables: 2,
    objects: 5,
    objectsOfProduct: 1,
  },
  bulkLoad: { ledger: 12, items: 4, tables: 4, objects: 8 },
  verifyMigration: { ledger: 9, items: 4, itemsOfProduct: SLOW_PAGES, tables: 2, objects: 2 },
  // Each look at a policy comes with a look at the table.
  completeRun: { ledger: 32, tables: 56, objects: 10 },
  rollBack: { ledger: 36, items: 8, itemsOfProduct: 4, tables: 42, objects: 12, objectsOfProduct: 1 },
  recordFailure: { ledger: 3, ledgerOfFailure: 2 },
  // In one call it may look after the open sync, and finish the opening and the protection of a run.
  recoverRun: { ledger: 27, tables: 21 },
  syncProducts: { ledger: 18, ledgerOfProduct: 4, items: 4, itemsOfProduct: RECONCILED, tables: 2 },
  compareAll: { ledger: 12, items: 4, itemsOfProduct: RECONCILED, tables: 2 },
  controlSync: { ledger: 13, tables: 4, objects: 5 },
  restoreFromBackup: { ledger: 30, items: 4, itemsOfProduct: 4, tables: 12, objects: 8 },
};

/** A worker looks at its run every 2.5 seconds, and saves a checkpoint every 5. */
const LEDGER_REQUESTS_A_SECOND = 0.6;
/** Whoever waits for a table asks again after half a second or later. */
const TABLE_REQUESTS_A_SECOND = 2;
/** A step alone is a run in one call, with all its shards, and records that somebody has deleted are made again. */
const REQUESTS_ALONE = 60;
const REQUESTS_OF_SHARD_ALONE = 7;
/** Whatever goes wrong is a reason to ask again, and to look whether it was done. */
const REQUESTS_OF_MISFORTUNE = 2;
/** A file that is not as it was written is read again: its answer may have been cut. */
const READS_OF_DAMAGED = 3;
/** Functions that read a backup, or target files. */
const READERS: ReadonlySet<string> = new Set([
  'sealBackup',
  'transformProducts',
  'migrateProductsEnhanced',
  'bulkLoad',
  'restoreFromBackup',
]);
/** States of an execution beside the Tasks, and what surrounds a Task: its choice, its wait, the end of its iteration. */
const TRANSITIONS_OF_EXECUTION = 40;
const TRANSITIONS_OF_CALL = 4;

/** What has happened, and what was left, that is a reason for more requests. */
interface Before {
  /** Misfortunes since the last rest. */
  readonly since: readonly Strike[];
  /** Claims that were open at the last rest. */
  readonly openClaims: number;
}

/** Promise 5: nothing costs more than in proportion to the products, the calls and the time of work. */
export function linearGaps(world: World, memory: Memory, { since, openClaims }: Before): readonly string[] {
  const { meter } = world;
  const products = memory.versions.size;
  const earlierRuns = Math.max(0, knownRuns(world) - 1);
  const failures = ledgerItems(world).filter(({ SK }) => SK.startsWith('FAILURE#')).length;
  const spared = REQUESTS_OF_MISFORTUNE * since.length;
  const isAlone = since.some(({ kind, what }) => kind === 'tamperer' || what.endsWith('alone'));
  const alone = isAlone ? REQUESTS_ALONE + REQUESTS_OF_SHARD_ALONE * shardsAlone(world) : 0;
  const calls = [...meter.usage.values()].reduce((sum, one) => sum + one.calls, 0);
  const most = TRANSITIONS_OF_EXECUTION * meter.executions + TRANSITIONS_OF_CALL * calls + spared;
  return [
    ...[...meter.usage].flatMap(([key, usage]) =>
      usageGaps(key, usage, {
        products,
        filled: world.deployed.migration.filled.length,
        earlierRuns,
        failures,
        spared: spared + usage.calls * alone,
        openClaims,
        reads: memory.damaged.size > 0 && READERS.has(key) ? READS_OF_DAMAGED : 1,
        replaced: runsOf(world).some(isReplacing) ? products : 0,
      }),
    ),
    ...(meter.transitions <= most ? [] : [`5: ${calls} calls were in ${meter.transitions} states`]),
  ];
}

/** Also those whose record somebody has deleted: others of their records are left. */
const knownRuns = (world: World): number =>
  new Set(ledgerItems(world).flatMap(({ PK }) => (PK.startsWith('RUN#') ? [PK] : []))).size;

/** Shards of steps called alone. */
function shardsAlone(world: World): number {
  const isManual = ({ kind }: LedgerItem): boolean => kind === 'manual';
  const runs = new Set(
    runsOf(world)
      .filter(isManual)
      .map(({ PK }) => PK),
  );
  return ledgerItems(world).filter(({ PK, SK }) => runs.has(PK) && SK.startsWith('SHARD#')).length;
}

interface Scale {
  readonly products: number;
  /** Tables that the migration fills. What a call sends beside the items, it may send for each of them. */
  readonly filled: number;
  readonly earlierRuns: number;
  /** Executions whose failure the ledger has. */
  readonly failures: number;
  readonly spared: number;
  readonly openClaims: number;
  /** How often a file is read. */
  readonly reads: number;
  /** Products of which a run may replace items. */
  readonly replaced: number;
}

function usageGaps(key: string, usage: Readonly<Usage>, scale: Scale): readonly string[] {
  const { products, filled, earlierRuns, failures, spared, openClaims, reads, replaced } = scale;
  const { calls, millis } = usage;
  const seconds = millis / 1_000;
  const { ledger, items = 0, tables = 0, objects = 0, ...of } = RATES[key] ?? { ledger: 0 };
  const { ledgerOfProduct = 0, ledgerOfEarlierRun = 0, ledgerOfFailure = 0, itemsOfProduct = 0 } = of;
  const { ledgerOfSecond = LEDGER_REQUESTS_A_SECOND, objectsOfProduct = 0 } = of;
  const ledgerOfCall =
    filled * ledger +
    ledgerOfProduct * products +
    ledgerOfEarlierRun * earlierRuns +
    ledgerOfFailure * failures;
  const most = {
    ledger: calls * ledgerOfCall + openClaims + ledgerOfSecond * seconds,
    items: calls * filled * (items + itemsOfProduct * products),
    tables: calls * filled * tables + TABLE_REQUESTS_A_SECOND * seconds,
    objects: calls * (filled * objects + objectsOfProduct * replaced) * reads,
  };
  return (['ledger', 'items', 'tables', 'objects'] as const)
    .filter((kind) => usage[kind] > most[kind] + spared)
    .map(
      (kind) => `5: ${calls} calls of ${key} sent ${usage[kind]} requests for ${kind} (${products} products)`,
    );
}
