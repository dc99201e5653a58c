import type { Run } from '../shared/ledger/run.ts';
import { findShard, saveShard } from '../shared/ledger/shard.ts';
import type { Runtime } from '../shared/runtime.ts';

/** What a table holds that the run did not write. */
export type Contents =
  | { readonly kind: 'nothing of the shop' }
  /** `what` follows "it holds items that are not as this run wrote them". */
  | { readonly kind: 'something of the shop'; readonly what: string }
  /** Time was short; the next turn goes on. */
  | { readonly kind: 'unknown' };

/** A look into one table, in one roll back. */
export interface Inspection {
  readonly run: Run;
  readonly tableName: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

interface Saved<Place> {
  readonly tableName: string;
  /** When the run was marked: a later roll back looks at everything again. */
  readonly markedAt: number;
  readonly place: Place;
}

/** Behind every number that a shard can have: 0 is the walk that takes items back. */
const inspectionShard = 1_000;

function findSaved<Place>({ ledger }: Runtime, { run }: Inspection) {
  return findShard<Saved<Place>>(ledger, run.runId, 'RollBack', inspectionShard);
}

/** Where an inspection that was short of time goes on; `undefined`: at the beginning. */
export async function findPlace<Place>(runtime: Runtime, inspection: Inspection): Promise<Place | undefined> {
  const cursor = (await findSaved<Place>(runtime, inspection))?.cursor;
  const { tableName, run } = inspection;
  const isOurs = cursor?.tableName === tableName && cursor.markedAt === (run.markedAt ?? 0);
  return isOurs ? cursor.place : undefined;
}

/** Saves where to go on; with `undefined`, whoever looks once more looks at all of it. */
export async function savePlace<Place>(
  runtime: Runtime,
  inspection: Inspection,
  place: Place | undefined,
): Promise<void> {
  const { run, tableName } = inspection;
  const markedAt = run.markedAt ?? 0;
  const saved = await findSaved<Place>(runtime, inspection);
  if (saved?.cursor === undefined && place === undefined) return;
  // One large table after the other: the first has the slot until it is through.
  if (saved?.cursor?.markedAt === markedAt && saved.cursor.tableName !== tableName) return;
  const now = runtime.clock.now();
  const shard = {
    state: 'RollBack',
    shard: inspectionShard,
    done: false,
    turns: (saved?.turns ?? 0) + 1,
    cursor: place === undefined ? undefined : { tableName, markedAt, place },
    counters: {},
    digests: {},
    startedAt: saved?.startedAt ?? now,
    updatedAt: now,
    marks: [],
  } as const;
  const writer = `inspection:${now}`;
  await saveShard(runtime.ledger, { runId: run.runId, shard, previousVersion: saved?.version ?? 0, writer });
}
