import { someOf } from '../counted.ts';
import { BackupDamagedError } from '../errors.ts';
import type { ListedObject } from '../aws/list-objects.ts';
import type { BackupFile } from '../ledger/file.ts';
import type { Run } from '../ledger/run.ts';
import type { QuarantinedProduct, Shard } from '../ledger/shard.ts';
import { backupProblems, passProblems } from './equations.ts';
import { combineDigests, type Digest, EMPTY_DIGEST } from '../items/digest.ts';

/** Sums over a run's files and over the shards of its two passes. */
export interface BackupTotals {
  readonly files: number;
  /** DynamoDB JSON before gzip. */
  readonly bytes: number;
  /** As scanned, by the workers' checkpoints. */
  readonly scanned: Digest;
  /** By the list of files. */
  readonly filed: Digest;
  /** As read back. */
  readonly reread: Digest;
  /** What the target must become. */
  readonly expected: Digest;
  /** TransformProducts' counters. */
  readonly rehearsed: Readonly<Record<string, number>>;
  readonly quarantinedProducts: readonly QuarantinedProduct[];
  /** As scanned, by the workers' counters. */
  readonly scannedItems: number;
  readonly scanShards: readonly Shard[];
  readonly rehearsalShards: readonly Shard[];
  /** Epoch milliseconds of the first worker's start and the last one's end. */
  readonly scanStartedAt: number;
  readonly scanFinishedAt: number;
}

interface Passes {
  readonly scanned: readonly Shard[];
  readonly rehearsed: readonly Shard[];
}

interface ListedFiles {
  readonly files: readonly Pick<BackupFile, 'key' | 'gzipBytes'>[];
  readonly listed: readonly ListedObject[];
}

interface Evidence extends ListedFiles {
  readonly totals: BackupTotals;
  /** What does not agree about the target files, one clause each. */
  readonly targetProblems: readonly string[];
  /** Says that no table was changed: a sentence. */
  readonly untouched: string;
}

/**
 * Compares the scan, the list of files, what was read back and what lies in the bucket: all four must agree.
 *
 * @throws BackupDamagedError listing what does not; not retried.
 */
export function assertComplete(run: Run, evidence: Evidence): void {
  const problems = [
    ...totalProblems(evidence, run),
    ...listingProblems(evidence),
    ...evidence.targetProblems,
  ];
  if (problems.length === 0) return;
  throw new BackupDamagedError(
    `Backup ${run.backupId} was not sealed: ${problems.join('; ')}. ${evidence.untouched} A new run writes a new backup.`,
  );
}

function totalProblems({ totals }: Evidence, run: Run): readonly string[] {
  const { scanned, filed, reread, scanShards, rehearsalShards, scannedItems } = totals;
  const { segments, shards } = run.plan;
  return [
    ...passProblems({ state: 'BackupProducts', planned: segments, shards: scanShards }),
    ...passProblems({ state: 'TransformProducts', planned: shards, shards: rehearsalShards }),
    ...backupProblems({ scanned, filed, reread }),
    ...(scannedItems === scanned.count
      ? []
      : [`the scan's counters say ${scannedItems} items, its digests ${scanned.count}`]),
  ];
}

/** Files that are not in the bucket as they were written, and objects that are there beside them. */
export function listingProblems({ files, listed }: ListedFiles): readonly string[] {
  const sizes = new Map(listed.map(({ key, size }) => [key, size]));
  const known = new Set(files.map(({ key }) => key));
  const missing = files.filter(({ key }) => !sizes.has(key)).map(({ key }) => key);
  const resized = files
    .filter(({ key, gzipBytes }) => (sizes.get(key) ?? gzipBytes) !== gzipBytes)
    .map(({ key }) => key);
  const extra = listed.filter(({ key }) => !known.has(key)).map(({ key }) => key);
  return [
    ...(missing.length > 0 ? [`missing from the bucket: ${some(missing)}`] : []),
    ...(resized.length > 0 ? [`of another size than written: ${some(resized)}`] : []),
    ...(extra.length > 0 ? [`in the bucket but not of this backup: ${some(extra)}`] : []),
  ];
}

const some = (keys: readonly string[]): string => someOf(keys, { most: 3 });

/** Adds up what the ledger knows of a backup. */
export function sumUp(files: readonly BackupFile[], { scanned, rehearsed }: Passes): BackupTotals {
  return {
    files: files.length,
    bytes: files.reduce((total, { bytes }) => total + bytes, 0),
    scanned: sumDigests(scanned, 'source'),
    filed: combineDigests(files.map(({ digest, itemCount }) => ({ ...digest, count: itemCount }))),
    reread: sumDigests(rehearsed, 'source'),
    expected: sumDigests(rehearsed, 'expected'),
    rehearsed: sumCounters(rehearsed),
    quarantinedProducts: rehearsed.flatMap(({ quarantined = [] }) => quarantined),
    scannedItems: sumCounters(scanned)['items'] ?? 0,
    scanShards: scanned,
    rehearsalShards: rehearsed,
    scanStartedAt: Math.min(...scanned.map(({ startedAt }) => startedAt)),
    scanFinishedAt: Math.max(...scanned.map(({ updatedAt }) => updatedAt)),
  };
}

function sumDigests(shards: readonly Shard[], name: string): Digest {
  return combineDigests(shards.map(({ digests }) => digests[name] ?? EMPTY_DIGEST));
}

function sumCounters(shards: readonly Shard[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { counters } of shards)
    for (const [name, count] of Object.entries(counters)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
