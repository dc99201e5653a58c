import { openScan, NOT_BEGUN, type ScanPosition, type SegmentScan, turnScope } from '../shared/copy/scan.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { openScans, type ScansCursor, type VerifiedScan } from '../shared/copy/verify/read-scans.ts';
import { type Verification, verifyShard } from '../shared/copy/verify/verify-shard.ts';
import { filesOfRun } from '../shared/files/run-files.ts';
import { itemDigest } from '../shared/items/digest.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { isOfRun } from '../shared/migration/as-written.ts';
import { keyText } from '../shared/items/item-key.ts';
import { findVerifiedTargets, type VerifiedTarget } from './find-target.ts';
import { digestName, verificationBasis } from '../shared/runs/equations.ts';
import { createRemovalCheck } from './removal-check.ts';
import { createScanTally, type ScanTally } from './scan-tally.ts';
import { openSourceCheck, type SourceCheck } from './source-check.ts';

/** `source`, and the name of each filled table with its prefix behind `target `. */
type Cursor = ScansCursor<string>;

/**
 * Verifies one segment: compares the source with the backup product by product, and reads the target. One
 * that the run created is digested, side by side with the source; in an existing one, products
 * that the source no longer has are looked for, after the source, which has to answer for each of them.
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
  const files = (await filesOfRun(runtime, run)).filter((file) => file.segment === segment);
  const isSourceDone = startOf('source').isDone;
  const check = isSourceDone ? NO_CHECK : await openSourceCheck({ runtime, turn, files, tally });
  const totalSegments = run.plan.segments.length;
  const scanOf = (tableName: string, start: ScanPosition): SegmentScan =>
    openScan(turnScope(runtime, turn, tally.counters), { tableName, segment, totalSegments }, start);
  const source = scanOf(run.sourceTable, startOf('source'));
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
    return [name, { scan, take: (page) => removals.see(page), after: source }];
  };
  const scans: Record<string, VerifiedScan> = {
    ...Object.fromEntries(targets.map(scanTarget)),
    source: { scan: source, take: (page) => check.see(page), finish: () => check.finish() },
  };
  return openScans({ tally, scans }, turn);
}

/** Of a segment whose source is done already. */
const NO_CHECK: SourceCheck = { see: () => undefined, finish: () => Promise.resolve() };

function digestTarget(
  tally: ScanTally,
  page: readonly WireItem[],
  { spec, tableName }: VerifiedTarget,
  runId: string,
): void {
  for (const item of page) {
    const digest = itemDigest(item);
    tally.sums.target.add(digest);
    tally.sums[digestName(tableName)]?.add(digest);
    tally.counters.targetItems += 1;
    if (isOfRun(item, runId)) continue;
    tally.counters.foreign += 1;
    tally.sample('extra', keyText(item, spec.tableKey));
  }
}
