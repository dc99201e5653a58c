import * as fc from 'fast-check';
import { condition, expressionsOf, placeholdersOf } from './arbitrary-expressions.ts';
import { maybe, partition, sort } from './arbitrary-targets.ts';
import { NUMBERED, PLAIN, SORTED } from './tables.ts';

/** A Scan of a whole table, in pages. */
export const scan = fc
  .tuple(fc.constantFrom(PLAIN, SORTED, NUMBERED), maybe(fc.integer({ min: 1, max: 3 })))
  .map(([TableName, Limit]) => ({
    operation: 'Scan',
    input: { TableName, ConsistentRead: true, ...(Limit !== undefined && { Limit }) },
    isDrained: true,
  }));

const onSort = fc.oneof(
  fc.constant(undefined),
  fc
    .tuple(fc.constantFrom('=', '<', '<=', '>', '>='), sort)
    .map(([c, v]) => ({ text: `$n ${c} $v`, names: ['SK'], values: [v] })),
  fc
    .constantFrom('SHARD#', 'T', '')
    .map((S) => ({ text: 'begins_with($n, $v)', names: ['SK'], values: [{ S }] })),
  fc
    .tuple(sort, sort)
    .map(([from, to]) => ({ text: '$n BETWEEN $v AND $v', names: ['SK'], values: [from, to] })),
);

const queryOptions = fc.record({
  ScanIndexForward: fc.boolean(),
  Limit: maybe(fc.integer({ min: 1, max: 3 })),
});

/** A Query of a partition, in pages. */
export const query = fc
  .tuple(partition, onSort, maybe(condition), queryOptions, fc.boolean())
  .map(([key, sorted, filter, options, isProjected]) => {
    const ofPartition = { text: '$n = $v', names: ['PK'], values: [key] };
    const keyed =
      sorted === undefined
        ? ofPartition
        : {
            text: `${ofPartition.text} AND ${sorted.text}`,
            names: [...ofPartition.names, ...sorted.names],
            values: [...ofPartition.values, ...sorted.values],
          };
    const projection = { text: '$n, $n, $n', names: ['PK', 'SK', 'a'], values: [] };
    const expressions = expressionsOf([
      keyed,
      ...(filter === undefined ? [] : [filter]),
      ...(isProjected ? [projection] : []),
    ]);
    const [KeyConditionExpression, ...others] = expressions.texts;
    return {
      operation: 'Query',
      input: {
        TableName: SORTED,
        ConsistentRead: true,
        KeyConditionExpression,
        ...(filter !== undefined && { FilterExpression: others[0] }),
        ...(isProjected && { ProjectionExpression: others.at(-1) }),
        ...placeholdersOf(expressions),
        ...options,
      },
      isDrained: true,
    };
  });

/** A Query of the index, in pages. */
export const indexQuery = queryOptions.map((options) => ({
  operation: 'Query',
  input: {
    TableName: SORTED,
    IndexName: 'RunsIndex',
    KeyConditionExpression: 'entity = :run',
    ExpressionAttributeValues: { ':run': { S: 'RUN' } },
    ...options,
  },
  isDrained: true,
}));
