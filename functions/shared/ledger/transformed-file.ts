import type { Digest } from '../items/digest.ts';
import { putItem } from './actions.ts';
import { type LedgerTable, transformedKey } from './ledger-table.ts';
import type { QuarantinedProduct } from './shard.ts';
import { listBelow } from './store.ts';
import type { TransactItem } from './transact.ts';

/** One object of target lines, as it was written. */
export interface TargetPart {
  /** Absolute in the bucket. */
  readonly key: string;
  readonly itemCount: number;
  /** Before gzip. */
  readonly bytes: number;
  readonly gzipBytes: number;
  /** Base64 SHA-256 of the gzipped bytes. */
  readonly sha256: string;
  /** As S3 returned it. */
  readonly etag: string;
}

/** What one data file of the backup has become in one table. */
export interface TargetFile {
  /** Name of the table, with the run's prefix. */
  readonly table: string;
  /** In the order of the source's items; the lines of one source item follow each other. */
  readonly parts: readonly TargetPart[];
  readonly itemCount: number;
  /** Before gzip. */
  readonly bytes: number;
  /** What writing the items costs. */
  readonly writeUnits: number;
  /** Sum of the SHA-256 of each line's item, whose text is canonical: that of the same items read from the table. */
  readonly digest: Digest;
}

/** What one data file of the backup has become, in every table. */
export interface TransformedFile {
  readonly segment: number;
  readonly sequence: number;
  /** 0, or how often the run's target files were made again. */
  readonly making: number;
  /** By the names of TransformProducts' counters. */
  readonly counts: Readonly<Record<TransformCounter, number>>;
  /** Target items by `kindCounter`. */
  readonly kinds?: Readonly<Record<string, number>> | undefined;
  /** Of the data file's items, as read back. */
  readonly source: Digest;
  readonly quarantined: readonly QuarantinedProduct[];
  /** One for each table that items go into. */
  readonly targets: readonly TargetFile[];
}

export const TRANSFORM_COUNTERS = [
  'products',
  'metadata',
  'variants',
  'quarantined',
  /** Source items that time to live deletes sooner or later. */
  'expiring',
  /** Source items whose time was up when the run began. */
  'expired',
  /** Of the source items, by DynamoDB's size rule. */
  'sourceBytes',
  /** Of the target items, by DynamoDB's size rule. */
  'targetBytes',
  /** What writing the target items costs, in units of their tables and of the tables' indexes. */
  'writeUnitsExpected',
  'indexWriteUnitsExpected',
  /** What the entries of those indexes take, as DynamoDB bills it. */
  'indexStorageBytes',
] as const;
export type TransformCounter = (typeof TRANSFORM_COUNTERS)[number];

/** Writes a file's record, for the transaction that saves the checkpoint behind it: one never stands without the other. */
export function transformedPut(ledger: LedgerTable, runId: string, file: TransformedFile): TransactItem {
  return putItem(ledger, transformedKey(runId, file), { item: { ...file } });
}

/** What a run's files have become in one making, by segment and sequence. Strongly consistent. */
export async function listTransformed(
  ledger: LedgerTable,
  { runId, making }: { readonly runId: string; readonly making: number },
): Promise<readonly TransformedFile[]> {
  const below = { partition: `RUN#${runId}`, prefix: `TARGET#${making}#` };
  const files = await listBelow<TransformedFile>(ledger, below);
  return files.toSorted((one, other) => one.segment - other.segment || one.sequence - other.sequence);
}
