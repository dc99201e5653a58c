import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import {
  COMPARED_COUNTERS,
  type ComparedTable,
  openComparison,
} from '../shared/copy/verify/compare-items.ts';
import type { FoundItem } from '../shared/copy/verify/compare-by-key.ts';
import { createTally } from '../shared/copy/verify/tally.ts';
import { type Verification, verifyShard } from '../shared/copy/verify/verify-shard.ts';
import type { LineCursor } from '../shared/copy/load/read-lines.ts';
import { expectedItems } from '../shared/copy/verify/expected-items.ts';
import { targetFilesOfTables } from '../shared/files/run-files.ts';
import { listShards } from '../shared/ledger/shard.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { keyText } from '../shared/items/item-key.ts';
import { findVerifiedTargets } from './find-target.ts';
import { verificationBasis } from '../shared/runs/equations.ts';
import { judgeItem } from './judge-item.ts';
import { driftOf } from './judge-digests.ts';

const VERDICTS = ['same', 'different', 'changedSince', 'alreadyPresent', 'presentDifferent'] as const;
const DRIFT = ['driftAdded', 'driftChanged', 'driftRemoved'] as const;
/** Verdicts whose keys the report names. */
const NAMED: readonly string[] = ['missing', 'different', 'changedSince', 'presentDifferent'];

/**
 * Compares one shard key by key: what its target files say, with what is there.
 *
 * @throws TableUnavailableError, BackupDamagedError, RunClosedError (none retried)
 */
export function compareShard(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  return verifyShard<LineCursor>(
    runtime,
    { input, turn },
    {
      state: 'CompareByKey',
      basis: verificationBasis,
      open: (shardTurn) => openShard(runtime, input.shard, shardTurn),
    },
  );
}

async function openShard(
  runtime: Runtime,
  shard: number,
  turn: ShardTurn<LineCursor>,
): Promise<Verification> {
  const { run, progress } = turn;
  const targets = await findVerifiedTargets(runtime, run);
  const byName = new Map(targets.map((target) => [target.tableName, target]));
  const files = await targetFilesOfTables(runtime, run, { shard, tables: [...byName.keys()] });
  const drift = progress.cursor === undefined ? await driftCounters(runtime, shard, turn) : {};
  const tally = createTally(
    { counters: [...COMPARED_COUNTERS, ...VERDICTS, ...DRIFT], samples: NAMED },
    { ...progress, counters: { ...progress.counters, ...drift } },
  );
  const { madeAttributes } = runtime.migration;
  const madeBy = { startedAt: run.startedAt, madeAttributes };
  const comparison = {
    items: runtime.items,
    tableOf: (name = ''): ComparedTable => ({ tableName: name, key: byName.get(name)?.spec.tableKey ?? [] }),
    expected: expectedItems(runtime.objects, files, progress.cursor),
    tally,
    judge: (found: FoundItem, { tableName, key }: ComparedTable): void => {
      const isCreated = byName.get(tableName)?.isCreated === true;
      const verdict = judgeItem(found, { runId: run.runId, madeBy, isCreated });
      tally.counters[verdict] += 1;
      // Counted among the others' items, too.
      if (verdict === 'presentDifferent') tally.counters.alreadyPresent += 1;
      if (NAMED.includes(verdict)) tally.sample(verdict, keyText(found.expected, key));
    },
  };
  return openComparison(comparison, turn);
}

/** The drift that the Scans have found stands beside what is compared here, so that one state tells everything. */
async function driftCounters(
  runtime: Runtime,
  shard: number,
  { run }: ShardTurn<LineCursor>,
): Promise<Record<(typeof DRIFT)[number], number>> {
  const scanned = await listShards(runtime.ledger, run.runId, 'VerifyMigration');
  const hasDrifted = Object.values(run.verification?.drift ?? {}).some((drifted) => drifted > 0);
  const own = scanned.filter((segment) => hasDrifted && segment.shard % run.plan.shards.length === shard);
  const { added, changed, removed } = driftOf(own);
  return { driftAdded: added, driftChanged: changed, driftRemoved: removed };
}
