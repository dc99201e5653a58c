import type { Run } from '../shared/ledger/run.ts';
import { findShard, saveShard, type Shard } from '../shared/ledger/shard.ts';
import type { Runtime } from '../shared/runtime.ts';
import { createItemTaker, type RemovalCursor, type RemovalStep } from './item-remover.ts';
import { addLeft, type Left, LEFT_REASONS } from './left-items.ts';
import { filledTable } from '../shared/tables/run-tables.ts';
import type { TakerScope } from './remover-tools.ts';

/** What happened to the run's items in a table that existed before. */
export interface ItemsRolledBack {
  /** False if the time ran out. The next call continues. */
  readonly done: boolean;
  /** Items that the run added and that are now gone. */
  readonly deleted: number;
  /** Items that the run replaced and that are now as before. */
  readonly restored: number;
  /** Items that are not as before, and why. */
  readonly left: Left;
}

const CHECKPOINT_MILLIS = 5_000;

type RemovalShard = Shard<RemovalCursor>;

/** A roll back that is started again looks at everything again. */
const basisOf = ({ markedAt = 0 }: Run): string => `${markedAt}`;

/**
 * Rolls back a run's items in a table that existed before the run: puts back what it replaced and deletes what it
 * added, each on the condition that it is as the run wrote it. Items that somebody has changed stay and are named.
 * Idempotent. Continues at its checkpoint.
 *
 * @throws what `check` throws, and throttling that outlasts the deadline
 */
export async function rollBackItems(runtime: Runtime, scope: TakerScope): Promise<ItemsRolledBack> {
  const { clock, ledger } = runtime;
  const { run, deadline } = scope;
  const { number } = filledTable(runtime, run, scope.tableName);
  let saved = await findShard<RemovalCursor>(ledger, run.runId, 'RollBack', number);
  const taker = createItemTaker(runtime, scope);
  for (;;) {
    const before = saved?.basis === basisOf(run) ? saved : undefined;
    if (before?.done === true) return rolledBack(before);
    const step = await taker.takeSome(before?.cursor, clock.now() + CHECKPOINT_MILLIS);
    saved = await save(runtime, run, { number, before, step, version: saved?.version ?? 0 });
    if (clock.now() >= deadline) return rolledBack(saved);
  }
}

function rolledBack(shard: RemovalShard): ItemsRolledBack {
  const { deleted = 0, restored = 0 } = shard.counters;
  return { done: shard.done, deleted, restored, left: leftIn(shard) };
}

function leftIn({ counters = {}, samples }: Partial<RemovalShard>): Left {
  const entries = LEFT_REASONS.flatMap((reason) => {
    const count = counters[reason] ?? 0;
    return count === 0 ? [] : [[reason, { count, keys: samples?.[reason] ?? [] }] as const];
  });
  return Object.fromEntries(entries);
}

/** Adds one more step to the counters and samples. `items` is the counter that readers of any shard use. */
export function addStep(
  before: Pick<RemovalShard, 'counters' | 'samples'> | undefined,
  { cursor, deleted, restored, left }: RemovalStep,
): Pick<RemovalShard, 'done' | 'cursor' | 'counters' | 'digests' | 'samples'> {
  const { counters = {} } = before ?? {};
  const all = Object.entries(addLeft(leftIn(before ?? {}), left));
  const sums = {
    deleted: (counters['deleted'] ?? 0) + deleted,
    restored: (counters['restored'] ?? 0) + restored,
    ...Object.fromEntries(all.map(([reason, { count }]) => [reason, count])),
  };
  return {
    done: cursor === undefined,
    cursor,
    counters: { ...sums, items: Object.values(sums).reduce((sum, count) => sum + count, 0) },
    digests: {},
    samples: Object.fromEntries(all.map(([reason, { keys }]) => [reason, keys])),
  };
}

async function save(
  { ledger, clock }: Runtime,
  run: Run,
  {
    number,
    before,
    step,
    version,
  }: {
    /** The table's number among the filled ones. */
    readonly number: number;
    readonly before: RemovalShard | undefined;
    readonly step: RemovalStep;
    /** Version of the existing checkpoint, whichever roll back wrote it. */
    readonly version: number;
  },
): Promise<RemovalShard> {
  const { startedAt = clock.now(), turns = 0 } = before ?? {};
  const next = {
    ...addStep(before, step),
    state: 'RollBack',
    shard: number,
    turns: turns + 1,
    basis: basisOf(run),
    startedAt,
    updatedAt: clock.now(),
    marks: [],
  } as const;
  const writer = crypto.randomUUID();
  const saved = await saveShard(ledger, { runId: run.runId, shard: next, previousVersion: version, writer });
  return { ...next, version: saved, writer };
}
