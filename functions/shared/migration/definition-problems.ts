import { nearestName } from '../nearest-name.cjs';
import type { BillingSpec } from './table-spec.ts';
import { tableKey, type KeyDefinition, type TableDefinition } from './table-definition.ts';

/** Names of fields, and whether they must be there. */
type Fields = Readonly<Record<string, boolean>>;

const TABLE_FIELDS = {
  name: true,
  key: true,
  billing: true,
  indexes: false,
  timeToLiveAttribute: false,
  holds: false,
  createdBy: false,
  migratedBy: false,
} as const satisfies Record<keyof TableDefinition, boolean>;
const INDEX_FIELDS: Fields = { name: true, key: true, projection: true };
const KEY_FIELDS: Fields = { partition: true, sort: false };
const BILLING_FIELDS: Fields = { mode: true, readUnitsPerSecond: false, writeUnitsPerSecond: false };
const SOURCE_FIELDS: Fields = { name: true, key: true };
const MIGRATION_FIELDS: Fields = {
  source: true,
  targets: true,
  settings: false,
  transform: true,
  belongsTo: true,
  madeAttributes: false,
  nouns: true,
};

/**
 * Sentences without their full stops, the first reason first: what the compiler would say, and why DynamoDB would not
 * create the table. `npm start` compiles nothing.
 */
export function* tableProblems(table: TableDefinition): Generator<string> {
  if (typeof table.name !== 'string') yield 'A table of the migration has no name';
  for (const problem of problemsOfTable(table)) yield `Table ${table.name} of the migration ${problem}`;
}

function* problemsOfTable(table: TableDefinition): Generator<string> {
  yield* fieldProblems(table, TABLE_FIELDS, '');
  yield* keyProblems(table.key, 'its key');
  yield* fieldProblems(table.billing, BILLING_FIELDS, ' in its billing');
  yield* indexProblems(table.indexes ?? []);
  yield* otherProblems(table);
  yield* refusals(table);
}

/** What the compiler would say of a migration's definition, as {@link tableProblems}. */
export function* migrationProblems(migration: object): Generator<string> {
  for (const problem of problemsOfMigration(migration)) yield `The migration ${problem}`;
}

function* problemsOfMigration(migration: object): Generator<string> {
  yield* fieldProblems(migration, MIGRATION_FIELDS, '');
  const { source, targets, settings } = migration as {
    source: { key: KeyDefinition };
    targets: object;
    settings?: object;
  };
  yield* fieldProblems(source, SOURCE_FIELDS, ' in its source');
  yield* keyProblems(source.key, 'the key of its source');
  yield* sameKeyProblems(source.key, 'the key of its source');
  for (const [id, table] of Object.entries(targets))
    if (!isObject(table) || !('definition' in table))
      yield `has a target ${id} that is not made by defineTable`;
  yield* settingProblems(settings ?? {});
}

/** The deployment checks the values that it gets. It reads a default as a literal between apostrophes. */
function* settingProblems(settings: object): Generator<string> {
  for (const [name, value] of Object.entries(settings) as [string, unknown][]) {
    if (!['string', 'number', 'boolean'].includes(typeof value))
      yield `has a setting ${name} of type ${typeof value}; it must be a text, a number, true or false`;
    if (String(value).includes("'"))
      yield `has a setting ${name} with an apostrophe in its default, which no deployment can read`;
  }
}

/** @param at ` in its key`; empty: in the table or the migration itself */
function* fieldProblems(value: unknown, fields: Fields, at: string): Generator<string> {
  if (!isObject(value)) return yield `has ${JSON.stringify(value)} where an object must be${at}`;
  const known = Object.keys(fields);
  for (const name of Object.keys(value).filter((one) => !known.includes(one))) {
    const nearest = nearestName(name, known);
    const advice = nearest === undefined ? `the fields are ${known.join(', ')}` : `did you mean ${nearest}?`;
    yield `has an unknown field ${name}${at} (${advice})`;
  }
  for (const name of known)
    if (fields[name] === true && value[name] === undefined) yield `has no ${name}${at}`;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function* keyProblems(key: KeyDefinition, of: string): Generator<string> {
  yield* fieldProblems(key, KEY_FIELDS, ` in ${of}`);
  for (const [part, attribute] of Object.entries(key))
    if (attribute !== undefined && !isKeyAttribute(attribute))
      yield `has ${JSON.stringify(attribute)} as ${part} in ${of}; it must be a name of 1 to 255 bytes and a type, as ['PK', 'S'], where N and B are types as well`;
}

function isKeyAttribute(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [name, type]: readonly unknown[] = value;
  return isName(name) && (type === 'S' || type === 'N' || type === 'B');
}

const isName = (name: unknown): boolean =>
  typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= 255;

function* indexProblems(indexes: unknown): Generator<string> {
  if (!Array.isArray(indexes)) return yield 'has indexes that are no list';
  for (const index of indexes as NonNullable<TableDefinition['indexes']>) {
    const of = `its index ${index.name}`;
    yield* fieldProblems(index, INDEX_FIELDS, ` in ${of}`);
    yield* keyProblems(index.key, `the key of ${of}`);
    if (index.projection !== 'ALL' && index.projection !== 'KEYS_ONLY')
      yield `has projection ${String(index.projection)} in ${of}; it must be ALL or KEYS_ONLY`;
  }
}

function* otherProblems({ billing, timeToLiveAttribute, holds }: TableDefinition): Generator<string> {
  if (billing.mode !== 'PAY_PER_REQUEST' && billing.mode !== 'PROVISIONED')
    yield `has mode ${String((billing as { mode: unknown }).mode)} in its billing; it must be PAY_PER_REQUEST or PROVISIONED`;
  if (timeToLiveAttribute !== undefined && !isName(timeToLiveAttribute))
    yield `has timeToLiveAttribute ${JSON.stringify(timeToLiveAttribute)}; it must be a name of 1 to 255 bytes`;
  if (holds === undefined) return;
  if (!Array.isArray(holds) || holds.length === 0)
    return yield `has holds that is no list of kinds; a table that stays empty has none`;
  const kinds: readonly string[] = holds;
  yield* kinds.filter((kind, at) => kinds.indexOf(kind) < at).map((kind) => `holds the kind ${kind} twice`);
}

const INDEX_NAME = /^[A-Za-z0-9_.-]{3,255}$/;

/** Why DynamoDB would not create the table. Its name is looked at where it is deployed, with its prefix. */
function refusals({ key, billing, indexes = [] }: TableDefinition): readonly string[] {
  const keys = [
    { of: 'its key', key },
    ...indexes.map((index) => ({ of: `its index ${index.name}`, key: index.key })),
  ];
  const names = indexes.map(({ name }) => name);
  return [
    ...names
      .filter((name) => !INDEX_NAME.test(name))
      .map(
        (name) =>
          `has an index "${name}"; such a name needs 3 to 255 letters, digits, underscores, hyphens and dots`,
      ),
    ...names.filter((name, at) => names.indexOf(name) < at).map((name) => `has two indexes called ${name}`),
    ...unitProblems(billing),
    ...keys.flatMap((one) => [...sameKeyProblems(one.key, one.of)]),
    ...typeProblems(keys.map((one) => one.key)),
  ];
}

function unitProblems(billing: BillingSpec): readonly string[] {
  if (billing.mode === 'PAY_PER_REQUEST') return [];
  const { readUnitsPerSecond, writeUnitsPerSecond } = billing;
  return Object.entries({ readUnitsPerSecond, writeUnitsPerSecond })
    .filter(([, units]) => !Number.isSafeInteger(units) || units < 1)
    .map(([field, units]) => `has ${field} ${units}; it must be a whole number, at least 1`);
}

/** A table has one type for each attribute, whichever keys use it. */
function typeProblems(keys: readonly KeyDefinition[]): readonly string[] {
  const types = Map.groupBy(
    keys.flatMap((key) => tableKey(key)),
    ({ name }) => name,
  );
  return [...types]
    .map(([name, uses]) => [name, [...new Set(uses.map(({ type }) => type))]] as const)
    .filter(([, different]) => different.length > 1)
    .map(
      ([name, different]) =>
        `uses ${name} in its keys as type ${different.join(' and as type ')}; it has one type in all of them`,
    );
}

function* sameKeyProblems({ partition, sort }: KeyDefinition, of: string): Generator<string> {
  if (sort?.[0] === partition[0]) yield `has ${partition[0]} as partition key and sort key of ${of}`;
}
