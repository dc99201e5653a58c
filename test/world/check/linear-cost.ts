import type { Memory } from '../memory.ts';
import type { Strike } from '../misfortunes.ts';
import type { World } from '../world.ts';
import type { Usage } from './meter.ts';

/**
 * What a call of a function sends at most: so many requests, and so many for each product that ever was. Measured, and
 * rounded up a little. Nothing but items depends on the number of products.
 */
interface Rates {
  readonly ledger: number;
  readonly items?: number;
  readonly itemsOfProduct?: number;
  readonly tables?: number;
  readonly objects?: number;
}

const CREATING: Rates = { ledger: 18, tables: 9 };

const RATES: Readonly<Record<string, Rates>> = {
  testConnection: { ledger: 0, items: 1, tables: 12, objects: 1 },
  beginRun: { ledger: 12 },
  backupProducts: { ledger: 8, items: 2, itemsOfProduct: 1, tables: 1, objects: 8 },
  transformProducts: { ledger: 9, objects: 4 },
  sealBackup: { ledger: 10, tables: 3, objects: 16 },
  createCartTable: CREATING,
  createOrdersTable: CREATING,
  createReturnsTable: CREATING,
  createProductsEnhancedTable: CREATING,
  migrateProductsEnhanced: { ledger: 27, items: 4, itemsOfProduct: 4, tables: 2, objects: 3 },
  bulkLoad: { ledger: 12, items: 4, tables: 4, objects: 8 },
  verifyMigration: { ledger: 9, items: 4, itemsOfProduct: 1, tables: 2, objects: 2 },
  completeRun: { ledger: 50, tables: 36, objects: 10 },
  rollBack: { ledger: 42, items: 8, itemsOfProduct: 4, tables: 38, objects: 12 },
  recordFailure: { ledger: 4 },
  recoverRun: { ledger: 18, tables: 9 },
  syncProducts: { ledger: 15, items: 4, itemsOfProduct: 4, tables: 2 },
  compareAll: { ledger: 12, items: 4, itemsOfProduct: 4, tables: 2 },
  controlSync: { ledger: 12, tables: 4, objects: 5 },
  restoreFromBackup: { ledger: 30, items: 4, itemsOfProduct: 4, tables: 12, objects: 8 },
};

/** A worker looks at its run every 2.5 seconds, and saves a checkpoint every 5. */
const LEDGER_REQUESTS_A_SECOND = 0.6;
/** Whoever waits for a table asks again after half a second or later. */
const TABLE_REQUESTS_A_SECOND = 2;
/** A step alone is a run in one call, and records that somebody has deleted are made again. */
const REQUESTS_ALONE = 80;
/** Whatever goes wrong is a reason to ask again, and to look whether it was done. */
const REQUESTS_OF_MISFORTUNE = 2;
/** States of an execution beside the Tasks, and what surrounds a Task: its choice, its wait, the end of its iteration. */
const TRANSITIONS_OF_EXECUTION = 40;
const TRANSITIONS_OF_CALL = 4;

/** Promise 5: nothing costs more than in proportion to the products, the calls and the time of work. */
export function linearGaps({ meter }: World, memory: Memory, since: readonly Strike[]): readonly string[] {
  const products = memory.versions.size;
  const spared = REQUESTS_OF_MISFORTUNE * since.length;
  const isAlone = since.some(({ kind, what }) => kind === 'tamperer' || what.endsWith('alone'));
  const calls = [...meter.usage.values()].reduce((sum, one) => sum + one.calls, 0);
  const most = TRANSITIONS_OF_EXECUTION * meter.executions + TRANSITIONS_OF_CALL * calls + spared;
  return [
    ...[...meter.usage].flatMap(([key, usage]) =>
      usageGaps(key, usage, { products, spared: spared + (isAlone ? usage.calls * REQUESTS_ALONE : 0) }),
    ),
    ...(meter.transitions <= most ? [] : [`5: ${calls} calls were in ${meter.transitions} states`]),
  ];
}

interface Scale {
  readonly products: number;
  readonly spared: number;
}

function usageGaps(key: string, usage: Readonly<Usage>, { products, spared }: Scale): readonly string[] {
  const { calls, millis } = usage;
  const seconds = millis / 1_000;
  const { ledger, items = 0, itemsOfProduct = 0, tables = 0, objects = 0 } = RATES[key] ?? { ledger: 0 };
  const most = {
    ledger: calls * ledger + LEDGER_REQUESTS_A_SECOND * seconds,
    items: calls * (items + itemsOfProduct * products),
    tables: calls * tables + TABLE_REQUESTS_A_SECOND * seconds,
    objects: calls * objects,
  };
  return (['ledger', 'items', 'tables', 'objects'] as const)
    .filter((kind) => usage[kind] > most[kind] + spared)
    .map(
      (kind) => `5: ${calls} calls of ${key} sent ${usage[kind]} requests for ${kind} (${products} products)`,
    );
}
