import { decide } from '../shared/copy/reconcile/decide.ts';
import type { TargetTable } from '../shared/copy/reconcile/reconcile-io.ts';
import type { Reconciled } from '../shared/copy/reconcile/reconcile.ts';
import {
  conflictKey,
  differingKey,
  itemText,
  quarantinedKey,
  type StayingKey,
} from '../shared/copy/reconcile/staying-keys.ts';
import { keyIdentity, keyOf, keyText } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { TargetItem, TransformedItems } from '../shared/migration/migration.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { compareSegment, type OpenSide } from './compare-segment.ts';
import type { Finding } from './look-again.ts';
import type { OpenCompare } from './open-compare.ts';
import { type ItemsByKey, readByKey } from './read-by-key.ts';

/** Compares a segment of the source with what its items must have become. @throws as {@link compareSegment} */
export function compareSource(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  return compareSegment(runtime, { input, turn }, { state: 'CompareSource', open: openSource });
}

function openSource(compare: OpenCompare): OpenSide {
  const { runtime, turn } = compare;
  return {
    tables: [{ name: turn.run.sourceTable, key: runtime.migration.source.key }],
    look: (items) => look(compare, items),
  };
}

/** A source item and what it becomes. */
interface MadeItem {
  readonly item: WireItem;
  readonly made: TransformedItems;
}

async function look(compare: OpenCompare, items: readonly WireItem[]): Promise<readonly Finding[]> {
  const { transform, isOver, turn } = compare;
  const { timeToLiveAttribute } = turn.run.plan;
  const results = items.map((item) => (isOver(item, timeToLiveAttribute) ? undefined : transform(item)));
  const existing = await readExisting(
    compare,
    results.flatMap((made) => (made?.kind === 'items' ? made.items : [])),
  );
  return items.map((item, index): Finding => {
    const made = results[index];
    if (made === undefined) return { count: () => countExpired(compare, item) };
    if (made.kind === 'items') return judge(compare, { item, made }, existing);
    const stays = [quarantinedKey(textOf(compare, item), { code: made.code, reason: made.sentence })];
    return { stays: () => stays, count: () => countSource(compare) };
  });
}

/** What exists under the keys of the items that must be there. */
type Existing = ReadonlyMap<TargetTable, ItemsByKey>;

async function readExisting(compare: OpenCompare, made: readonly TargetItem[]): Promise<Existing> {
  const existing = new Map<TargetTable, ItemsByKey>();
  for (const table of compare.tables) {
    const { tableKey: key } = table.spec;
    const keys = made.filter(isIn(table)).map(({ item }) => keyOf(item, key));
    existing.set(table, await readByKey(compare, { name: table.name, key }, keys));
  }
  return existing;
}

const isIn =
  ({ spec }: TargetTable) =>
  ({ table }: TargetItem): boolean =>
    table.name === spec.name;

function judge(compare: OpenCompare, { item, made }: MadeItem, existing: Existing): Finding {
  const { tables, madeBy, isOver } = compare;
  const existingOf = (table: TargetTable, { item: one }: TargetItem): WireItem | undefined =>
    existing.get(table)?.get(keyIdentity(one, table.spec.tableKey));
  const looks = tables.map((table) => {
    const own = made.items.filter(isIn(table));
    const found = own.map((one) => existingOf(table, one)).filter((one) => one !== undefined);
    const isOverHere = (one: WireItem): boolean => isOver(one, table.spec.timeToLiveAttribute);
    return decide({ table: table.spec, existing: found, made, isOver: isOverHere }, madeBy);
  });
  const over = looks.reduce((sum, { expired }) => sum + expired, 0);
  const isRight = looks.every(({ isEqual, conflicts }) => isEqual && conflicts.length === 0);
  return {
    suspect: isRight ? undefined : keyOf(item, compare.runtime.migration.source.key),
    stays: (end) => stayingOf(compare, { item, made }, end),
    count: () => {
      countSource(compare);
      compare.tally.counters.expired += over;
    },
  };
}

function stayingOf(
  compare: OpenCompare,
  { item, made }: MadeItem,
  end: Reconciled | undefined,
): readonly StayingKey[] {
  if (end === undefined) return [];
  if (end.quarantined !== undefined) return [quarantinedKey(textOf(compare, item), end.quarantined)];
  const own = ownKeys(compare, made);
  const conflicts = end.conflicts
    .filter((one) => one.kind !== 'lost' && own.has(itemText(one)))
    .map(conflictKey);
  return isDifferent(end) ? [...conflicts, differingKey(textOf(compare, item), end.differences)] : conflicts;
}

/** Whether what is missing or wrong is still so. What is only too much, the target's side finds and counts. */
function isDifferent({ outcome, differences }: Reconciled): boolean {
  return outcome === 'different' && differences.some(({ kind }) => kind !== 'extra');
}

function ownKeys({ tables }: OpenCompare, made: TransformedItems): ReadonlySet<string> {
  const texts = tables.flatMap((table) =>
    made.items
      .filter(isIn(table))
      .map(({ item }) => itemText({ table: table.name, key: keyText(item, table.spec.tableKey) })),
  );
  return new Set(texts);
}

const textOf = ({ runtime }: OpenCompare, item: WireItem): string =>
  keyText(item, runtime.migration.source.key);

function countSource({ tally }: OpenCompare): void {
  tally.counters.sourceItems += 1;
}

function countExpired(compare: OpenCompare, item: WireItem): void {
  countSource(compare);
  compare.tally.counters.expired += 1;
  compare.tally.sample('expired', textOf(compare, item));
}
