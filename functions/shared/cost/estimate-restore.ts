import { BYTES_PER_WRITE_UNIT } from '../items/item-size.ts';
import type { Cost, UnknownCost } from './cost.ts';
import { TURN_SECONDS } from './phases.ts';
import {
  coldSeconds,
  PRODUCTS_PER_WORKER,
  READ_UNITS_PER_WORKER,
  sustainedRate,
  TABLE_QUOTA,
  WRITE_UNITS_PER_WORKER,
} from './throughput.ts';
import { type Billing, costOf, serviceUsage } from './usage.ts';

/** What a backup holds, and how its restore is cut. */
export interface RestoreSize extends Billing {
  readonly items: number;
  /** By DynamoDB's size rule, without indexes. */
  readonly bytes: number;
  readonly files: number;
  /** Indexes of the restored table; an item is written to each. */
  readonly indexes: number;
  readonly workers: number;
  readonly shards: number;
  /** Cap over all workers; 0: none. */
  readonly writeUnitsPerSecond: number;
}

/** What a restore is expected to take. */
export type RestoreEstimate = (Cost | UnknownCost) & { readonly seconds: number };

/** The states around the Maps with their cold starts, and the table's way to ACTIVE. */
const FIXED_SECONDS = 45;
const BYTES_PER_READ_UNIT = 4_096;

/** Every item's size is rounded up to KB: half a unit more on average. */
export const restoreWriteUnits = ({ bytes, items }: Pick<RestoreSize, 'bytes' | 'items'>): number =>
  Math.ceil(bytes / BYTES_PER_WRITE_UNIT + items / 2);

/**
 * Estimates a restore into a new table. Pure. It proves every file (items / (workers x 4,000) seconds), writes every item
 * (units of table and indexes at the cap, workers x 2,000 or 40,000 a second, on a cold table), and reads the table back
 * (units at workers x 1,000 or 40,000 a second). Functions, states, ledger and S3 are counted as for a migration.
 */
export function estimateRestore(size: RestoreSize): RestoreEstimate {
  const { items, bytes, workers, shards, files, writeUnitsPerSecond } = size;
  const writeUnits = restoreWriteUnits(size) * (1 + size.indexes);
  const readUnits = Math.ceil(bytes / BYTES_PER_READ_UNIT) + shards;
  const common = { workers, quota: TABLE_QUOTA };
  const writing = { ...common, perWorker: WRITE_UNITS_PER_WORKER, capPerSecond: writeUnitsPerSecond };
  const reading = { ...common, perWorker: READ_UNITS_PER_WORKER, capPerSecond: 0 };
  const passes = [
    items / (workers * PRODUCTS_PER_WORKER),
    coldSeconds(writeUnits, sustainedRate(writing)),
    readUnits / sustainedRate(reading),
  ];
  const turns = passes.reduce((sum, seconds) => sum + Math.max(shards, turnsIn(seconds, workers)), 0);
  const seconds = passes.reduce((sum, one) => sum + one, 0);
  const services = serviceUsage({
    iterations: passes.length * shards,
    turns,
    seconds: workers * seconds,
    files,
  });
  const usage = {
    ...services,
    readUnits: services.readUnits + readUnits,
    writeUnits: services.writeUnits + writeUnits,
  };
  return { ...costOf(usage, size), seconds: FIXED_SECONDS + seconds };
}

const turnsIn = (seconds: number, workers: number): number => workers * Math.ceil(seconds / TURN_SECONDS);
