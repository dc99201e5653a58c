import { filesOfRun } from '../shared/backup/run-files.ts';
import { isTransient } from '../shared/retry.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { type ShardTurn, takeTurn } from '../shared/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { keyText } from '../shared/tables/item-key.ts';
import { isOfRun } from '../shared/transform/as-written.ts';
import type { WireItem } from '../shared/wire/wire-item.ts';
import { findVerifiedTarget, verificationVersion } from './find-target.ts';
import { createScanTally, type ScanTally } from './scan-tally.ts';
import { type ScanPosition, type SegmentScan, segmentScan } from './segment-scan.ts';
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
  readonly sourceCheck: SourceCheck;
}

/** Between two checkpoints. */
const CHECKPOINT_MILLIS = 5_000;
const NOT_BEGUN: ScanPosition = { isDone: false };
const NOTHING_TO_DO: ScanPosition = { isDone: true };

/**
 * Verifies one segment: digests what the target holds, where the run created it, and compares the source
 * with the backup product by product. Both are Scans of the same segment, side by side.
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
      codeVersion: verificationVersion(input.executionArn),
      isTiedToCode: true,
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
  const meter = tally.counters;
  const start = progress.cursor ?? { target: isCreated ? NOT_BEGUN : NOTHING_TO_DO, source: NOT_BEGUN };
  const files = (await filesOfRun(runtime, run)).filter((file) => file.segment === segment);
  const sourceCheck = start.source.isDone ? NO_CHECK : await openSourceCheck({ runtime, turn, files, tally });
  const order = { segment, meter };
  return {
    turn,
    tally,
    sourceCheck,
    target: segmentScan(runtime.items, turn, {
      ...order,
      tableName,
      start: start.target,
      see: (item) => seeTarget(tally, item, run.runId),
    }),
    source: segmentScan(runtime.items, turn, {
      ...order,
      tableName: run.sourceTable,
      start: start.source,
      see: (product) => sourceCheck.see(product),
    }),
  };
}

/** Of a segment whose source is done already. */
const NO_CHECK: SourceCheck = { see: () => undefined, finish: () => Promise.resolve() };

function seeTarget(tally: ScanTally, item: WireItem, runId: string): void {
  tally.target.add(item);
  tally.counters.targetItems += 1;
  if (isOfRun(item, runId)) return;
  tally.counters.foreign += 1;
  tally.sample('extra', keyText(item));
}

/** One unit: some seconds of both Scans, one page of each at least; then the checkpoint, also where one has failed. */
async function verifySome({ turn, tally, target, source, sourceCheck }: Verification): Promise<void> {
  const until = turn.clock.now() + CHECKPOINT_MILLIS;
  const before = tally.counters.items;
  let failure: PromiseRejectedResult | undefined;
  do {
    failure = await readPages([target, source], sourceCheck);
  } while (
    failure === undefined &&
    !(target.position.isDone && source.position.isDone) &&
    turn.clock.now() < until &&
    !turn.isShort()
  );
  const done = failure === undefined && target.position.isDone && source.position.isDone;
  const cursor = done ? undefined : { target: target.position, source: source.position };
  const hasMoved = tally.counters.items > before;
  if (done || hasMoved) await turn.save({ ...tally.saved(), done, cursor });
  if (failure !== undefined && !(hasMoved && isTransient(failure.reason))) throw failure.reason;
}

/** One page of every Scan that is not at its end; the first failure, once all have settled. */
async function readPages(
  [target, source]: readonly [SegmentScan, SegmentScan],
  sourceCheck: SourceCheck,
): Promise<PromiseRejectedResult | undefined> {
  const readSource = async (): Promise<void> => {
    await source.readPage();
    if (source.position.isDone) await sourceCheck.finish();
  };
  const pages = await Promise.allSettled([
    target.position.isDone ? undefined : target.readPage(),
    source.position.isDone ? undefined : readSource(),
  ]);
  return pages.find((page) => page.status === 'rejected');
}
