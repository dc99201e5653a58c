import type { Run } from '../shared/ledger/run.ts';
import { findShard, saveShard, type Shard } from '../shared/ledger/shard.ts';
import type { Runtime } from '../shared/runtime.ts';
import {
  createItemTaker,
  type TakeBackCounts,
  type TakeBackCursor,
  type TakeBackStep,
  type TakerScope,
} from './item-taker.ts';

/** What was taken out of a table that existed before. */
export interface ItemsTakenBack extends TakeBackCounts {
  /** False: time was short, and the next call goes on. */
  readonly done: boolean;
  /** Keys of items that stay because somebody has changed them since; at most 20. */
  readonly keptKeys: readonly string[];
}

const checkpointMillis = 5_000;
const maxSamples = 20;

type TakeBackShard = Shard<TakeBackCursor>;

/**
 * Takes a run's items out of a table that was there before the run: puts back what it replaced and deletes what it
 * added, each on the condition that every attribute is as the run wrote it. What the shop has changed stays and is
 * named. Idempotent; goes on at its checkpoint.
 *
 * @throws what `check` throws, and throttling that outlasts the deadline
 */
export async function takeBackItems(runtime: Runtime, scope: TakerScope): Promise<ItemsTakenBack> {
  const { clock, ledger } = runtime;
  const { run, deadline } = scope;
  let saved = await findShard<TakeBackCursor>(ledger, run.runId, 'RollBack', 0);
  const taker = createItemTaker(runtime, scope);
  while (saved?.done !== true) {
    const step = await taker.takeSome(saved?.cursor, clock.now() + checkpointMillis);
    saved = await save(runtime, run, { before: saved, step });
    if (clock.now() >= deadline) break;
  }
  const { done, counters, samples } = saved;
  const { deleted = 0, restored = 0, kept = 0 } = counters;
  return { done, deleted, restored, kept, keptKeys: samples?.['kept'] ?? [] };
}

/** Counters and samples with one more step; `items` is what a reader of any shard looks at. */
export function addStep(
  before: Pick<TakeBackShard, 'counters' | 'samples'> | undefined,
  { cursor, deleted, restored, kept, keptKeys }: TakeBackStep,
): Pick<TakeBackShard, 'done' | 'cursor' | 'counters' | 'digests' | 'samples'> {
  const { counters = {}, samples } = before ?? {};
  const sums = Object.entries({ deleted, restored, kept, items: deleted + restored + kept }).map(
    ([name, count]) => [name, (counters[name] ?? 0) + count] as const,
  );
  return {
    done: cursor === undefined,
    cursor,
    counters: Object.fromEntries(sums),
    digests: {},
    samples: { kept: [...(samples?.['kept'] ?? []), ...keptKeys].slice(0, maxSamples) },
  };
}

async function save(
  { ledger, clock }: Runtime,
  run: Run,
  { before, step }: { readonly before: TakeBackShard | undefined; readonly step: TakeBackStep },
): Promise<TakeBackShard> {
  const { version = 0, startedAt = clock.now(), turns = 0 } = before ?? {};
  const next = {
    ...addStep(before, step),
    state: 'RollBack',
    shard: 0,
    turns: turns + 1,
    codeVersion: run.codeVersion,
    startedAt,
    updatedAt: clock.now(),
    marks: [],
  } as const;
  const writer = crypto.randomUUID();
  const saved = await saveShard(ledger, { runId: run.runId, shard: next, previousVersion: version, writer });
  return { ...next, version: saved, writer };
}
