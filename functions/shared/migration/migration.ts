import type { Nouns } from '../counted.ts';
import type { TableKey } from '../items/item-key.ts';
import type { WireItem, WireValue } from '../items/wire-item.ts';
import type { Quarantined, refuse } from './refusal.ts';
import type { SettingValues } from '../settings.ts';
import type { TableSpec } from './table-spec.ts';

/** A migration as the engine uses it: {@link defineMigration} makes it, `runtime.migration` holds it. */
export interface Migration {
  readonly source: { readonly name: string; readonly key: TableKey };
  /** All tables of the new data model, in the definition's order. */
  readonly targets: readonly TableSpec[];
  /** Those that get items, in the definition's order; at least one. */
  readonly filled: readonly FilledTable[];
  /** Key under `functions:` of the function that fills them. */
  readonly migratedBy: string;
  readonly settings: SettingValues;
  readonly madeAttributes: readonly string[];
  readonly nouns: Nouns;
  /** What a source item becomes, with its marks and checked; or why it becomes nothing. Never throws for the item's sake. */
  readonly transform: (item: WireItem, context: TransformContext) => TransformResult;
}

/** A table that the migration fills. */
export interface FilledTable extends TableSpec {
  /** Its name among the definition's targets. */
  readonly id: string;
  readonly kinds: readonly string[];
  readonly tableKey: TableKey;
  readonly sourceKey: TableKey;
  /** What the migration says, unchecked; the engine asks `ownerKeyOf`. */
  readonly sourceKeyOf: (targetKey: WireItem) => WireItem | undefined;
  readonly partitionsOf: (sourceKey: WireItem) => readonly WireValue[];
}

/** What a transform depends on besides the item; the same for every item of a run. */
export interface TransformContext {
  readonly runId: string;
  /** ISO 8601. Replaces times that the source lacks. */
  readonly startedAt: string;
  readonly settings: SettingValues;
}

/** What a source item becomes; or why it becomes nothing. */
export type TransformResult = TransformedItems | Quarantined;

/** The items of one source item: by table in the definition's order, then by kind. */
export interface TransformedItems {
  readonly kind: 'items';
  readonly items: readonly TargetItem[];
}

/** An item with its marks, and where it goes. */
export interface TargetItem {
  readonly table: FilledTable;
  readonly kind: string;
  readonly item: WireItem;
  /** The item's canonical JSON: what a target file holds and DynamoDB is sent. */
  readonly text: string;
  /** The item's `migrationDigest`. */
  readonly digest: string;
}

/** What a transform is given at run time; a definition's `Tools` are these with the schema's types. */
export interface UntypedTools {
  readonly put: (items: Put['put']) => Put;
  readonly refuse: typeof refuse;
  readonly settings: SettingValues;
  readonly startedAt: string;
  readonly label: string;
}

/** What `put` gives and a transform returns; the engine alone reads it. */
export interface Put {
  readonly put: {
    readonly [table: string]: { readonly [kind: string]: readonly WireItem[] | undefined } | undefined;
  };
}

/** The counter of a table's items of one kind. */
export function kindCounter({ name }: Pick<TableSpec, 'name'>, kind: string): string {
  return `${name} ${kind}`;
}
