import {
  type Checkpoint,
  checkpointBehind,
  type Progress,
  shardOn,
  startedOver,
} from '../shared/copy/checkpoint.ts';
import { lostChangeWarner } from '../shared/copy/unseen-deletion.ts';
import { keyText } from '../shared/items/item-key.ts';
import { findShard, saveShard, type Shard } from '../shared/ledger/shard.ts';
import { isTransient } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { createItemTaker, type RemovalCursor, type RemovalStep } from './item-remover.ts';
import { addLeft, isInPlace, type Left, LEFT_REASONS } from './left-items.ts';
import { filledTable } from '../shared/tables/run-tables.ts';
import type { TakerScope } from './remover-tools.ts';

/** What happened to the run's items in a table that existed before. */
export interface ItemsRolledBack {
  /** False if the time ran out, or an item may still come back. The next call continues. */
  readonly done: boolean;
  /** Items that the run added and that every roll back of it together has deleted. */
  readonly deleted: number;
  /** Items that the run replaced or removed and that every roll back of it together has put back. */
  readonly restored: number;
  /** Items that are not as before, and why. */
  readonly left: Left;
}

const CHECKPOINT_MILLIS = 5_000;

type RemovalCheckpoint = Checkpoint<RemovalCursor>;

/**
 * What a checkpoint rests on. A roll back that is started again looks at everything again, and so does one that finds
 * another table of this name.
 */
export function basisOf({
  run: { markedAt = 0 },
  tableId = '',
}: Pick<TakerScope, 'run' | 'tableId'>): string {
  return `${markedAt} ${tableId}`;
}

/**
 * Rolls back a run's items in a table that existed before the run: puts back what it replaced and deletes what it
 * added, each on the condition that it is as the run wrote it. Items that somebody has changed stay and are named.
 * Idempotent. Continues at its checkpoint.
 *
 * It does not take a worker's turn (`takeTurn`). A worker needs a run that is RUNNING, and claims its shard so that a
 * roll back can wait for it. A roll back claims the run itself, and `check` looks at that claim before each request. A
 * second claim on the shard would protect nothing more, and later calls would have to wait for it.
 *
 * @throws what `check` throws, and throttling that outlasts the deadline
 */
export async function rollBackItems(runtime: Runtime, scope: TakerScope): Promise<ItemsRolledBack> {
  const { clock, ledger } = runtime;
  const { run, deadline } = scope;
  const { runId } = run;
  const place = { state: 'RollBack', shard: filledTable(runtime, run, scope.tableName).number } as const;
  const basis = basisOf(scope);
  const found = await findShard<RemovalCursor>(ledger, runId, place.state, place.shard);
  const taker = createItemTaker(runtime, scope);
  const beganAt = clock.now();
  let last: RemovalCheckpoint | undefined = shardOn(found, basis);
  const turns = (last?.turns ?? 0) + 1;
  let previousVersion = found?.version ?? 0;
  while (last?.done !== true) {
    const step = await taker.takeSome(last?.cursor, clock.now() + CHECKPOINT_MILLIS);
    last = checkpointBehind(last, addStep(last ?? startedAgain(found, scope), step), {
      now: clock.now(),
      beganAt,
      turns,
    });
    const shard = { ...last, ...place, basis, tableId: scope.tableId };
    previousVersion = await saveShard(ledger, { runId, shard, previousVersion, writer: runtime.newId() });
    if (step.failure !== undefined) {
      if (!isTransient(step.failure.error)) await nameLost(runtime, scope, last);
      throw step.failure.error;
    }
    if (clock.now() >= deadline || last.cursor?.unsure !== undefined) break;
  }
  return rolledBack(last);
}

/**
 * Where a roll back begins that is started again. It looks at everything again, and what an earlier one has done in this
 * very table stays counted.
 */
function startedAgain(
  found: Shard<RemovalCursor> | undefined,
  { tableId }: TakerScope,
): Pick<RemovalCheckpoint, 'counters' | 'samples'> {
  const { counters: charged } = startedOver(found);
  if (found === undefined || found.tableId !== tableId) return { counters: charged };
  const { deleted = 0, restored = 0 } = found.counters;
  return { counters: { ...charged, deleted, restored } };
}

/** Where no turn follows that would name them. A roll back that is started again only sees what is there then. */
async function nameLost(
  runtime: Runtime,
  { run, tableName }: TakerScope,
  { cursor, samples }: RemovalCheckpoint,
): Promise<void> {
  const { tableKey } = filledTable(runtime, run, tableName).spec;
  const unsure = (cursor?.unsure ?? []).map((key) => keyText(key, tableKey));
  const warnLost = lostChangeWarner(runtime.ledger, run);
  for (const key of [...(samples?.['lost'] ?? []), ...unsure]) await warnLost(tableName, key);
}

function rolledBack(shard: RemovalCheckpoint): ItemsRolledBack {
  const { deleted = 0, restored = 0 } = shard.counters;
  return { done: shard.done, deleted, restored, left: leftIn(shard) };
}

function leftIn({ counters = {}, samples }: Partial<RemovalCheckpoint>): Left {
  const entries = LEFT_REASONS.flatMap((reason) => {
    const count = counters[reason] ?? 0;
    return count === 0 ? [] : [[reason, { count, keys: samples?.[reason] ?? [] }] as const];
  });
  return Object.fromEntries(entries);
}

/** Adds one more step to the counters and samples. `items` is the counter that readers of any shard use. */
function addStep(
  before: Pick<RemovalCheckpoint, 'counters' | 'samples'>,
  { cursor, deleted, restored, left, charged }: RemovalStep,
): Progress<RemovalCursor> {
  const { counters } = before;
  const all = addLeft(leftIn(before), left);
  const entries = Object.entries(all);
  const counts = Object.fromEntries(entries.map(([reason, { count }]) => [reason, count]));
  const sums = {
    deleted: (counters['deleted'] ?? 0) + deleted,
    restored: (counters['restored'] ?? 0) + restored,
    readUnits: (counters['readUnits'] ?? 0) + charged.readUnits,
    writeUnits: (counters['writeUnits'] ?? 0) + charged.writeUnits,
    throttles: (counters['throttles'] ?? 0) + charged.throttles,
  };
  const kept = LEFT_REASONS.filter(isInPlace).reduce((sum, reason) => sum + (all[reason]?.count ?? 0), 0);
  return {
    done: cursor === undefined,
    cursor,
    counters: { ...sums, ...counts, items: sums.deleted + sums.restored + kept },
    digests: {},
    samples: Object.fromEntries(entries.map(([reason, { keys }]) => [reason, keys])),
  };
}
