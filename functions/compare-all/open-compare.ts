import { lostChangeWarner, unseenDeletionWarners } from '../shared/copy/unseen-deletion.ts';
import { watchBothEnds } from '../shared/runs/known-source.ts';
import {
  openLanes,
  type LaneOf,
  openReconcile,
  type ReconcileKey,
  reconcileRules,
} from '../shared/copy/reconcile/open-reconcile.ts';
import type { IsOver, ReconcileRules } from '../shared/copy/reconcile/reconcile-io.ts';
import { refusedWrites } from '../shared/copy/reconcile/refused-writes.ts';
import type { ScanPosition } from '../shared/copy/scan.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { createTally, type Tally } from '../shared/copy/verify/tally.ts';
import { isExpired } from '../shared/aws/time-to-live.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { ShardState } from '../shared/ledger/shard.ts';
import { followedRunOf, guardSync } from '../shared/ledger/sync.ts';
import type { Runtime } from '../shared/runtime.ts';
import { refuseEmptySource } from './empty-source.ts';

/** Where a segment's compare continues: key values, and so in the ledger only. */
export interface CompareCursor extends ScanPosition {
  /** Name of the table that is scanned. */
  readonly table: string;
}

/** The Map states of a compare. */
export const SIDES = ['CompareSource', 'CompareTarget'] as const satisfies readonly ShardState[];

const COUNTERS = [
  /** Items read by the Scans, of either side. */
  'items',
  'sourceItems',
  'targetItems',
  /** Source items whose target items were written or deleted. */
  'repaired',
  /** Source items whose target items still differ. */
  'differing',
  /** Of `differing`: target items that no write by condition can change. */
  'byHand',
  /** Target items too many whose source item is counted as differing with another of its items. */
  'furtherExtra',
  /** Target items that the shop has changed or added under a source item's keys. */
  'conflicts',
  /** Source items that cannot be transformed. */
  'quarantined',
  /** Items whose time to live is over, and what is missing or too much because of that. */
  'expired',
  /** Target items that belong to no source item. */
  'foreign',
  /** Keys that are named in the ledger: all of `differing`, `conflicts` and `quarantined`, up to a bound. */
  'named',
  'readUnits',
  'writeUnits',
  'throttles',
] as const;

/** What one segment's compare has found. */
export type CompareTally = Tally<(typeof COUNTERS)[number]>;

/** What a turn of either side works with. */
export interface OpenCompare extends Required<ReconcileRules> {
  readonly runtime: Runtime;
  readonly turn: ShardTurn<CompareCursor>;
  readonly tally: CompareTally;
  /** Whether what differs is repaired, or only named. */
  readonly repairs: boolean;
  readonly reconcile: ReconcileKey;
  /** The caps of a table, for every request to it. */
  readonly laneOf: LaneOf;
  /** How long the turn still waits for change records. */
  readonly patience: { leftMillis: number };
  readonly isOver: IsOver;
}

/** Whether the compare may write: only while a sync follows the source. */
export function isRepairing({ kind, status }: Pick<Run, 'kind' | 'status'>): boolean {
  return kind === 'sync' && status === 'SYNCING';
}

/** Change records that come later than this are not waited for, in one turn. */
const PATIENCE_MILLIS = 15_000;

/**
 * Opens one turn of a compare.
 *
 * @throws TableUnavailableError where a filled table is gone or is another one; SourceReplacedError;
 *   RunClosedError; none is retried
 */
export async function openCompare(runtime: Runtime, turn: ShardTurn<CompareCursor>): Promise<OpenCompare> {
  const { run, clock, deadline, progress } = turn;
  const followed = followedRunOf(run);
  const areSameTables = watchBothEnds(runtime, run);
  await areSameTables();
  const share = { ...sharesOf(run), deadline };
  const laneOf = openLanes(runtime, share);
  const isOver: IsOver = (item, attributeName) =>
    isExpired(item, { attributeName, nowSeconds: clock.now() / 1_000 });
  return {
    ...reconcileRules(runtime, { run: followed, deadline, isOver }),
    runtime,
    turn,
    tally: createTally({ counters: COUNTERS }, progress),
    repairs: isRepairing(run),
    reconcile: openReconcile(
      runtime,
      {
        run: followed,
        isOver,
        fence: fenceOf(runtime, turn, areSameTables),
        ...share,
        warnUnseen: unseenDeletionWarners(runtime.ledger, run),
        warnLost: lostChangeWarner(runtime.ledger, run),
        beforeDeletion: refuseEmptySource(runtime, turn),
        refusedWrites: run.kind === 'sync' ? refusedWrites(runtime, run.runId) : undefined,
      },
      laneOf,
    ),
    laneOf,
    patience: { leftMillis: PATIENCE_MILLIS },
    isOver,
  };
}

function sharesOf({ plan: { readUnitsPerSecond, writeUnitsPerSecond, workers } }: Run) {
  return {
    readUnitsPerSecond: readUnitsPerSecond / workers,
    writeUnitsPerSecond: writeUnitsPerSecond / workers,
  };
}

/** The turn's fence knows the claim on the shard, the sync's whether anything may be written. */
function fenceOf(
  { ledger, clock }: Runtime,
  { run, fence }: ShardTurn<CompareCursor>,
  areSameTables: () => Promise<void>,
): () => Promise<void> {
  const sync = guardSync(ledger, clock, run, Number.NEGATIVE_INFINITY);
  return async () => {
    await areSameTables();
    await fence.check();
    await sync.check();
  };
}
