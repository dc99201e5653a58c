import type { Nouns } from '../counted.ts';
import { canonicalJson, normaliseBase64 } from '../items/canonical-json.ts';
import type { KeyType, TableKey } from '../items/item-key.ts';
import type { WireItem, WireValue } from '../items/wire-item.ts';
import type { DefinedTable } from './define-table.ts';
import { migrationProblems } from './definition-problems.ts';
import { migratorOf } from './function-names.ts';
import { makeItems } from './make-items.ts';
import type { FilledTable, Migration, Put, UntypedTools } from './migration.ts';
import type { refuse } from './refusal.ts';
import type { SettingValues } from '../settings.ts';
import {
  type KeyAttribute,
  type KeyDefinition,
  type Known,
  type TableDefinition,
  tableKey,
} from './table-definition.ts';
import { keyOfSpec } from './table-spec.ts';

/** What `defineMigration` needs: everything that the engine knows of one schema and the next. */
export interface MigrationDefinition<
  Source extends SourceDefinition,
  Targets extends TargetDefinitions,
  Settings extends SettingValues,
> {
  /** The table that is read. The deployment parameter `sourceTable` may name another with the same key. */
  readonly source: Source;
  /** Every table of the new data model by a name of its own, in the order in which they are listed and rolled back. */
  readonly targets: Targets;
  /** Deploy parameters of the migration, with their defaults. A parameter has the type of its default. */
  readonly settings?: Settings;
  /**
   * What a source item becomes. Pure and deterministic: the same item in the same run gives the same items. Ends in
   * `put`, or in `refuse` where the item cannot become that without losing something.
   */
  readonly transform: (item: ItemWith<Source['key']>, tools: Tools<Targets, Settings>) => Put;
  /** For each filled table, which source item an item belongs to. Every transformed item is checked against it. */
  readonly belongsTo: {
    readonly [T in FilledName<Targets>]: BelongsTo<Targets[T]['definition']['key'], Source['key']>;
  };
  /** Attributes that the run makes where the source has none, so that two runs make them differently: times. */
  readonly madeAttributes?: readonly string[];
  /** What one source item and several are called in sentences. */
  readonly nouns: Nouns;
}

/** The table that is migrated. */
export interface SourceDefinition {
  readonly name: string;
  readonly key: KeyDefinition;
}

/** Tables by name, each made by `defineTable`. */
export type TargetDefinitions = Readonly<Record<string, DefinedTable>>;

/** What a transform is given besides the item. */
export interface Tools<Targets extends TargetDefinitions, Settings extends SettingValues> {
  /** Takes the items by table and kind. The engine adds `migrationRun` and `migrationDigest`. */
  readonly put: (items: PutItems<Targets>) => Put;
  /** Sends the source item to quarantine with one of the migration's own codes. */
  readonly refuse: typeof refuse;
  readonly settings: { readonly [S in keyof Settings]: Widened<Settings[S]> };
  /** ISO 8601: start of the run. Replaces times that the source lacks. */
  readonly startedAt: string;
  /** How a sentence about the item begins: `Product "42"`. */
  readonly label: string;
}

/** The items that a source item becomes, by table and kind. */
export type PutItems<Targets extends TargetDefinitions> = {
  readonly [T in FilledName<Targets>]?: {
    readonly [K in KindOf<Targets[T]['definition']>]?: readonly ItemWith<Targets[T]['definition']['key']>[];
  };
};

/** Which source item a target item belongs to, by the keys alone. */
export interface BelongsTo<TargetKey extends KeyDefinition, SourceKey extends KeyDefinition> {
  /**
   * The whole key of the source item; `undefined` for a key that this migration never makes. It is asked about items
   * written by others too, and must not throw.
   */
  readonly sourceKeyOf: (targetKey: KeyOf<TargetKey>) => KeyOf<SourceKey> | undefined;
  /** Every value of the target's partition key under which the source item may have items. */
  readonly partitionsOf: (sourceKey: KeyOf<SourceKey>) => readonly ValueOf<TargetKey['partition'][1]>[];
}

/**
 * Checks a migration's definition with the compiler and makes what the engine uses. A wrong table, kind or key
 * attribute, and a missing key, do not compile where they are written out; elsewhere the run finds them.
 *
 * @throws RangeError where no table is filled, belongsTo lacks one that is, or a field is missing or unknown
 */
export function defineMigration<
  const Source extends SourceDefinition,
  Targets extends TargetDefinitions,
  Settings extends SettingValues,
>(
  definition: MigrationDefinition<Source, Targets, Settings> & {
    readonly source: Known<Source, SourceDefinition>;
  },
): Migration {
  const [problem] = migrationProblems(definition);
  if (problem !== undefined) throw new RangeError(`${problem}.`);
  const { source, targets, settings, nouns, madeAttributes = [] } = definition;
  const untyped = definition as unknown as UntypedDefinition;
  const sourceTable = { name: source.name, key: tableKey(source.key) };
  const filled = Object.entries(targets).flatMap(([id, table]) =>
    filledTable(id, table, { sourceKey: sourceTable.key, belongsTo: untyped.belongsTo[id] }),
  );
  const [first] = filled;
  if (first === undefined) throw new RangeError('A migration needs a table that holds something.');
  return {
    source: sourceTable,
    targets: Object.entries(targets).map(([id, table]) => filled.find((one) => one.id === id) ?? table),
    filled,
    migratedBy: targets[first.id]?.definition.migratedBy ?? migratorOf(first.name),
    settings: settings ?? {},
    madeAttributes,
    nouns,
    transform: (item, context) =>
      makeItems(item, context, { source: sourceTable, filled, nouns, transform: untyped.transform }),
  };
}

/** The definition as it is called at run time: what its types promise is checked again there. */
interface UntypedDefinition {
  readonly transform: (item: WireItem, tools: UntypedTools) => Put;
  readonly belongsTo: Readonly<Record<string, Pick<FilledTable, 'sourceKeyOf' | 'partitionsOf'> | undefined>>;
}

/** Where a table's items come from. */
interface SourceOfTable {
  readonly sourceKey: TableKey;
  readonly belongsTo: UntypedDefinition['belongsTo'][string];
}

function filledTable(
  id: string,
  { definition, ...spec }: DefinedTable,
  { sourceKey, belongsTo }: SourceOfTable,
): readonly FilledTable[] {
  const { holds } = definition;
  if (holds === undefined) return [];
  if (belongsTo === undefined) throw new RangeError(`belongsTo has no entry for ${id}, which holds items.`);
  const { sourceKeyOf, partitionsOf } = belongsTo;
  return [
    {
      ...spec,
      id,
      kinds: holds,
      tableKey: keyOfSpec(spec),
      sourceKey,
      sourceKeyOf,
      partitionsOf: (key) => distinct(partitionsOf(key)),
    },
  ];
}

/**
 * As DynamoDB takes them, and each once. A migration may name one partition twice: it would be read twice then, and each of
 * its items taken for two.
 */
function distinct(values: readonly WireValue[]): readonly WireValue[] {
  const sent = values.map((value) => ('B' in value ? { B: normaliseBase64(value.B) } : value));
  if (sent.length < 2) return sent;
  return [...new Map(sent.map((value) => [canonicalJson({ value }), value])).values()];
}

/** The value of a key attribute of this type. */
export type ValueOf<T extends KeyType> = T extends 'S'
  ? { readonly S: string }
  : T extends 'N'
    ? { readonly N: string }
    : { readonly B: string };

/** The attributes of a key, by name and type. */
export type KeyOf<K extends KeyDefinition> = Attribute<K['partition']> &
  (K extends { readonly sort: infer Sort extends KeyAttribute } ? Attribute<Sort> : unknown);

/** An item with this key. */
export type ItemWith<K extends KeyDefinition> = WireItem & KeyOf<K>;

type Attribute<A extends KeyAttribute> = { readonly [name in A[0]]: ValueOf<A[1]> };

/** Names of the targets that hold something. */
type FilledName<Targets extends TargetDefinitions> = {
  [T in keyof Targets]: [KindOf<Targets[T]['definition']>] extends [never] ? never : T;
}[keyof Targets];

type KindOf<D extends TableDefinition> = D extends { readonly holds: readonly (infer Kind extends string)[] }
  ? Kind
  : never;

type Widened<S> = S extends number ? number : S extends boolean ? boolean : string;
