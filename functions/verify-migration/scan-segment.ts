import { filesOfRun } from '../shared/files/run-files.ts';
import { isTransient } from '../shared/retry.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import {
  NOT_BEGUN,
  openScan,
  type ScanPosition,
  type SegmentScan,
  type TakePage,
  turnScope,
} from '../shared/copy/scan.ts';
import { type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { keyText } from '../migrations/shop/target-key.ts';
import { isOfRun } from '../migrations/shop/as-written.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { findVerifiedTarget, verificationBasis } from './find-target.ts';
import { createRemovalCheck } from './removal-check.ts';
import { createScanTally, type ScanTally } from './scan-tally.ts';
import { openSourceCheck, type SourceCheck } from './source-check.ts';

/** Where both Scans go on: key values, and so in the ledger only. */
interface ScanCursor {
  readonly target: ScanPosition;
  readonly source: ScanPosition;
}

/** One worker's turn at a segment, from its first unit on. */
interface Verification {
  readonly turn: ShardTurn<ScanCursor>;
  readonly tally: ScanTally;
  readonly target: SegmentScan;
  readonly source: SegmentScan;
  readonly takeTarget: TakePage;
  /** Whether the run created the target; else the source is done before the target is begun. */
  readonly isSideBySide: boolean;
  readonly sourceCheck: SourceCheck;
}

/** Between two checkpoints. */
const CHECKPOINT_MILLIS = 5_000;

/**
 * Verifies one segment: compares the source with the backup product by product, and reads the target. One
 * that the run created is digested, side by side with the source; in one that was there before, products
 * that the source no longer has are looked for, after the source, which has to answer for each of them.
 *
 * @throws TableUnavailableError, BackupDamagedError, RunClosedError (none retried)
 */
export function scanSegment(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  let verification: Verification | undefined;
  return takeTurn<ScanCursor>(
    runtime,
    { input, turn },
    {
      state: 'VerifyMigration',
      basis: verificationBasis,
      unit: async (shardTurn) => {
        await shardTurn.fence.check();
        verification ??= await openVerification(runtime, input.shard, shardTurn);
        await verifySome(verification);
      },
    },
  );
}

async function openVerification(
  runtime: Runtime,
  segment: number,
  turn: ShardTurn<ScanCursor>,
): Promise<Verification> {
  const { run, progress } = turn;
  const { tableName, isCreated } = await findVerifiedTarget(runtime, run);
  const tally = createScanTally(progress);
  const start = progress.cursor ?? { target: NOT_BEGUN, source: NOT_BEGUN };
  const files = (await filesOfRun(runtime, run)).filter((file) => file.segment === segment);
  const sourceCheck = start.source.isDone ? NO_CHECK : await openSourceCheck({ runtime, turn, files, tally });
  const removals = createRemovalCheck({ runtime, turn, tally });
  const scanOf = (name: string, from: ScanPosition): SegmentScan =>
    openScan(
      turnScope(runtime, turn, tally.counters),
      { tableName: name, segment, totalSegments: run.plan.segments.length },
      from,
    );
  return {
    turn,
    tally,
    sourceCheck,
    isSideBySide: isCreated,
    target: scanOf(tableName, start.target),
    source: scanOf(run.sourceTable, start.source),
    takeTarget: (page) => (isCreated ? seeTarget(tally, page, run.runId) : removals.see(page)),
  };
}

/** Of a segment whose source is done already. */
const NO_CHECK: SourceCheck = { see: () => undefined, finish: () => Promise.resolve() };

function seeTarget(tally: ScanTally, page: readonly WireItem[], runId: string): void {
  for (const item of page) {
    tally.target.add(item);
    tally.counters.targetItems += 1;
    if (isOfRun(item, runId)) continue;
    tally.counters.foreign += 1;
    tally.sample('extra', keyText(item));
  }
}

/** One unit: some seconds of both Scans, one page of each at least; then the checkpoint, also where one has failed. */
async function verifySome(verification: Verification): Promise<void> {
  const { turn, tally, target, source } = verification;
  const until = turn.clock.now() + CHECKPOINT_MILLIS;
  const before = tally.counters.items;
  let failure: PromiseRejectedResult | undefined;
  do {
    failure = await readPages(verification);
  } while (
    failure === undefined &&
    !(target.position.isDone && source.position.isDone) &&
    turn.clock.now() < until &&
    !turn.isShort()
  );
  const done = failure === undefined && target.position.isDone && source.position.isDone;
  const cursor = done ? undefined : { target: target.position, source: source.position };
  const hasMoved = tally.counters.items > before;
  // A page without items is progress, too: the target may have to wait for it.
  if (failure === undefined || hasMoved) await turn.save({ ...tally.saved(), done, cursor });
  if (failure !== undefined && !(hasMoved && isTransient(failure.reason))) throw failure.reason;
}

/** One page of every Scan that is under way; the first failure, once all have settled. */
async function readPages(verification: Verification): Promise<PromiseRejectedResult | undefined> {
  const { target, source, isSideBySide } = verification;
  const isTargetsTurn = !target.position.isDone && (isSideBySide || source.position.isDone);
  const pages = await Promise.allSettled([
    isTargetsTurn ? readTarget(verification) : undefined,
    source.position.isDone ? undefined : readSource(verification),
  ]);
  return pages.find((page) => page.status === 'rejected');
}

async function readTarget({ target, tally, takeTarget }: Verification): Promise<void> {
  const { items } = await target.readPage(takeTarget);
  tally.counters.items += items.length;
}

async function readSource({ source, sourceCheck, tally }: Verification): Promise<void> {
  const { items } = await source.readPage((page) => {
    for (const product of page) sourceCheck.see(product);
  });
  tally.counters.items += items.length;
  if (source.position.isDone) await sourceCheck.finish();
}
