import { type BatchScope, createBatchWriter } from '../../../functions/shared/copy/load/batch-writer.ts';
import { createLoadWindow } from '../../../functions/shared/copy/load/load-window.ts';
import { FIRST_LINE } from '../../../functions/shared/copy/load/read-lines.ts';
import type { WriteMeter } from '../../../functions/shared/copy/load/write-scope.ts';
import { createRate } from '../../../functions/shared/copy/rate.ts';
import { isThrottle } from '../../../functions/shared/retry.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { seededRandom } from '../../../workflow/local/gateway/seeded-random.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';
import {
  type SimulatedTable,
  type SimulatedTableOptions,
  simulatedTable,
} from '../../support/simulated-table.ts';

/** Workers of the migration that write into one simulated table for some time. */
export interface Writing {
  readonly workers: number;
  readonly seconds: number;
  /** Over all workers; 0: no cap. */
  readonly capUnitsPerSecond?: number;
  /** Units of one item. */
  readonly unitsPerItem?: number;
  /** What else goes on at the table. */
  readonly beside?: (table: SimulatedTable, clock: VirtualClock) => Promise<void>;
}

/** How it went. */
export interface Written {
  readonly table: SimulatedTable;
  /** Units that the workers were charged, by second. */
  readonly unitsBySecond: readonly number[];
  /** Requests of the workers, and those of them of which anything was refused. */
  readonly requests: number;
  readonly throttles: number;
}

export type TableParts = (clock: VirtualClock) => Omit<SimulatedTableOptions, 'clock' | 'random'>;

const throttled = (): Error => Object.assign(new Error('too fast'), { name: 'ThrottlingException' });

const textOf = (item: WireItem): string => stringAttribute(item, 'PK') ?? '';

/** Lets the workers' own writer, with its own rate control, write in virtual time. */
export async function write(parts: TableParts, writing: Writing): Promise<Written> {
  const clock = createVirtualClock();
  const table = simulatedTable({ ...parts(clock), clock, random: seededRandom(7) });
  const unitsBySecond: number[] = [];
  const totals = { requests: 0, throttles: 0 };
  const scopes = Array.from({ length: writing.workers }, (_, worker) =>
    scopeOf({ clock, table, writing, worker, totals, unitsBySecond }),
  );
  await clock.run(async () => {
    await Promise.all([
      ...scopes.map((scope, worker) => work(scope, clock, { writing, worker })),
      writing.beside?.(table, clock),
    ]);
  });
  return { table, unitsBySecond, ...totals };
}

interface ScopeParts {
  readonly clock: VirtualClock;
  readonly table: SimulatedTable;
  readonly writing: Writing;
  readonly worker: number;
  readonly totals: { requests: number; throttles: number };
  readonly unitsBySecond: number[];
}

function scopeOf({ clock, table, writing, worker, totals, unitsBySecond }: ScopeParts): BatchScope {
  const { workers, seconds, capUnitsPerSecond = 0, unitsPerItem = 1 } = writing;
  const deadline = seconds * 1_000;
  const random = seededRandom(100 + worker);
  const pause = (millis: number): Promise<void> => clock.sleep(millis);
  const batchPut: BatchScope['items']['batchPut'] = async (_tableName, texts) => {
    const keys = new Map(texts.map((text) => [textOf(JSON.parse(String(text)) as WireItem), text]));
    const items = [...keys.keys()].map((key) => ({ key, units: unitsPerItem }));
    const { refused, units } = await table.write(items);
    // At its deadline a worker sends what it holds without waiting.
    if (clock.now() < deadline) {
      totals.requests += 1;
      if (refused.length > 0) totals.throttles += 1;
    }
    const second = Math.floor(clock.now() / 1_000);
    unitsBySecond[second] = (unitsBySecond[second] ?? 0) + units;
    if (refused.length === items.length) throw throttled();
    return { unprocessed: refused.map((key) => keys.get(key) ?? ''), writeUnits: units };
  };
  const meter: WriteMeter = { writeUnits: 0, throttles: 0 };
  return {
    tableName: 'target',
    items: { batchPut } as BatchScope['items'],
    key: [
      { name: 'PK', type: 'S' },
      { name: 'SK', type: 'S' },
    ],
    window: createLoadWindow(FIRST_LINE),
    unitsPerByte: 1 / 1024,
    refusalOf: (_, reason) => reason,
    rate: createRate({
      unitsPerSecond: capUnitsPerSecond / workers,
      firstUnitsPerSecond: 4_000 / workers,
      clock,
      deadline,
    }),
    fence: { check: () => Promise.resolve() },
    meter,
    retry: (attempt, onRetry) => retryInVirtualTime({ clock, random, deadline }, attempt, onRetry),
    isShort: () => clock.now() >= deadline,
    random,
    pause,
  };
}

/** As `functions/shared/retry.ts` does it: full jitter between 0 and 50 ms, doubled each time, up to 5 s. */
async function retryInVirtualTime<T>(
  { clock, random, deadline }: { clock: VirtualClock; random: () => number; deadline: number },
  attempt: () => Promise<T>,
  onRetry: (error: unknown) => void,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isThrottle(error) || clock.now() >= deadline) throw error;
      onRetry(error);
      await clock.sleep(random() * Math.min(5_000, 50 * 2 ** tries));
    }
  }
}

async function work(
  scope: BatchScope,
  clock: VirtualClock,
  { writing, worker }: { readonly writing: Writing; readonly worker: number },
): Promise<void> {
  const writer = createBatchWriter(scope);
  const file = { stem: '0-0', itemCount: Number.POSITIVE_INFINITY, parts: [] };
  try {
    for (let index = 0; clock.now() < writing.seconds * 1_000; index += 1) {
      const item = { PK: { S: `PRODUCT#${worker}-${index}` }, SK: { S: 'METADATA' } };
      const lines = [Buffer.from(`{"Item":${JSON.stringify(item)}}`)];
      await writer.take({ file, index: 0, lines, linesBefore: index, isFileEnd: false });
    }
  } catch (error) {
    if (!isThrottle(error)) throw error;
  } finally {
    await writer.settle();
  }
}

/** Units a second on average from one second to another. */
export function averageUnits(
  bySecond: readonly number[],
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const seconds = Array.from({ length: to - from }, (_, index) => bySecond[from + index] ?? 0);
  return seconds.reduce((sum, units) => sum + units, 0) / seconds.length;
}
