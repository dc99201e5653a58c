import {
  AT_END,
  openScan,
  NOT_BEGUN,
  type ScanPosition,
  type SegmentScan,
  turnScope,
} from '../shared/copy/scan.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { openScans, type ScansCursor, type VerifiedScan } from '../shared/copy/verify/read-scans.ts';
import { type Verification, verifyShard } from '../shared/copy/verify/verify-shard.ts';
import { filesOfRun } from '../shared/files/run-files.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { isOfRun, writtenDigest } from '../shared/migration/as-written.ts';
import { keyText } from '../shared/items/item-key.ts';
import { findVerifiedTargets, type VerifiedTarget } from './find-target.ts';
import { digestName, verificationBasis } from '../shared/runs/equations.ts';
import { createRemovalCheck } from './removal-check.ts';
import { createScanTally, type ScanTally } from './scan-tally.ts';
import { createSourceCheck } from './source-check.ts';

/** `source`, `drift` (the source once more), and the name of each filled table with its prefix behind `target `. */
type Cursor = ScansCursor<string>;

/**
 * Verifies one segment: digests the source, and reads the target. Where the source is not what the ledger says of the
 * backup's files, it is read a second time and compared with them product by product. A target that the run created is
 * digested, side by side with the source. In an existing one, products that the source no longer has are looked for,
 * after the source, which has to answer for each of them.
 *
 * @throws TableUnavailableError, BackupDamagedError, RunClosedError (none retried)
 */
export function scanSegment(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  return verifyShard<Cursor>(
    runtime,
    { input, turn },
    {
      state: 'VerifyMigration',
      basis: verificationBasis,
      open: (shardTurn) => openVerification(runtime, input.shard, shardTurn),
    },
  );
}

async function openVerification(
  runtime: Runtime,
  segment: number,
  turn: ShardTurn<Cursor>,
): Promise<Verification> {
  const { run, progress } = turn;
  const targets = await findVerifiedTargets(runtime, run);
  const tally = createScanTally(
    progress,
    targets.map(({ tableName }) => tableName),
  );
  const startOf = (name: string): ScanPosition => progress.cursor?.[name] ?? NOT_BEGUN;
  const files = await filesOfRun(runtime, run, segment);
  const check = createSourceCheck({ runtime, turn, files, tally });
  const totalSegments = run.plan.segments.length;
  const scanOf = (tableName: string, start: ScanPosition): SegmentScan =>
    openScan(turnScope(runtime, turn, tally.counters), { tableName, segment, totalSegments }, start);
  const source = scanOf(run.sourceTable, startOf('source'));
  const drift = scanOf(run.sourceTable, startOf('drift'));
  const skipUnlessDrifted = (): void => {
    if (!check.hasDrifted()) drift.moveTo(AT_END);
  };
  const scanTarget = (target: VerifiedTarget): readonly [string, VerifiedScan] => {
    const name = digestName(target.tableName);
    const scan = scanOf(target.tableName, startOf(name));
    if (target.isCreated)
      return [name, { scan, take: (page) => digestTarget(tally, page, target, run.runId) }];
    const removals = createRemovalCheck({
      runtime,
      turn,
      tally,
      table: target.spec,
      startKey: startOf(name).exclusiveStartKey,
    });
    return [name, { scan, take: (page) => removals.see(page), after: drift }];
  };
  const scans: Record<string, VerifiedScan> = {
    ...Object.fromEntries(targets.map(scanTarget)),
    source: { scan: source, take: (page) => check.digest(page), finish: skipUnlessDrifted },
    drift: {
      scan: drift,
      take: (page) => check.compare(page),
      finish: () => check.finish(),
      after: source,
    },
  };
  return openScans({ tally, scans }, turn);
}

function digestTarget(
  tally: ScanTally,
  page: readonly WireItem[],
  { spec, tableName }: VerifiedTarget,
  runId: string,
): void {
  for (const item of page) {
    const digest = writtenDigest(item);
    tally.sums.target.add(digest);
    tally.sums[digestName(tableName)]?.add(digest);
    tally.counters.targetItems += 1;
    if (isOfRun(item, runId)) continue;
    tally.counters.foreign += 1;
    tally.sample('extra', keyText(item, spec.tableKey));
  }
}
