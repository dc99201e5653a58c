import { catalogueTable, targetTables } from '../../migrations/shop/tables/target-tables.ts';
import type { EstimatedCost, PhaseEstimate } from './cost.ts';
import { bucketMonthlyDollars, monthlyCost } from './monthly.ts';
import {
  coldSeconds,
  productsPerWorker,
  readUnitsPerWorker,
  sustainedRate,
  tableReadQuota,
  tableWriteQuota,
  writeUnitsPerWorker,
} from './throughput.ts';
import { type Billing, costOf, serviceUsage, type Usage, type WorkerUsage } from './usage.ts';

/** What is known of a run before it begins. */
export interface RunSize extends Billing {
  readonly products: number;
  /** Of the source table. */
  readonly bytes: number;
  /** Map workers at once. */
  readonly workers: number;
  /** Scan segments; default: as many as workers. */
  readonly segments?: number;
  /** Shards of the backup's files; default: as many as workers. */
  readonly shards?: number;
  /** Default max(4,000, products / 20,000). */
  readonly itemsPerFile?: number;
  /** Caps over all workers; 0 or absent: none. */
  readonly readUnitsPerSecond?: number;
  readonly writeUnitsPerSecond?: number;
  /** Reads of a provisioned source are paid for anyway. Default PAY_PER_REQUEST. */
  readonly sourceBilling?: 'PROVISIONED' | 'PAY_PER_REQUEST';
  /** What a rehearsal has counted; absent: four variants a product are assumed. */
  readonly rehearsal?: {
    readonly metadata: number;
    readonly variants: number;
    readonly targetBytes: number;
    /** Sum of each item's size, rounded up to KB; absent: from `targetBytes`. */
    readonly writeUnits?: number;
  };
}

/** What the target will hold. */
interface Target {
  readonly items: number;
  readonly bytes: number;
  readonly writeUnits: number;
}

/** Without a rehearsal: sizes S, M, L, XL; a variant's attributes; what the transform adds to a product. */
const assumedVariants = 4;
const assumedVariantBytes = 400;
const assumedAddedBytes = 300;

const readUnitBytes = 4_096;
const writeUnitBytes = 1_024;

/** A worker's turn ends after this long at the latest. */
export const turnSeconds = 840;

/** A cold start, the first request and the checkpoint of each Map. */
const mapStartSeconds = 2;
/** The states outside the Maps with their cold starts, and the tables' way to ACTIVE. */
const fixedSeconds = 45;

/** A source item gzipped, as a part of its size in the table. */
const gzipRatio = 0.25;
const fileGzipBytes = 8 * 2 ** 20;

function targetOf({ products, bytes, rehearsal }: RunSize): Target {
  if (rehearsal === undefined) {
    const metadataBytes = products === 0 ? 0 : bytes / products + assumedAddedBytes;
    return {
      items: products * (1 + assumedVariants),
      bytes: products * (metadataBytes + assumedVariants * assumedVariantBytes),
      writeUnits: products * (Math.ceil(metadataBytes / writeUnitBytes) + assumedVariants),
    };
  }
  const items = rehearsal.metadata + rehearsal.variants;
  const writeUnits =
    rehearsal.writeUnits ?? Math.max(items, Math.ceil(rehearsal.targetBytes / writeUnitBytes));
  return { items, bytes: rehearsal.targetBytes, writeUnits };
}

/** Every segment's last page is rounded up. */
const scanUnits = (bytes: number, segments: number): number => Math.ceil(bytes / readUnitBytes) + segments;

/** Files of the backup: cut by items, by size, and so that every segment has one. */
function filesOf(size: RunSize, segments: number): number {
  const itemsPerFile = size.itemsPerFile ?? Math.max(4_000, size.products / 20_000);
  return Math.max(
    Math.min(segments, size.products),
    Math.ceil(size.products / itemsPerFile),
    Math.ceil((size.bytes * gzipRatio) / fileGzipBytes),
  );
}

interface Work {
  readonly state: string;
  readonly iterations: number;
  readonly seconds: number;
}

/** An iteration lasts its part of the Map's time; every 840 s of it are another turn. */
function phaseOf({ state, iterations, seconds }: Work, workers: number): PhaseEstimate {
  const iterationSeconds = (seconds * Math.min(workers, iterations)) / iterations;
  const turns = iterations * Math.max(1, Math.ceil(iterationSeconds / turnSeconds));
  return { state, seconds, turns };
}

interface Sized {
  readonly size: RunSize;
  readonly segments: number;
  readonly shards: number;
  readonly target: Target;
  readonly sourceUnits: number;
  readonly targetUnits: number;
}

function measure(size: RunSize): Sized {
  const { segments = size.workers, shards = size.workers } = size;
  const target = targetOf(size);
  const sourceUnits = scanUnits(size.bytes, segments);
  return { size, segments, shards, target, sourceUnits, targetUnits: scanUnits(target.bytes, segments) };
}

/** Units a second at the source, at the target when it is read, and at the target when it is written. */
function ratesOf({ workers, readUnitsPerSecond = 0, writeUnitsPerSecond = 0 }: RunSize) {
  const reading = { workers, perWorker: readUnitsPerWorker, quota: tableReadQuota };
  const writing = { workers, perWorker: writeUnitsPerWorker, quota: tableWriteQuota };
  return {
    source: sustainedRate({ ...reading, capPerSecond: readUnitsPerSecond }),
    target: sustainedRate({ ...reading, capPerSecond: 0 }),
    write: sustainedRate({ ...writing, capPerSecond: writeUnitsPerSecond }),
  };
}

function phasesOf(sized: Sized, cold: boolean): readonly PhaseEstimate[] {
  const { size, segments, shards, target, sourceUnits, targetUnits } = sized;
  const rates = ratesOf(size);
  const { writeUnits } = target;
  const writing = cold ? coldSeconds(writeUnits, rates.write) : writeUnits / rates.write;
  const works: readonly Work[] = [
    { state: 'BackupProducts', iterations: segments, seconds: sourceUnits / rates.source },
    {
      state: 'TransformProducts',
      iterations: shards,
      seconds: size.products / (size.workers * productsPerWorker),
    },
    { state: 'MigrateProducts', iterations: shards, seconds: writing },
    {
      state: 'VerifyMigration',
      iterations: segments,
      seconds: sourceUnits / rates.source + targetUnits / rates.target,
    },
  ];
  return works.map((work) => phaseOf({ ...work, seconds: work.seconds + mapStartSeconds }, size.workers));
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

const secondsOf = (phases: readonly PhaseEstimate[]): number =>
  fixedSeconds + total(phases.map(({ seconds }) => seconds));

function usageOf(sized: Sized, phases: readonly PhaseEstimate[]): Usage {
  const { size, segments, shards, target, sourceUnits, targetUnits } = sized;
  const workers: WorkerUsage = {
    iterations: 2 * segments + 2 * shards,
    turns: total(phases.map(({ turns }) => turns)),
    seconds: size.workers * total(phases.map(({ seconds }) => seconds)),
    files: filesOf(size, segments),
  };
  const services = serviceUsage(workers);
  const paidSourceUnits = size.sourceBilling === 'PROVISIONED' ? 0 : 2 * sourceUnits;
  return {
    ...services,
    readUnits: services.readUnits + paidSourceUnits + targetUnits,
    writeUnits: services.writeUnits + target.writeUnits,
  };
}

/**
 * What a run will take: `estimateRun({region, products, bytes, workers})` is enough, everything else refines it.
 * Pure; nothing is rounded. The arithmetic, with S segments, W workers:
 *
 * - target: 4 variants of 400 bytes a product, and the product itself with 300 bytes more, unless rehearsed;
 * - read units: source twice and target once, each ceil(bytes / 4,096) + S; write units: each item's size rounded up to KB;
 * - rates: the cap, W x 1,000 read or W x 2,000 write units, 12,000 read or 40,000 write units a table, whichever is lowest;
 *   on a cold table 4,000 write units in the first half hour, doubling every half hour;
 * - seconds: 45 for everything outside the Maps, and for each of the four Maps 2 and units / rate (rehearsal: products / (W x 4,000));
 * - transitions: 24, one an iteration, two a turn; a turn lasts 840 s at most;
 * - Lambda: W x the Maps' seconds at 1,769 MB, and 9 calls of 2 s at 512 MB; S3: a PUT and two GETs a file, and 10 of each;
 * - the ledger's units: see `ledgerUnits`.
 */
export function estimateRun(size: RunSize): EstimatedCost {
  const sized = measure(size);
  const { target, sourceUnits, targetUnits } = sized;
  const phases = phasesOf(sized, true);
  const empty = { items: 0, bytes: 0 };
  return {
    ...costOf(usageOf(sized, phases), size),
    seconds: secondsOf(phases),
    secondsAtCaps: secondsOf(phasesOf(sized, false)),
    phases,
    readUnits: 2 * sourceUnits + targetUnits,
    writeUnits: target.writeUnits,
    items: target.items,
    rehearsed: size.rehearsal !== undefined,
    monthly: targetTables.map((spec) => monthlyCost(spec, spec === catalogueTable ? target : empty, size)),
    backupMonthlyDollars: bucketMonthlyDollars(size.bytes * gzipRatio, size.region),
  };
}
