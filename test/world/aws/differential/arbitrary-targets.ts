import * as fc from 'fast-check';
import { type WireItem, wireItem } from '../../../../functions/shared/items/wire-item.ts';
import { attributeEntry } from './arbitrary-expressions.ts';
import { NUMBERED, PLAIN, SORTED } from './tables.ts';

/** A table, and the key of one of its items. */
interface Target {
  readonly TableName: string;
  readonly key: WireItem;
}

/** Mostly the first one, so that requests meet on an item. */
const mostly = <T>(first: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constant(first) },
    { weight: 3, arbitrary: fc.constantFrom(...others) },
  );
const text = (first: string, ...others: readonly string[]) => mostly(first, ...others).map((S) => ({ S }));
/** Partition keys of {@link SORTED}. */
export const partition = text('p', 'q', 'é🧵');
/** Its sort keys. */
export const sort = text('RUN', 'SHARD#1', 'SHARD#2', 'TABLE#t', '\uFFFD', '🧵');
const number = mostly('1', '1.0', '-5', '10', '9', '1E2', '0.1', '9'.repeat(38)).map((N) => ({ N }));

/** The place of an item in one of the tables. */
export const target: fc.Arbitrary<Target> = fc.oneof(
  fc.record({ TableName: fc.constant(PLAIN), key: fc.record({ id: text('p', 'q', 'r', 'é🧵') }) }),
  {
    weight: 2,
    arbitrary: fc.record({ TableName: fc.constant(SORTED), key: fc.record({ PK: partition, SK: sort }) }),
  },
  fc.record({ TableName: fc.constant(NUMBERED), key: fc.record({ id: partition, n: number }) }),
);

const attributes: fc.Arbitrary<WireItem> = fc
  .array(attributeEntry, { maxLength: 6 })
  .map((entries) => wireItem(entries));

const indexed = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.record({ entity: fc.constant({ S: 'RUN' }), startedAt: text('1', '2', '3') }) },
  fc.record({ entity: text('RUN', '') }),
  fc.constant({ entity: { N: '1' } }),
);

/** An item to be put. */
export const item = fc.tuple(target, attributes, indexed).map(([{ TableName, key }, others, index]) => ({
  TableName,
  Item: { ...others, ...(TableName === SORTED ? index : {}), ...key },
}));

/** Or nothing. */
export const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
