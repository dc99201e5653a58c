import { openScan, turnScope } from '../shared/copy/scan.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { type FoundItem, isEqual } from '../shared/copy/verify/compare-by-key.ts';
import { COMPARED_COUNTERS, openComparison } from '../shared/copy/verify/compare-items.ts';
import { openScans, type ScansCursor } from '../shared/copy/verify/read-scans.ts';
import { createTally } from '../shared/copy/verify/tally.ts';
import { type Verification, verifyShard } from '../shared/copy/verify/verify-shard.ts';
import { keyOfDescription } from '../shared/aws/table-description.ts';
import { isExpired, timeToLiveOf } from '../shared/aws/time-to-live.ts';
import { readManifest } from '../shared/files/backup-catalog.ts';
import type { LineCursor } from '../shared/copy/load/read-lines.ts';
import { expectedItems } from '../shared/copy/verify/expected-items.ts';
import { keyText } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { readRun } from '../shared/ledger/run.ts';
import { listTables } from '../shared/ledger/table-record.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { verifyRestoreVersion } from './judge-restore.ts';
import { orderOf } from '../shared/runs/restore-order.ts';
import { loadFiles } from './restore-files.ts';
import { restoreModeIn } from '../shared/runs/restored-counts.ts';
import { assertSameTarget } from './same-target.ts';

/**
 * Verifies one shard of the restored table. A table that this run created is verified by digest, any other key by key.
 *
 * @throws BackupDamagedError, RunClosedError; neither is retried. CompleteRestore judges the differences.
 */
export async function verifyRestored(
  runtime: Runtime,
  input: WorkerInput,
  turn: Turn,
): Promise<WorkerOutput> {
  const run = await readRun(runtime.ledger, input.runId);
  const isNew = restoreModeIn(await listTables(runtime.ledger, input.runId), run) === 'NEW';
  const work = { state: 'VerifyRestore', basis: verifyRestoreVersion } as const;
  const call = { input, turn };
  return isNew
    ? verifyShard<TableCursor>(runtime, call, {
        ...work,
        open: (shardTurn) => openTable(runtime, input.shard, shardTurn),
      })
    : verifyShard<LineCursor>(runtime, call, {
        ...work,
        open: (shardTurn) => openFiles(runtime, input.shard, shardTurn),
      });
}

type TableCursor = ScansCursor<'target'>;

/** Reads one segment of the new table. The sum of the digests of all segments must be the backup's digest. */
async function openTable(
  runtime: Runtime,
  segment: number,
  turn: ShardTurn<TableCursor>,
): Promise<Verification> {
  const { run, progress } = turn;
  await assertSameTarget(runtime, run);
  const tally = createTally({ counters: ['items', 'readUnits', 'throttles'], sums: ['target'] }, progress);
  const scan = openScan(
    turnScope(runtime, turn, tally.counters),
    { tableName: orderOf(run).targetTable, segment, totalSegments: run.plan.shards.length },
    progress.cursor?.target,
  );
  const take = (page: readonly WireItem[]): void => {
    for (const item of page) tally.sums.target.add(item);
  };
  return openScans({ tally, scans: { target: { scan, take } } }, turn);
}

/**
 * Looks up every key of one shard's files in the existing table. Items that were missing must exist now, but for those that
 * the table's time to live deletes as soon as they are put back.
 */
async function openFiles(
  runtime: Runtime,
  shard: number,
  turn: ShardTurn<LineCursor>,
): Promise<Verification> {
  const { run, progress } = turn;
  await assertSameTarget(runtime, run);
  const { backupId, targetTable: tableName } = orderOf(run);
  const { table, files } = await readManifest(runtime.objects, backupId);
  const own = loadFiles(files, { shard, shardCount: run.plan.shards.length });
  const key = keyOfDescription(table);
  const tally = createTally(
    { counters: [...COMPARED_COUNTERS, 'different', 'expired'], samples: ['missing', 'presentDifferent'] },
    progress,
  );
  const judge = (found: FoundItem): void => {
    if (isEqual(found)) return;
    tally.counters.different += 1;
    tally.sample('presentDifferent', keyText(found.expected, key));
  };
  const expected = expectedItems(runtime.objects, own, progress.cursor);
  // Every worker asks at once.
  const attributeName = await turn.retry(() => timeToLiveOf(runtime.clients.tables, tableName));
  const { items, clock } = runtime;
  return openComparison(
    {
      items,
      tableOf: () => ({ tableName, key }),
      expected,
      tally,
      isExpired: (item) => isExpired(item, { attributeName, nowSeconds: clock.now() / 1_000 }),
      judge,
    },
    turn,
  );
}
