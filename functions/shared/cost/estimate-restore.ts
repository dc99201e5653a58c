import { BYTES_PER_WRITE_UNIT } from '../items/item-size.ts';
import type { Cost, UnknownCost } from './cost.ts';
import type { Load } from './engine-estimates.ts';
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
import type { WriteEngine } from './write-engine.ts';

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
  /** What fills the table. Default batch. */
  readonly writeEngine?: WriteEngine | undefined;
}

/** What a restore is expected to take; by bulk put the seconds without it, because AWS states them nowhere. */
export type RestoreEstimate = (Cost | UnknownCost) & { readonly seconds: number };

/** The states around the Maps with their cold starts, and the table's way to ACTIVE. */
const FIXED_SECONDS = 45;
const BYTES_PER_READ_UNIT = 4_096;

/** Every item's size is rounded up to KB: half a unit more on average. */
export const restoreWriteUnits = ({ bytes, items }: Pick<RestoreSize, 'bytes' | 'items'>): number =>
  Math.ceil(bytes / BYTES_PER_WRITE_UNIT + items / 2);

/** What a restore into a new table loads: an item is written to the table and to each index. */
export function restoreLoad(size: RestoreSize): Load {
  const { workers, indexes, writeUnitsPerSecond: capPerSecond } = size;
  const writeUnits = restoreWriteUnits(size) * (1 + indexes);
  const writing = { workers, quota: TABLE_QUOTA, perWorker: WRITE_UNITS_PER_WORKER, capPerSecond };
  return {
    ...size,
    writeUnits,
    bytes: size.bytes * (1 + indexes),
    seconds: coldSeconds(writeUnits, sustainedRate(writing)),
  };
}

/**
 * Estimates a restore into a new table. Pure. It proves every file (items / (workers x 4,000) seconds), writes every item
 * (units of table and indexes at the cap, workers x 2,000 or 40,000 a second, on a cold table), and reads the table back
 * (units at workers x 1,000 or 40,000 a second). By bulk put, no units are written, and the price of the bytes is paid.
 * Functions, states, ledger and S3 are counted as for a migration.
 */
export function estimateRestore(size: RestoreSize): RestoreEstimate {
  const { items, bytes, workers, shards, files } = size;
  const isBulk = size.writeEngine === 'bulk';
  const load = restoreLoad(size);
  const readUnits = Math.ceil(bytes / BYTES_PER_READ_UNIT) + shards;
  const reading = { workers, quota: TABLE_QUOTA, perWorker: READ_UNITS_PER_WORKER, capPerSecond: 0 };
  const passes = [
    items / (workers * PRODUCTS_PER_WORKER),
    ...(isBulk ? [] : [load.seconds]),
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
    writeUnits: services.writeUnits + (isBulk ? 0 : load.writeUnits),
    ...(isBulk && { bulkPutBytes: load.bytes }),
  };
  return { ...costOf(usage, size), seconds: FIXED_SECONDS + seconds };
}

const turnsIn = (seconds: number, workers: number): number => workers * Math.ceil(seconds / TURN_SECONDS);
