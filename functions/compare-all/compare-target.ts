import type { Reconciled } from '../shared/copy/reconcile/reconcile.ts';
import {
  conflictKey,
  differingKey,
  itemText,
  type StayingKey,
} from '../shared/copy/reconcile/staying-keys.ts';
import { keyIdentity, keyText } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { FilledTable } from '../shared/migration/migration.ts';
import { ownerKeyOf } from '../shared/migration/owner.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { compareSegment, type OpenSide, type ScannedTable } from './compare-segment.ts';
import type { LookEnd } from './expired-source.ts';
import type { Finding } from './look-again.ts';
import type { OpenCompare } from './open-compare.ts';
import { readByKey } from './read-by-key.ts';

/**
 * Looks in a segment of every filled table for items that no source item becomes. What is missing or wrong, the source's
 * side finds. @throws as {@link compareSegment}
 */
export function compareTarget(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  return compareSegment(runtime, { input, turn }, { state: 'CompareTarget', open: openTarget });
}

/** A table that the Scan goes through, with what the migration says of it. */
interface FilledScan extends ScannedTable {
  readonly spec: FilledTable;
}

function openTarget(compare: OpenCompare): OpenSide<FilledScan> {
  return {
    tables: compare.tables.map(({ name, spec }) => ({ name, spec, key: spec.tableKey })),
    look: (items, table) => look(compare, items, table),
  };
}

async function look(
  compare: OpenCompare,
  items: readonly WireItem[],
  table: FilledScan,
): Promise<readonly Finding[]> {
  const owners = items.map((item) => ownerKeyOf(item, table.spec));
  const { hasSource, belongs } = await readOwners(compare, owners, table);
  const withoutSource = items.filter((_, index) => owners[index] !== undefined && !hasSource(owners[index]));
  const others = await compare.othersAmong(withoutSource);
  return items.map((item, index): Finding => {
    const owner = owners[index];
    if (owner === undefined || others.has(item)) return { count: () => countForeign(compare, item, table) };
    const isExtra = !belongs(item, owner);
    const isOver = isExtra && compare.isOver(item, table.spec.timeToLiveAttribute);
    const place = { table: table.name, key: keyText(item, table.key) };
    return {
      suspect: isExtra && !isOver ? owner : undefined,
      stays: (end) => stayingOf(compare, { place, owner }, end),
      count: (end) => countItem(compare, place, { isOver, end }),
    };
  });
}

interface Owners {
  /** Whether the source has the item of this key. */
  readonly hasSource: (owner: WireItem | undefined) => boolean;
  /** Whether an item of the table may be there, as far as its source item says. */
  readonly belongs: (item: WireItem, owner: WireItem) => boolean;
}

async function readOwners(
  compare: OpenCompare,
  owners: readonly (WireItem | undefined)[],
  table: FilledScan,
): Promise<Owners> {
  const { runtime, turn } = compare;
  const { key } = runtime.migration.source;
  const distinct = new Map(
    owners.flatMap((owner) => (owner ? [[keyIdentity(owner, key), owner] as const] : [])),
  );
  const scanned = { name: turn.run.sourceTable, key };
  const sources = await readByKey(compare, scanned, [...distinct.values()]);
  const made = new Map([...sources].map(([identity, item]) => [identity, keysOf(compare, item, table)]));
  return {
    hasSource: (owner) => owner !== undefined && sources.has(keyIdentity(owner, key)),
    belongs(item, owner) {
      const keys = made.get(keyIdentity(owner, key));
      return keys === ANY || keys?.has(keyIdentity(item, table.key)) === true;
    },
  };
}

/** Of a source item whose target items stay, whatever they are. */
const ANY = 'any';

/** Identities of the items of the table that the source item becomes. */
function keysOf(
  { transform, isOver, turn }: OpenCompare,
  source: WireItem,
  { spec }: FilledScan,
): ReadonlySet<string> | typeof ANY {
  if (isOver(source, turn.run.plan.timeToLiveAttribute)) return ANY;
  const made = transform(source);
  if (made.kind === 'quarantined') return ANY;
  const own = made.items.filter(({ table }) => table.name === spec.name);
  return new Set(own.map(({ item }) => keyIdentity(item, spec.tableKey)));
}

/** An item as an operator can look it up. */
interface ItemPlace {
  readonly table: string;
  readonly key: string;
}

function stayingOf(
  { runtime }: OpenCompare,
  { place, owner }: { readonly place: ItemPlace; readonly owner: WireItem },
  end: Reconciled | undefined,
): readonly StayingKey[] {
  if (end === undefined) return [];
  const own = end.conflicts
    .filter((one) => one.kind !== 'lost' && itemText(one) === itemText(place))
    .map(conflictKey);
  if (!isFirstExtra(place, end)) return own;
  return [...own, differingKey(keyText(owner, runtime.migration.source.key), end.differences)];
}

/** Whether its source item counts as differing here: once, however many items are too much, and not on both sides. */
function isFirstExtra(place: ItemPlace, { outcome, differences }: Reconciled): boolean {
  const [first] = differences;
  const isAllExtra = differences.every(({ kind }) => kind === 'extra');
  return outcome === 'different' && isAllExtra && first !== undefined && itemText(first) === itemText(place);
}

function countItem(
  { tally }: OpenCompare,
  place: ItemPlace,
  { isOver, end }: { readonly isOver: boolean; readonly end: LookEnd | undefined },
): void {
  tally.counters.targetItems += 1;
  if (end?.outcome === 'different' && !isFirstExtra(place, end)) tally.counters.furtherExtra += 1;
  if (!isOver && end?.isExpired !== true) return;
  tally.counters.expired += 1;
  tally.sample('expired', itemText(place));
}

function countForeign({ tally }: OpenCompare, item: WireItem, { name, key }: FilledScan): void {
  tally.counters.targetItems += 1;
  tally.counters.foreign += 1;
  tally.sample('foreign', itemText({ table: name, key: keyText(item, key) }));
}
