import type { Run } from '../shared/ledger/run.ts';
import { findShard, saveShard } from '../shared/ledger/shard.ts';
import { retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { stringAttribute, type WireItem } from '../shared/wire/wire-item.ts';

/** What a table holds that the run did not write. */
export type Contents =
  | { readonly kind: 'nothing of the shop' }
  | { readonly kind: 'something of the shop'; readonly key: string }
  /** Time was short; the next turn goes on. */
  | { readonly kind: 'unknown' };

function keyOf(item: WireItem): string {
  return [stringAttribute(item, 'PK'), stringAttribute(item, 'SK')]
    .filter((part) => part !== undefined)
    .join(' / ');
}

/** Where an inspection that was short of time goes on. */
interface InspectionCursor {
  readonly tableName: string;
  readonly exclusiveStartKey: WireItem;
}

interface Inspection {
  readonly run: Run;
  readonly tableName: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** Items that are no reason to keep the table. */
  readonly isHarmless: (item: WireItem) => boolean;
}

/** Behind every number that a shard can have: those are the walks that take items back. */
const inspectionShard = 1_000;

async function saveCursor(runtime: Runtime, { run }: Inspection, cursor: InspectionCursor): Promise<void> {
  const saved = await findShard<InspectionCursor>(runtime.ledger, run.runId, 'RollBack', inspectionShard);
  const now = runtime.clock.now();
  const shard = {
    state: 'RollBack',
    shard: inspectionShard,
    done: false,
    turns: (saved?.turns ?? 0) + 1,
    cursor,
    counters: {},
    digests: {},
    codeVersion: run.codeVersion,
    startedAt: saved?.startedAt ?? now,
    updatedAt: now,
    marks: [],
  } as const;
  const writer = `inspection:${now}`;
  await saveShard(runtime.ledger, { runId: run.runId, shard, previousVersion: saved?.version ?? 0, writer });
}

async function savedStart(runtime: Runtime, { run, tableName }: Inspection): Promise<WireItem | undefined> {
  const saved = await findShard<InspectionCursor>(runtime.ledger, run.runId, 'RollBack', inspectionShard);
  return saved?.cursor?.tableName === tableName ? saved.cursor.exclusiveStartKey : undefined;
}

/** A consistent Scan up to the first item that must not be lost; goes on where an earlier turn ran out of time. */
export async function inspectTable(runtime: Runtime, inspection: Inspection): Promise<Contents> {
  const { clock, items } = runtime;
  const { tableName, deadline, isHarmless } = inspection;
  let exclusiveStartKey = await savedStart(runtime, inspection);
  do {
    const request = { tableName, segment: 0, totalSegments: 1, exclusiveStartKey };
    const page = await retry({ clock, deadline }, () => items.scanPage(request));
    const foreign = page.items.find((item) => !isHarmless(item));
    if (foreign !== undefined) return { kind: 'something of the shop', key: keyOf(foreign) };
    exclusiveStartKey = page.lastEvaluatedKey;
    if (exclusiveStartKey !== undefined && clock.now() >= deadline) {
      await saveCursor(runtime, inspection, { tableName, exclusiveStartKey });
      return { kind: 'unknown' };
    }
  } while (exclusiveStartKey !== undefined);
  return { kind: 'nothing of the shop' };
}
