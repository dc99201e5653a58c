import { type LedgerKey, type LedgerTable, VERSIONED } from './ledger-table.ts';
import type { TransactItem } from './transact.ts';

/** Attributes by name. One that is `undefined` is left out. */
export type Facts = Readonly<Record<string, unknown>>;

/** What an attribute must be, as a condition on its name; `bind` gives a value its placeholder. */
type Test = (name: string, bind: (value: unknown) => string) => string;

/** By attribute: the value that it must have, or what {@link ABSENT}, {@link PRESENT} ... demand. All must hold. */
export type Expected = Readonly<Record<string, string | number | boolean | Test>>;

export const ABSENT: Test = (name) => `attribute_not_exists(${name})`;
export const PRESENT: Test = (name) => `attribute_exists(${name})`;
/** As it was read: a list or a map as well, and absent where it was `undefined`. */
export const unchanged = (value: unknown): Test =>
  value === undefined ? ABSENT : (name, bind) => `${name} = ${bind(value)}`;
export const oneOf =
  (...values: readonly string[]): Test =>
  (name, bind) =>
    `${name} IN (${values.map(bind).join(', ')})`;
export const absentOr =
  (value: string | number): Test =>
  (name, bind) =>
    `(attribute_not_exists(${name}) OR ${name} = ${bind(value)})`;

export const absentOrNot =
  (value: string): Test =>
  (name, bind) =>
    `(attribute_not_exists(${name}) OR ${name} <> ${bind(value)})`;

export const absentOrBelow =
  (value: number): Test =>
  (name, bind) =>
    `(attribute_not_exists(${name}) OR ${name} < ${bind(value)})`;

/** There is no such item yet. */
export const NEW: Expected = { PK: ABSENT };
/** There is such an item. */
export const EXISTING: Expected = { PK: PRESENT };

/** What changes in an item, and what it must be before. An update without `if` makes an item where there is none. */
export interface Change {
  readonly if?: Expected;
  readonly set?: Facts;
  /** Set only where the item has no such attribute. */
  readonly setFirst?: Facts;
  /** Added to the end of a list; the list is made where there is none. */
  readonly append?: Readonly<Record<string, readonly unknown[]>>;
  /** Added to a number; one that is absent is 0. */
  readonly add?: Readonly<Record<string, number>>;
  readonly remove?: readonly string[];
}

/** Puts a whole item; it carries the ledger's version. */
export function putItem(
  { tableName }: LedgerTable,
  key: LedgerKey,
  { item, if: expected }: { readonly item: Facts; readonly if?: Expected },
): { readonly Put: NonNullable<TransactItem['Put']> } {
  const Item = { ...key, ...VERSIONED, ...item };
  return { Put: { TableName: tableName, Item, ...conditionOf(expected) } };
}

/** Changes some attributes of an item. */
export function updateItem(
  { tableName }: LedgerTable,
  key: LedgerKey,
  change: Change,
): { readonly Update: NonNullable<TransactItem['Update']> } {
  const placeholders = createPlaceholders();
  const UpdateExpression = updateText(change, placeholders);
  const condition = conditionText(change.if, placeholders);
  return {
    Update: { TableName: tableName, Key: key, UpdateExpression, ...condition, ...placeholders.used() },
  };
}

/** Deletes an item. */
export function deleteItem(
  { tableName }: LedgerTable,
  key: LedgerKey,
  expected?: Expected,
): { readonly Delete: NonNullable<TransactItem['Delete']> } {
  return { Delete: { TableName: tableName, Key: key, ...conditionOf(expected) } };
}

/** Changes nothing, and refuses the transaction where the item is another one. */
export function checkItem({ tableName }: LedgerTable, key: LedgerKey, expected: Expected): TransactItem {
  const placeholders = createPlaceholders();
  const ConditionExpression = testsText(expected, placeholders);
  return { ConditionCheck: { TableName: tableName, Key: key, ConditionExpression, ...placeholders.used() } };
}

/** Names and values of one request, each behind a placeholder: any word may be an attribute's name. */
interface Placeholders {
  readonly name: (attribute: string) => string;
  readonly bind: (value: unknown) => string;
  /** What the request carries beside its expressions; DynamoDB refuses an empty map. */
  readonly used: () => {
    readonly ExpressionAttributeNames?: Record<string, string>;
    readonly ExpressionAttributeValues?: Record<string, unknown>;
  };
}

function createPlaceholders(): Placeholders {
  const names = new Map<string, string>();
  const values: Record<string, unknown> = {};
  return {
    name(attribute) {
      const placeholder = names.get(attribute) ?? `#n${names.size}`;
      names.set(attribute, placeholder);
      return placeholder;
    },
    bind(value) {
      const placeholder = `:v${Object.keys(values).length}`;
      values[placeholder] = value;
      return placeholder;
    },
    used: () => ({
      ...(names.size > 0 && {
        ExpressionAttributeNames: Object.fromEntries(
          [...names].map(([attribute, name]) => [name, attribute]),
        ),
      }),
      ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    }),
  };
}

function testsText(expected: Expected, { name, bind }: Placeholders): string {
  const tests = Object.entries(expected).map(([attribute, test]) =>
    typeof test === 'function' ? test(name(attribute), bind) : `${name(attribute)} = ${bind(test)}`,
  );
  return tests.join(' AND ');
}

function conditionText(
  expected: Expected | undefined,
  placeholders: Placeholders,
): { readonly ConditionExpression?: string } {
  return expected === undefined ? {} : { ConditionExpression: testsText(expected, placeholders) };
}

function conditionOf(expected: Expected | undefined) {
  const placeholders = createPlaceholders();
  return { ...conditionText(expected, placeholders), ...placeholders.used() };
}

const definedOf = (facts: Facts): readonly (readonly [string, unknown])[] =>
  Object.entries(facts).filter(([, value]) => value !== undefined);

function updateText(change: Change, { name, bind }: Placeholders): string {
  const { set = {}, setFirst = {}, append = {}, add = {}, remove = [] } = change;
  const settings = [
    ...definedOf(set).map(([attribute, value]) => `${name(attribute)} = ${bind(value)}`),
    ...definedOf(setFirst).map(
      ([attribute, value]) => `${name(attribute)} = if_not_exists(${name(attribute)}, ${bind(value)})`,
    ),
    ...Object.entries(append).map(
      ([attribute, added]) =>
        `${name(attribute)} = list_append(if_not_exists(${name(attribute)}, ${bind([])}), ${bind(added)})`,
    ),
    ...Object.entries(add).map(
      ([attribute, by]) => `${name(attribute)} = if_not_exists(${name(attribute)}, ${bind(0)}) + ${bind(by)}`,
    ),
  ];
  const clauses = [
    settings.length > 0 ? `SET ${settings.join(', ')}` : [],
    remove.length > 0 ? `REMOVE ${remove.map(name).join(', ')}` : [],
  ];
  return clauses.flat().join(' ');
}
