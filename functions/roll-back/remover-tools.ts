import type { Run } from '../shared/ledger/run.ts';
import { createPipeline } from '../shared/copy/pipeline.ts';
import { createRate } from '../shared/copy/rate.ts';
import { isThrottle, retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { keyOf, type TableKey } from '../shared/items/item-key.ts';
import { isAsMigrated, isOfRun } from '../shared/migration/as-written.ts';
import { readItemsByKey } from '../shared/aws/read-items.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { filledTable } from '../shared/tables/run-tables.ts';
import { Tally } from './left-items.ts';

export interface TakerScope {
  readonly run: Run;
  readonly tableName: string;
  /** Epoch milliseconds after which no request begins. */
  readonly deadline: number;
  /** Awaited before every request that changes something. Its error ends the call. */
  readonly check: () => Promise<void>;
}

type Paid = { readonly writeUnits: number };

/** What both passes of a roll back of items share. */
export interface TakerTools extends TakerScope {
  readonly runtime: Runtime;
  /** Of the table. */
  readonly key: TableKey;
  /** The table's number among the filled ones. */
  readonly number: number;
  readonly tally: Tally;
  /** Returns the tally and begins another one. */
  readonly takeTally: () => ReturnType<Tally['taken']>;
  /** Sends one write within the rate limit. Each attempt is checked first. */
  readonly guarded: <T extends Paid>(attempt: () => Promise<T>) => Promise<T>;
  /** The items under these keys, strongly consistent. */
  readonly read: (items: readonly WireItem[]) => Promise<readonly WireItem[]>;
  /** Whether the run wrote the item last, and nobody has changed it since. */
  readonly isUntouched: (item: WireItem) => boolean;
}

const WRITES_IN_FLIGHT = 32;

export function takerTools(runtime: Runtime, scope: TakerScope): TakerTools {
  const { clock, items } = runtime;
  const { run, tableName, deadline, check } = scope;
  const rate = createRate({ unitsPerSecond: run.plan.writeUnitsPerSecond, clock, deadline });
  const onRetry = (error: unknown): void => {
    if (isThrottle(error)) rate.throttled();
  };
  const patiently = <T>(attempt: () => Promise<T>): Promise<T> => retry({ clock, deadline }, attempt);
  const { spec, number } = filledTable(runtime, run, tableName);
  const key = spec.tableKey;
  let tally = new Tally();
  return {
    ...scope,
    runtime,
    key,
    number,
    get tally() {
      return tally;
    },
    takeTally: () => {
      const taken = tally.taken();
      tally = new Tally();
      return taken;
    },
    guarded: (attempt) =>
      retry({ clock, deadline, onRetry }, async () => {
        await rate.take(1);
        await check();
        const outcome = await attempt();
        rate.charge({ taken: 1, charged: outcome.writeUnits });
        return outcome;
      }),
    read: (wanted) =>
      readItemsByKey(
        { items, tableName, retry: patiently, onRead: () => undefined },
        wanted.map((item) => keyOf(item, key)),
      ),
    isUntouched: (item) => isOfRun(item, run.runId) && isAsMigrated(item),
  };
}

/** Does something for each item, with several items at once. @throws the first failure, once all have settled */
export async function sideBySide(
  items: readonly WireItem[],
  task: (item: WireItem) => Promise<void>,
): Promise<void> {
  const pipeline = createPipeline(WRITES_IN_FLIGHT);
  try {
    for (const item of items) await pipeline.start(() => task(item));
    await pipeline.finish();
  } finally {
    await pipeline.settle();
  }
}
