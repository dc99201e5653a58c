import type { ConditionalOutcome } from '../../../functions/shared/aws/item-table.ts';
import type { ItemReplacement } from '../../../functions/shared/copy/reconcile/decide.ts';
import { equalValues } from '../../../functions/shared/items/canonical-json.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { defineMigration } from '../../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../../functions/shared/migration/define-table.ts';
import type { FilledTable, TransformResult } from '../../../functions/shared/migration/migration.ts';
import type {
  ReconcileIo,
  ReconcileRules,
  TargetTable,
} from '../../../functions/shared/copy/reconcile/reconcile-io.ts';
import type { Send } from './actor.ts';

const catalogue = defineTable({
  name: 'catalogue',
  key: { partition: ['PK', 'S'], sort: ['SK', 'S'] },
  billing: { mode: 'PAY_PER_REQUEST' },
  holds: ['META', 'VARIANT'],
});

/** A source item becomes a META and one VARIANT for each letter of `vs`; one that is `bad` is refused. */
const migration = defineMigration({
  source: { name: 'source', key: { partition: ['id', 'S'] } },
  targets: { catalogue },
  transform: (item, { put, refuse, startedAt }) => {
    const { id } = item;
    const text = (name: string): string => stringAttribute(item, name) ?? '';
    if (text('bad') !== '') refuse('Bad', 'The item is bad.');
    const part = (SK: string) => ({ PK: id, SK: { S: SK }, n: { S: text('n') }, at: { S: startedAt } });
    return put({
      catalogue: {
        META: [part('META')],
        VARIANT: text('vs')
          .split('')
          .map((letter) => part(`V#${letter}`)),
      },
    });
  },
  belongsTo: {
    catalogue: { sourceKeyOf: ({ PK }) => ({ id: PK }), partitionsOf: ({ id }) => [id] },
  },
  madeAttributes: ['at'],
  nouns: { item: 'item', items: 'items' },
});

const [spec] = migration.filled as readonly [FilledTable];
export const TABLE: TargetTable = { spec, name: 'catalogue' };
const CONTEXT = { runId: 'run', startedAt: '2026-01-01T00:00:00.000Z', settings: {} };

/** The same source item is the same object, so that it is transformed once. */
const sourceItems = new Map<string, WireItem>();
const transformed = new Map<WireItem, TransformResult>();

export interface SourceValue {
  readonly n: string;
  /** Letters of its variants. */
  readonly vs: string;
  readonly isBad: boolean;
}

export function sourceItem(key: string, { n, vs, isBad }: SourceValue): WireItem {
  const name = `${key} ${n} ${vs} ${isBad}`;
  const made = sourceItems.get(name) ?? {
    id: { S: key },
    n: { S: n },
    vs: { S: vs },
    ...(isBad && { bad: { S: 'yes' } }),
  };
  sourceItems.set(name, made);
  return made;
}

export function transform(source: WireItem): TransformResult {
  const made = transformed.get(source) ?? migration.transform(source, CONTEXT);
  transformed.set(source, made);
  return made;
}

/** The items that it becomes; none where it is refused. */
export function itemsFrom(source: WireItem): readonly WireItem[] {
  const made = transform(source);
  return made.kind === 'items' ? made.items.map(({ item }) => item) : [];
}

/** What every item must become. */
export const RULES: ReconcileRules = {
  tables: [TABLE],
  transform,
  madeBy: { startedAt: CONTEXT.startedAt, madeAttributes: migration.madeAttributes },
};

/** A change record of the stream. `image` is the new one. */
export interface ChangeRecord {
  readonly key: string;
  readonly image: WireItem | undefined;
  /** Whole seconds, as in a stream. */
  readonly second: number;
}

/** Source, target and stream. */
export interface World {
  readonly source: Map<string, WireItem>;
  /** By source key, then by sort key. */
  readonly target: Map<string, Map<string, WireItem>>;
  readonly stream: ChangeRecord[];
}

export function emptyWorld(keys: readonly string[]): World {
  return { source: new Map(), target: new Map(keys.map((key) => [key, new Map()])), stream: [] };
}

export const textOf = (item: WireItem, name: string): string => stringAttribute(item, name) ?? '';

export function itemsOf({ target }: World, key: string): Map<string, WireItem> {
  return target.get(key) ?? new Map<string, WireItem>();
}

/** Whether every attribute still is as read; what was added since is not seen. */
function isAsRead(current: WireItem | undefined, asRead: WireItem): boolean {
  if (current === undefined || current === asRead) return current === asRead;
  return Object.entries(asRead).every(([name, value]) => {
    const now = current[name];
    return now !== undefined && equalValues(now, value);
  });
}

/** As UpdateItem does it: an attribute that was added meanwhile stays. */
function changed(current: WireItem, { from, to }: ItemReplacement): WireItem {
  if (current === from) return to;
  const added = Object.entries(current).filter(([name]) => !Object.hasOwn(from, name));
  return added.length === 0 ? to : { ...Object.fromEntries(added), ...to };
}

/**
 * The requests of a reconcile on the world, one at a time, with DynamoDB's conditions.
 *
 * @param isConditional false: writes whatever stands there
 */
export function requestsOf(world: World, send: Send, isConditional = true): ReconcileIo {
  const placeOf = (item: WireItem) => [itemsOf(world, textOf(item, 'PK')), textOf(item, 'SK')] as const;
  const put = (item: WireItem): ConditionalOutcome => {
    const [items, sortKey] = placeOf(item);
    const existing = items.get(sortKey);
    if (isConditional && existing !== undefined) return refused(existing);
    items.set(sortKey, item);
    return WRITTEN;
  };
  const replace = (change: ItemReplacement): ConditionalOutcome => {
    const [items, sortKey] = placeOf(change.from);
    const current = items.get(sortKey);
    if (isConditional && !isAsRead(current, change.from)) return refused(current);
    items.set(sortKey, isConditional && current !== undefined ? changed(current, change) : change.to);
    return WRITTEN;
  };
  return {
    readTarget: (_table, sourceKey) => send(() => [...itemsOf(world, textOf(sourceKey, 'id')).values()]),
    readSource: (sourceKey) => send(() => world.source.get(textOf(sourceKey, 'id'))),
    putIf: (_table, item) =>
      send(() => (put(item).written ? 'written' : 'failed'), { isWrite: true, isRepeatable: true }),
    changeIf: (_table, change) =>
      send(() => (replace(change).written ? 'written' : 'failed'), { isWrite: true, isRepeatable: true }),
    deleteIf: (_table, item) =>
      send(
        () => {
          const [items, sortKey] = placeOf(item);
          const old = items.get(sortKey);
          if (isConditional && !isAsRead(old, item)) return { written: false } as const;
          items.delete(sortKey);
          return { written: true, old: isConditional ? old : item, isInDoubt: false } as const;
        },
        { isWrite: true },
      ),
    putBack: (_table, item, existing) =>
      send(() => (existing === undefined ? put(item) : replace({ from: existing, to: item })), {
        isWrite: true,
        isRepeatable: true,
        isCertain: true,
      }),
    recallRefusal: () => Promise.resolve(undefined),
  };
}

const refused = (existing: WireItem | undefined): ConditionalOutcome => ({
  written: false,
  writeUnits: 1,
  existing,
});
const WRITTEN: ConditionalOutcome = { written: true, writeUnits: 1 };
