import { readItemsByKey } from '../shared/aws/read-items.ts';
import type { BulkCursor } from '../shared/copy/bulk/bulk-cursor.ts';
import { decideExisting } from '../shared/copy/load/decide-existing.ts';
import { createFoundRuns } from '../shared/copy/load/found-runs.ts';
import { addTo } from '../shared/copy/load/load-window.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { keyIdentity, keyOf, keyText } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { MAX_SAMPLES, type Shard } from '../shared/ledger/shard.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { BulkWork } from './bulk-work.ts';
import type { ReportLine } from './read-report.ts';

/** What a checkpoint keeps of the items that already existed under keys of the run. */
export type CountedReport = Pick<Shard, 'counters' | 'samples' | 'foundRuns'>;

/** An item whose condition did not hold, and the existing one. */
interface Met {
  readonly item: WireItem;
  readonly existing: WireItem;
}

/**
 * Adds lines of a report to what is counted: items that already existed, whose they are, and the first of their keys.
 * What an earlier operation of the same run has written counts as written.
 */
export async function countReport(
  runtime: Runtime,
  { turn, work }: { readonly turn: ShardTurn<BulkCursor>; readonly work: BulkWork },
  lines: readonly ReportLine[],
): Promise<CountedReport> {
  const { run, progress } = turn;
  const { name } = work.table;
  const counters: Record<string, number> = { ...progress.counters };
  const { present = [], outdated = [] } = progress.samples ?? {};
  const samples = { present: [...present], outdated: [...outdated] };
  const foundRuns = createFoundRuns(run.runId, progress.foundRuns?.[name]);
  const { madeAttributes } = runtime.migration;
  const madeBy = { startedAt: run.startedAt, madeAttributes };
  for (const { item, existing } of await meetings(runtime, { turn, work }, lines)) {
    foundRuns.see(existing);
    const facts = { existing, fresh: item, runId: run.runId, madeBy, onExisting: 'keep' } as const;
    const decision = decideExisting(facts);
    if (decision === 'ours') continue;
    addTo(counters, { alreadyPresent: 1 });
    if (samples.present.length < MAX_SAMPLES) samples.present.push(keyText(item, work.key));
    if (decision !== 'outdated') continue;
    addTo(counters, { outdated: 1 });
    if (samples.outdated.length < MAX_SAMPLES) samples.outdated.push(keyText(item, work.key));
  }
  return { counters, samples, foundRuns: { [name]: foundRuns.ids() } };
}

/** A report need not hold the existing item: then it is read. One that is gone by now does not count; it is missing. */
async function meetings(
  { items }: Runtime,
  { turn, work }: { readonly turn: ShardTurn<BulkCursor>; readonly work: BulkWork },
  lines: readonly ReportLine[],
): Promise<readonly Met[]> {
  const failed = lines.filter(({ outputType }) => outputType === 'CONDITION_CHECK_FAILURE');
  const unknown = failed.flatMap(({ item, existingItem }) =>
    item === undefined || existingItem !== undefined ? [] : [keyOf(item, work.key)],
  );
  const retry = <T>(attempt: () => Promise<T>): Promise<T> => turn.retry(attempt);
  const scope = { items, tableName: work.table.name, retry, onRead: () => undefined };
  const read = await readItemsByKey(scope, unknown);
  const byKey = new Map(read.map((item) => [keyIdentity(item, work.key), item]));
  return failed.flatMap(({ item, existingItem }) => {
    if (item === undefined) return [];
    const existing = existingItem ?? byKey.get(keyIdentity(item, work.key));
    return existing === undefined ? [] : [{ item, existing }];
  });
}
