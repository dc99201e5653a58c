import { describe, expect, it, vi } from 'vitest';
import { canonicalJson } from '../../functions/shared/items/canonical-json.ts';
import {
  keyIdentity,
  keyOf,
  keyText,
  type KeyType,
  type TableKey,
} from '../../functions/shared/items/item-key.ts';
import { type WireItem, type WireValue, wireItem } from '../../functions/shared/items/wire-item.ts';
import type {
  Migration,
  TransformContext,
  TransformResult,
} from '../../functions/shared/migration/migration.ts';
import { ownerKeyOf } from '../../functions/shared/migration/owner.ts';
import { seededRandom } from '../../workflow/local/gateway/seeded-random.ts';

/** The three files of a migration's folder that have a name. */
export interface MigrationFolder {
  readonly migration: Migration;
  readonly SAMPLES: readonly WireItem[];
  readonly generate: (count: number, random: () => number) => Iterable<WireItem>;
}

/** How many generated items each promise is tested with, besides the samples. */
const GENERATED = 200;

/** What every migration promises, whatever its schema. */
export function describeContract(load: () => Promise<MigrationFolder>): void {
  describe('a migration', () => {
    const all = async (): Promise<{ folder: MigrationFolder; items: readonly WireItem[] }> => {
      const folder = await load();
      return { folder, items: [...folder.SAMPLES, ...folder.generate(GENERATED, seededRandom(7))] };
    };

    it('has samples that become items of every kind, and samples that it refuses', async () => {
      const { migration, SAMPLES } = await load();
      const results = SAMPLES.map((sample) => transformed(migration, sample));
      const made = results.flatMap((result) => (result.kind === 'items' ? result.items : []));

      const kinds = made.map(({ table, kind }) => `${table.name} ${kind}`);
      expect(new Set(kinds)).toEqual(
        new Set(migration.filled.flatMap(({ name, kinds: held }) => held.map((kind) => `${name} ${kind}`))),
      );
      expect(results.map(({ kind }) => kind)).toContain('quarantined');
    });

    it('takes every generated item', async () => {
      const { migration, generate } = await load();
      const results = [...generate(GENERATED, seededRandom(7))].map((item) => transformed(migration, item));

      expect(results.filter(({ kind }) => kind === 'quarantined')).toEqual([]);
    });

    it('is given as many generated items as it asks for, each with a key of its own', async () => {
      const { migration, generate } = await load();
      const items = [...generate(GENERATED, seededRandom(7))];

      expect(items).toHaveLength(GENERATED);
      expect(repeatedKeys(migration, items)).toEqual([]);
    });

    it('makes the same bytes of an item at every call, whatever order its attributes come in', async () => {
      const { folder, items } = await all();
      for (const item of items) {
        const turned = wireItem(Object.entries(item).toReversed());
        const bytes = textsOf(transformed(folder.migration, item));
        expect(textsOf(transformed(folder.migration, item))).toEqual(bytes);
        expect(textsOf(transformed(folder.migration, turned)).toSorted()).toEqual(bytes.toSorted());
      }
    });

    it('changes nothing of the item that it is given', async () => {
      const { folder, items } = await all();
      expect(items.filter((item) => changesItsItem(folder.migration, item))).toEqual([]);
    });

    it('makes the same bytes of an item at any time: the run has a start, and the machine’s clock is not asked', async () => {
      const { folder, items } = await all();
      for (const item of items)
        expect(textsAt('2031-07-08T09:10:11.123Z', folder.migration, item)).toEqual(
          textsAt('2026-01-02T03:04:05.678Z', folder.migration, item),
        );
    });

    it('drops no attribute: whichever value changes in an item or is added, something changes in what it becomes', async () => {
      const { folder, items } = await all();
      const dropping = items.map((item) => ({ item, dropped: droppedPaths(folder.migration, item) }));
      expect(dropping.filter(({ dropped }) => dropped.length > 0)).toEqual([]);
    });

    it('derives the key of the source item from the key of each item that it becomes', async () => {
      const { folder, items } = await all();
      const { migration } = folder;
      for (const item of items) {
        const result = transformed(migration, item);
        for (const made of result.kind === 'items' ? result.items : []) {
          const { table } = made;
          const owner = table.sourceKeyOf(keyOf(made.item, table.tableKey)) ?? {};
          expect(canonicalJson(owner)).toEqual(canonicalJson(keyOf(item, migration.source.key)));
        }
      }
    });

    it('derives a key or nothing, and never throws, for the key of an item written by others', async () => {
      const { migration, SAMPLES } = await load();
      const results = SAMPLES.map((sample) => transformed(migration, sample));
      const made = results.flatMap((result) => (result.kind === 'items' ? result.items : []));
      for (const table of migration.filled) {
        const own = made.filter((one) => one.table === table).map(({ item }) => keyOf(item, table.tableKey));
        for (const key of [...garbageKeys(table.tableKey), ...own.flatMap(cutKeys)])
          expect(() => ownerKeyOf(key, table)).not.toThrow();
      }
    });

    it('names the partitions of every source key, those of refused items included, and never throws', async () => {
      const { folder, items } = await all();
      expect(throwingKeys(folder.migration, items)).toEqual([]);
    });

    it('names source items in its sentences only by their key', async () => {
      const { migration, SAMPLES } = await load();
      const sentences = SAMPLES.flatMap((sample) => {
        const result = transformed(migration, { ...sample, secret: { S: 'VALUE-OF-THE-SHOP' } });
        return result.kind === 'quarantined' ? [result.sentence] : [];
      });
      expect(sentences.length).toBeGreaterThan(0);
      expect(sentences.join(' ')).not.toContain('VALUE-OF-THE-SHOP');
    });
  });
}

/** Where a value of the item can change, or be added, without a change in what it becomes. None of a refused item. */
export function droppedPaths(migration: Migration, item: WireItem): readonly string[] {
  const result = transformed(migration, item);
  if (result.kind === 'quarantined') return [];
  const before = textsOf(result).toSorted().join('\n');
  return changesOf(item, keyNamesOf(migration))
    .filter(([, changed]) => textsOf(transformed(migration, changed)).toSorted().join('\n') === before)
    .map(([path]) => path);
}

/** Keys of items that an earlier one has had. */
export function repeatedKeys({ source: { key } }: Migration, items: readonly WireItem[]): readonly string[] {
  const seen = new Set<string>();
  const repeated = items.filter((item) => seen.size === seen.add(keyIdentity(item, key)).size);
  return repeated.map((item) => keyText(item, key));
}

/** Keys of these items, and of others that a source may have, for which the migration's `partitionsOf` throws. */
export function throwingKeys(
  { source: { key }, filled }: Migration,
  items: readonly WireItem[],
): readonly string[] {
  const keys = [...items.map((item) => keyOf(item, key)), ...garbageKeys(key)];
  const isThrowing = (one: WireItem): boolean =>
    filled.some((table) => throws(() => table.partitionsOf(one)));
  return keys.filter(isThrowing).map((one) => keyText(one, key));
}

function throws(attempt: () => unknown): boolean {
  try {
    attempt();
    return false;
  } catch {
    return true;
  }
}

/** Whether the transform writes into the source item, which is what goes to quarantine and what a sync compares. */
export function changesItsItem(migration: Migration, item: WireItem): boolean {
  const given = structuredClone(item);
  migration.transform(given, contextOf(migration));
  return canonicalJson(given) !== canonicalJson(item);
}

/** What an item becomes while the machine's clock shows this time. */
export function textsAt(now: string, migration: Migration, item: WireItem): readonly string[] {
  vi.useFakeTimers({ now: new Date(now), toFake: ['Date'] });
  try {
    return textsOf(transformed(migration, item));
  } finally {
    vi.useRealTimers();
  }
}

/** Of a copy, so that a transform that changes its item spoils no other test. */
function transformed(migration: Migration, item: WireItem): TransformResult {
  return migration.transform(structuredClone(item), contextOf(migration));
}

function contextOf({ settings }: Migration): TransformContext {
  return { runId: 'contract', startedAt: '2026-01-02T03:04:05.678Z', settings };
}

/** The items' JSON, or the code of the refusal. */
function textsOf(result: TransformResult): readonly string[] {
  return result.kind === 'items' ? result.items.map(({ text }) => text) : [result.code];
}

const keyNamesOf = ({ source }: Migration): ReadonlySet<string> =>
  new Set(source.key.map(({ name }) => name));

/** Values that a key attribute of this type may have in a table that others write into. */
const GARBAGE: Readonly<Record<KeyType, readonly WireValue[]>> = {
  S: ['x', '#', '/', '0', '-1', '1.5', '%', 'a#b#c', '{}', '\n', '\u{1F600}', 'x'.repeat(1024)].map(
    (text) => ({
      S: text,
    }),
  ),
  N: ['0', '-1', '1.5', '0.1', '1E+125', '-1E-130', '9'.repeat(38)].map((text) => ({ N: text })),
  B: ['AA==', '/w==', 'AAEC', 'eA=='].map((base64) => ({ B: base64 })),
};

/** Every combination of such values. */
function garbageKeys(key: TableKey): readonly WireItem[] {
  return key.reduce<readonly WireItem[]>(
    (keys, { name, type }) =>
      keys.flatMap((one) => GARBAGE[type].map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

/** Copies of a key with one of its texts cut off behind each of its first characters. */
function cutKeys(key: WireItem): readonly WireItem[] {
  return Object.entries(key).flatMap(([name, value]) => {
    const text = 'S' in value ? value.S.slice(0, MAX_CUTS) : '';
    return Array.from(text, (_, index) => ({ ...key, [name]: { S: text.slice(0, index + 1) } }));
  });
}

const MAX_CUTS = 100;

/** Copies of the item with one value changed or added, for each of its values except those of its key. */
function changesOf(item: WireItem, keep: ReadonlySet<string>): readonly (readonly [string, WireItem])[] {
  return changedMembers(item)
    .filter(([, name]) => !keep.has(name))
    .map(([path, , changed]) => [path, changed]);
}

/** One attribute that no sample has, and each attribute that there is. */
function changedMembers(item: WireItem): readonly (readonly [path: string, name: string, item: WireItem])[] {
  const unused = unusedName(item);
  return [
    [unused, unused, { ...item, [unused]: { S: 'another' } }],
    ...Object.entries(item).flatMap(([name, value]) =>
      changedValues(value).map(
        ([path, changed]) => [`${name}${path}`, name, { ...item, [name]: changed }] as const,
      ),
    ),
  ];
}

/** A name that no transform can know. */
function unusedName(item: WireItem): string {
  const name = 'anAttributeThatNobodyExpects';
  return name in item ? `${name}Either` : name;
}

function changedValues(value: WireValue): readonly (readonly [path: string, value: WireValue])[] {
  if ('S' in value) return [['', { S: `${value.S}x` }]];
  // `77.0` and `77` are the same number.
  if ('N' in value) return [['', { N: Number(value.N) === 77 ? '78' : '77' }]];
  if ('BOOL' in value) return [['', { BOOL: !value.BOOL }]];
  if ('NULL' in value) return [['', { S: 'no longer null' }]];
  if ('M' in value) return changedMembers(value.M).map(([path, , changed]) => [`.${path}`, { M: changed }]);
  if ('L' in value) return changedElements(value.L);
  if ('SS' in value) return [['', { SS: [...value.SS, `${value.SS.join('')}x`] }]];
  if ('NS' in value) return [['', { NS: value.NS.length > 1 ? value.NS.slice(1) : ['77', '78'] }]];
  if ('BS' in value) return [['', { BS: value.BS.length > 1 ? value.BS.slice(1) : ['BBBB', 'CCCC'] }]];
  return [['', { B: value.B === 'BBBB' ? 'CCCC' : 'BBBB' }]];
}

function changedElements(list: readonly WireValue[]): readonly (readonly [path: string, value: WireValue])[] {
  return [
    [`[${list.length}]`, { L: [...list, { S: 'another' }] }],
    ...list.flatMap((element, index) =>
      index < ENDS || index >= list.length - ENDS
        ? changedValues(element).map(
            ([path, changed]) => [`[${index}]${path}`, { L: list.with(index, changed) }] as const,
          )
        : [],
    ),
  ];
}

/** Elements at either end of a list that are changed. With all of them, the time would grow with the square of the list. */
const ENDS = 10;
