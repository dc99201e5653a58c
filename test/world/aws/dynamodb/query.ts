import { attribute, type WireItem, type WireValue } from '../../../../functions/shared/items/wire-item.ts';
import { invalid } from '../errors.ts';
import type { Caller } from '../request.ts';
import type { Aws } from '../state.ts';
import { operation } from '../work.ts';
import { checkOperands, holds } from './expressions/evaluate.ts';
import { parseCondition } from './expressions/parse-condition.ts';
import { parseProjection } from './expressions/parse-update.ts';
import { type ExpressionInput, type Scope, scopeOf } from './expressions/scope.ts';
import type { Condition, Operand } from './expressions/syntax.ts';
import { projected } from './item-reads.ts';
import { attributesOf, keyOf } from './keys.ts';
import { type PageSource, readPage } from './page.ts';
import { assertAllowed } from './policies.ts';
import { indexRows, type PartitionRows, tableRows } from './query-rows.ts';
import { type Table, type TableIndex, type TableKey, usableTable } from './table-state.ts';
import { typeOf } from './values.ts';

interface QueryInput extends ExpressionInput {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly KeyConditionExpression?: string;
  readonly FilterExpression?: string;
  readonly ProjectionExpression?: string;
  readonly ExclusiveStartKey?: WireItem;
  readonly ConsistentRead?: boolean;
  readonly ScanIndexForward?: boolean;
  readonly Limit?: number;
  readonly ReturnConsumedCapacity?: string;
}

function indexOf(table: Table, name: string | undefined): TableIndex | undefined {
  if (name === undefined) return undefined;
  const index = table.indexes.find((one) => one.name === name);
  if (index === undefined) throw invalid(`The table does not have the specified index: ${name}`);
  return index;
}

/** The partition that a key condition asks for, and its condition on the sort key. */
interface Asked {
  readonly partition: WireValue;
  readonly onSort: Condition | undefined;
}

function askedOf(key: TableKey, condition: Condition, scope: Scope): Asked {
  const parts = condition.kind === 'and' ? condition.parts : [condition];
  const named = (part: Condition): string | undefined => {
    if (part.kind === 'beginsWith') return scope.nameOf(part.name);
    const operand = part.kind === 'compare' ? part.left : part.kind === 'between' ? part.of : undefined;
    return operand?.kind === 'name' ? scope.nameOf(operand) : undefined;
  };
  const ofPartition = parts.filter((part) => named(part) === key.partition.name);
  const ofSort = parts.filter((part) => key.sort !== undefined && named(part) === key.sort.name);
  const [equal] = ofPartition;
  if (
    ofPartition.length !== 1 ||
    equal?.kind !== 'compare' ||
    equal.comparator !== '=' ||
    equal.right.kind !== 'value'
  )
    throw invalid(`Query condition missed key schema element: ${key.partition.name}`);
  if (ofSort.length > 1 || ofSort.length + 1 !== parts.length || isUnequal(ofSort[0]))
    throw invalid('Query key condition not supported');
  for (const part of parts) checkKeyValues(part, scope);
  const partition = scope.valueOf(equal.right);
  if (typeOf(partition) !== key.partition.type)
    throw invalid(
      'One or more parameter values were invalid: Condition parameter type does not match schema type',
    );
  return { partition, onSort: ofSort[0] };
}

/** @throws ValidationException where a key is compared with an empty value */
function checkKeyValues(part: Condition, scope: Scope): void {
  const compared: readonly Operand[] =
    part.kind === 'compare'
      ? [part.right]
      : part.kind === 'between'
        ? [part.from, part.to]
        : part.kind === 'beginsWith'
          ? [part.prefix]
          : [];
  for (const operand of compared) {
    const [text] = operand.kind === 'value' ? Object.values(scope.valueOf(operand)) : [];
    if (text === '')
      throw invalid(
        'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value.',
      );
  }
}

function isUnequal(condition: Condition | undefined): boolean {
  return condition?.kind === 'compare' && condition.comparator === '<>';
}

function parsedOf(input: QueryInput) {
  const { KeyConditionExpression = '', FilterExpression, ProjectionExpression } = input;
  const key = parseCondition(KeyConditionExpression);
  const filter = FilterExpression === undefined ? undefined : parseCondition(FilterExpression);
  const projection = ProjectionExpression === undefined ? undefined : parseProjection(ProjectionExpression);
  const scope = scopeOf(input, [key, filter, projection]);
  for (const condition of [key, filter])
    if (condition !== undefined) checkOperands(condition.expression, scope);
  return { key, filter, projection, scope };
}

function openQuery(aws: Aws, caller: Caller, input: QueryInput): PageSource {
  const { IndexName, ConsistentRead: isConsistent = false, Limit: limit, ScanIndexForward = true } = input;
  const table = usableTable(aws, input.TableName);
  assertAllowed(aws, table, { caller, action: 'Query', index: IndexName });
  const index = indexOf(table, IndexName);
  if (isConsistent && index?.isGlobal === true)
    throw invalid('Consistent reads are not supported on global secondary indexes');
  if (limit !== undefined && limit < 1) throw invalid('Limit must be greater than or equal to 1');
  const { key, filter, projection, scope } = parsedOf(input);
  const asked = askedOf(index?.key ?? table.key, key.expression, scope);
  const rows: PartitionRows = {
    ...asked,
    matches: (item) => asked.onSort === undefined || holds(asked.onSort, item, scope),
    scope,
    isForward: ScanIndexForward,
    after: input.ExclusiveStartKey,
  };
  const names = projection?.expression.map(scope.nameOf);
  return {
    table,
    limit,
    isConsistent,
    capacity: input.ReturnConsumedCapacity,
    next:
      index === undefined && isConsistent ? tableRows(table, rows) : indexRows(aws, { table, index }, rows),
    isKept: (item) => filter === undefined || holds(filter.expression, item, scope),
    shape: (item) => projected(shownIn(table, index, item), names),
    startNames: startNamesOf(table, index),
  };
}

function startNamesOf(table: Table, index: TableIndex | undefined): readonly string[] {
  const keys = [table.key, ...(index === undefined ? [] : [index.key])];
  return [...new Set(keys.flatMap((key) => attributesOf(key).map(({ name }) => name)))];
}

/** An item as an index shows it. */
function shownIn(table: Table, index: TableIndex | undefined, item: WireItem): WireItem {
  if (index === undefined || index.projection === 'ALL') return item;
  return { ...keyOf(table.key, item), ...keyOf(index.key, item), ...includedOf(index, item) };
}

function includedOf({ included }: TableIndex, item: WireItem): WireItem {
  return Object.fromEntries(
    included.flatMap((name) => {
      const value = attribute(item, name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** Query of one partition of a table or an index. */
export const QUERY_OPERATIONS = {
  Query: operation(
    'TableName IndexName KeyConditionExpression FilterExpression ProjectionExpression ExpressionAttributeNames ExpressionAttributeValues ExclusiveStartKey ConsistentRead ScanIndexForward Limit ReturnConsumedCapacity',
    (aws, caller, input: QueryInput) => {
      const { TableName, IndexName = '', ExpressionAttributeValues = {} } = input;
      const subject = () => `${TableName} ${IndexName} ${JSON.stringify(ExpressionAttributeValues)}`;
      return readPage(aws, subject, () => openQuery(aws, caller, input));
    },
  ),
};
