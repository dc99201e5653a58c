import { scanItems, type ItemScan } from '../shared/copy/scan-items.ts';
import { NOT_BEGUN, openScan, turnScope } from '../shared/copy/scan.ts';
import { unseenDeletionWarners } from '../shared/copy/unseen-deletion.ts';
import { type Step, takeSteps, type Verification, verifyShard } from '../shared/copy/verify/verify-shard.ts';
import type { TableKey } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { Run } from '../shared/ledger/run.ts';
import { COMPARED_IN, comparedOn } from '../shared/ledger/sync.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { type Finding, lookAgain } from './look-again.ts';
import {
  type CompareCursor,
  isRepairing,
  openCompare,
  type OpenCompare,
  type SIDES,
} from './open-compare.ts';

/** A direction of the compare: the source against the target, or the target against the source. */
export interface Side<Table extends ScannedTable> {
  readonly state: (typeof SIDES)[number];
  readonly open: (compare: OpenCompare) => OpenSide<Table>;
}

export interface OpenSide<Table extends ScannedTable = ScannedTable> {
  /** What is scanned, one table after the other; at least one. */
  readonly tables: readonly Table[];
  /** The first look: one finding for each item of the table. Counts nothing. */
  readonly look: (items: readonly WireItem[], table: Table) => Promise<readonly Finding[]>;
}

export interface ScannedTable {
  readonly name: string;
  readonly key: TableKey;
}

/**
 * Takes one turn at comparing a segment. What differs at the first look is looked at again, and repaired where a sync is
 * open; only what the second look finds counts.
 *
 * @throws TableUnavailableError, RunClosedError, TransformError (none retried)
 */
export function compareSegment<Table extends ScannedTable>(
  runtime: Runtime,
  call: { readonly input: WorkerInput; readonly turn: Turn },
  { state, open }: Side<Table>,
): Promise<WorkerOutput> {
  return verifyShard<CompareCursor>(runtime, call, {
    state,
    basis: comparedOn,
    openIn: ['RUNNING', ...COMPARED_IN],
    onTakeOver: (run) => warnOfEarlierCall(runtime, run),
    open: async (turn) => {
      const compare = await openCompare(runtime, turn);
      return openWalk(compare, open(compare), call.input.shard);
    },
  });
}

/** A call that has died may have sent a deletion whose answer nobody has seen. */
async function warnOfEarlierCall({ ledger }: Runtime, run: Run): Promise<void> {
  if (!isRepairing(run)) return;
  const warnUnseen = unseenDeletionWarners(ledger, run);
  for (const { name } of run.follows?.tables ?? []) await warnUnseen(name);
}

/** Goes through the segment table by table, from the turn's checkpoint on. */
function openWalk<Table extends ScannedTable>(
  compare: OpenCompare,
  side: OpenSide<Table>,
  segment: number,
): Verification {
  const { cursor } = compare.turn.progress;
  const begun = side.tables.findIndex(({ name }) => name === cursor?.table);
  const waiting = side.tables.slice(Math.max(0, begun));
  let scan: ItemScan | undefined;
  const step = async (): Promise<Step<CompareCursor>> => {
    const [table] = waiting;
    if (table === undefined) return AT_END;
    scan ??= openTable(compare, table, segment);
    await compareSome(compare, { side, scan, table });
    if (!scan.isAtEnd()) return { cursor: { table: table.name, ...scan.position() }, isAtEnd: false };
    waiting.shift();
    scan = undefined;
    const [next] = waiting;
    return next === undefined ? AT_END : { cursor: { table: next.name, ...NOT_BEGUN }, isAtEnd: false };
  };
  return {
    next: () => takeSteps(compare.turn, compare.tally, step),
    close: () => Promise.resolve(),
  };
}

const AT_END = { cursor: undefined, isAtEnd: true } as const;

function openTable(
  { runtime, turn, tally, laneOf }: OpenCompare,
  { name, key }: ScannedTable,
  segment: number,
): ItemScan {
  const { cursor } = turn.progress;
  const start = cursor?.table === name ? cursor : NOT_BEGUN;
  const scope = { ...turnScope(runtime, turn, tally.counters), pace: laneOf(name).pace };
  const totalSegments = turn.run.plan.segments.length;
  return scanItems(openScan(scope, { tableName: name, segment, totalSegments }, start), key);
}

/** As many keys as one request carries. */
const ITEMS_TOGETHER = 100;

interface Place<Table extends ScannedTable> {
  readonly side: OpenSide<Table>;
  readonly scan: ItemScan;
  readonly table: Table;
}

/** Some items of one page. Those that time was too short for are left to be read again. */
async function compareSome<Table extends ScannedTable>(
  compare: OpenCompare,
  { side, scan, table }: Place<Table>,
): Promise<void> {
  if (scan.next() === undefined) await scan.readPage();
  const items = takeItems(scan);
  if (items.length === 0) return;
  const settled = await lookAgain(compare, await side.look(items, table));
  compare.tally.counters.items += settled;
  const last = items[settled - 1];
  if (settled < items.length && last !== undefined) scan.moveBehind(last);
}

function takeItems(scan: ItemScan): readonly WireItem[] {
  const items: WireItem[] = [];
  for (let item = scan.next(); item !== undefined && items.length < ITEMS_TOGETHER; item = scan.next()) {
    items.push(item);
    scan.take();
  }
  return items;
}
