import { fileLimits } from '../files/data-file.ts';
import { BYTES_PER_WRITE_UNIT, OVERHEAD_BYTES_PER_ITEM } from '../items/item-size.ts';
import type { Migration } from '../migration/migration.ts';
import type { Plan } from '../state.ts';
import type { Billing } from './usage.ts';
import type { WriteEngine } from './write-engine.ts';

/** What is known about a run before it begins. */
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
  /** Default {@link itemsPerFileFor}. */
  readonly itemsPerFile?: number;
  /** Caps over all workers; 0 or absent: none. */
  readonly readUnitsPerSecond?: number;
  readonly writeUnitsPerSecond?: number;
  /** Indexes of the filled table that has most of them. A write takes units for each of them, too. Default: none. */
  readonly indexes?: number | undefined;
  /** Reads of a provisioned source are paid for anyway. Default PAY_PER_REQUEST. */
  readonly sourceBilling?: 'PROVISIONED' | 'PAY_PER_REQUEST' | undefined;
  /** What fills the tables. Default batch. */
  readonly writeEngine?: WriteEngine | undefined;
  /** Whose tables are paid for every month; absent: nobody's. */
  readonly migration?: Pick<Migration, 'targets' | 'filled'>;
  /** What one source item becomes on average; absent: the product itself and four variants are assumed. */
  readonly made?: TargetSize | undefined;
  /** What a rehearsal has counted; absent: {@link made} of each. */
  readonly rehearsal?: RehearsedSize | undefined;
}

/** What the target will hold, counted. */
export interface RehearsedSize {
  readonly metadata: number;
  readonly variants: number;
  readonly targetBytes: number;
  /** Sum of each item's size, rounded up to KB; absent: from `targetBytes`. */
  readonly writeUnits?: number;
  /** Of the entries in the indexes of the model; absent: each item is in as many as the run's tables have. */
  readonly indexWriteUnits?: number | undefined;
  readonly indexStorageBytes?: number | undefined;
}

/** The size of a run that has been cut. */
export function sizeOfPlan(
  plan: Omit<Plan, 'estimate' | 'warnings'>,
  known: Billing & Pick<RunSize, 'rehearsal' | 'migration'>,
): RunSize {
  return {
    ...known,
    writeEngine: plan.writeEngine?.engine,
    unpricedClass: plan.unpricedClass,
    sourceBilling: plan.sourceBilling,
    products: plan.estimatedProducts,
    bytes: plan.estimatedBytes,
    workers: plan.workers,
    segments: plan.segments.length,
    shards: plan.shards.length,
    itemsPerFile: plan.itemsPerFile,
    readUnitsPerSecond: plan.readUnitsPerSecond,
    writeUnitsPerSecond: plan.writeUnitsPerSecond,
    indexes: plan.indexes,
    made: plan.made,
  };
}

/** Products of a backup file, at most: 20,000 files of a large table, but not thousands of tiny ones of a small one. */
export const itemsPerFileFor = (products: number): number => Math.max(4_000, Math.ceil(products / 20_000));

/** What the target will hold, or what one source item becomes. */
export interface TargetSize {
  readonly items: number;
  readonly bytes: number;
  /** Of the tables alone. */
  readonly writeUnits: number;
  /** Of their indexes. */
  readonly indexWriteUnits: number;
  readonly indexStorageBytes: number;
}

/** What a run has to carry, in the units of each service. */
export interface MeasuredRun {
  readonly size: RunSize;
  readonly segments: number;
  readonly shards: number;
  /** Files of the backup. */
  readonly files: number;
  readonly target: TargetSize;
  /** Read units of one Scan of the source, and of the target. */
  readonly sourceUnits: number;
  readonly targetUnits: number;
}

/** Without a rehearsal: sizes S, M, L, XL; a variant's attributes; what the transform adds to a product. */
const ASSUMED_VARIANTS = 4;
const ASSUMED_VARIANT_BYTES = 400;
const ASSUMED_ADDED_BYTES = 300;

const READ_UNIT_BYTES = 4_096;

/** A source item gzipped, as a part of its size in the table. */
export const GZIP_RATIO = 0.25;

/** Measures a run. Pure; nothing is rounded but units and files. */
export function measureRun(size: RunSize): MeasuredRun {
  const { segments = size.workers, shards = size.workers } = size;
  const target = targetOf(size);
  return {
    size,
    segments,
    shards,
    files: filesOf(size, segments),
    target,
    sourceUnits: scanUnits(size.bytes, segments),
    targetUnits: scanUnits(target.bytes, segments),
  };
}

/** What the tables hold, and what their indexes hold on top. */
function targetOf(size: RunSize): TargetSize {
  const { indexes = 0, migration } = size;
  const { indexWriteUnits, indexStorageBytes = 0, ...tables } = countedOf(size);
  // Those that the owner of a table has added are never counted.
  const ofModel = migration && modelIndexes(migration);
  const added = Math.max(0, indexes - (ofModel ?? indexes));
  const uncounted = indexWriteUnits === undefined ? indexes : added;
  const storageBytes = tables.bytes + OVERHEAD_BYTES_PER_ITEM * tables.items;
  return {
    ...tables,
    indexWriteUnits: (indexWriteUnits ?? 0) + uncounted * tables.writeUnits,
    indexStorageBytes: indexStorageBytes + uncounted * storageBytes,
  };
}

/** Indexes of the filled table that has most of them, by the model. */
export const modelIndexes = ({ filled }: Pick<Migration, 'filled'>): number =>
  Math.max(0, ...filled.map((spec) => spec.indexes.length));

/** Of the target: counted, or measured on some source items, or assumed. Of its indexes: as far as they were counted. */
type Counted = Omit<TargetSize, 'indexWriteUnits' | 'indexStorageBytes'> &
  Pick<RehearsedSize, 'indexWriteUnits' | 'indexStorageBytes'>;

function countedOf({ products, bytes, rehearsal, made }: RunSize): Counted {
  if (rehearsal !== undefined) return rehearsed(rehearsal);
  if (made !== undefined) return times(products, made);
  const metadataBytes = products === 0 ? 0 : bytes / products + ASSUMED_ADDED_BYTES;
  return {
    items: products * (1 + ASSUMED_VARIANTS),
    bytes: products * (metadataBytes + ASSUMED_VARIANTS * ASSUMED_VARIANT_BYTES),
    writeUnits: products * (Math.ceil(metadataBytes / BYTES_PER_WRITE_UNIT) + ASSUMED_VARIANTS),
  };
}

function rehearsed({ metadata, variants, targetBytes, ...counted }: RehearsedSize): Counted {
  const items = metadata + variants;
  const { writeUnits = Math.max(items, Math.ceil(targetBytes / BYTES_PER_WRITE_UNIT)) } = counted;
  const { indexWriteUnits, indexStorageBytes } = counted;
  return { items, bytes: targetBytes, writeUnits, indexWriteUnits, indexStorageBytes };
}

/** Nothing is written or stored in parts. */
function times(products: number, made: TargetSize): TargetSize {
  const all = (each: number): number => Math.round(products * each);
  return {
    items: all(made.items),
    bytes: all(made.bytes),
    writeUnits: all(made.writeUnits),
    indexWriteUnits: all(made.indexWriteUnits),
    indexStorageBytes: all(made.indexStorageBytes),
  };
}

/** Every segment's last page is rounded up. */
const scanUnits = (bytes: number, segments: number): number => Math.ceil(bytes / READ_UNIT_BYTES) + segments;

/** Every segment has files of its own, cut by items and by size; its last one is not full. */
function filesOf({ products, bytes, itemsPerFile }: RunSize, segments: number): number {
  if (products === 0) return 0;
  const limits = fileLimits(itemsPerFile ?? itemsPerFileFor(products));
  const byBytes = (limits.gzipBytes * products) / (bytes * GZIP_RATIO);
  const perFile = Math.max(1, Math.min(limits.items, byBytes));
  return Math.min(products, segments * Math.ceil(products / segments / perFile));
}
