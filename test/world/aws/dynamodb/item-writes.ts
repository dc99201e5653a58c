import { BYTES_PER_WRITE_UNIT } from '../../../../functions/shared/items/item-size.ts';
import type { WireItem } from '../../../../functions/shared/items/wire-item.ts';
import { dynamoError, invalid, UnknownToWorldError } from '../errors.ts';
import type { Caller } from '../request.ts';
import type { Aws } from '../state.ts';
import { operation, whole } from '../work.ts';
import { applyUpdate, changedNames, checkUpdateOperands } from './expressions/apply-update.ts';
import { checkOperands, holds } from './expressions/evaluate.ts';
import { parseCondition } from './expressions/parse-condition.ts';
import { parseUpdate } from './expressions/parse-update.ts';
import { type ExpressionInput, scopeOf } from './expressions/scope.ts';
import { attributesOf, indexKeyProblem, keyOf, type Place, placeOfItem, placeOfKey } from './keys.ts';
import { assertAllowed } from './policies.ts';
import { assertUnlocked, itemAt, writeRow } from './rows.ts';
import { type Table, usableTable } from './table-state.ts';
import { canonicalItem } from './values.ts';
import { sizeOf } from './size.ts';

/** A PutItem, UpdateItem or DeleteItem, or one of them in a transaction. */
export interface WriteInput extends ExpressionInput {
  readonly TableName?: string;
  readonly Item?: WireItem;
  readonly Key?: WireItem;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ReturnValues?: string;
  readonly ReturnConsumedCapacity?: string;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

/** What a write is about to do, decided against the item as it is at this moment. */
export interface PlannedWrite {
  readonly table: Table;
  readonly place: Place;
  readonly before: WireItem | undefined;
  /** Whether the condition holds. */
  readonly isDue: boolean;
  /** Why the item to be put cannot be in the table, whatever the condition says. */
  readonly refusal?: Error | undefined;
  /** The item afterwards; absent: none. Asked only where the condition holds. @throws ValidationException */
  readonly after: () => WireItem | undefined;
}

/** The kinds of writes: the actions that IAM knows, and a check alone. */
export type WriteAction = 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'ConditionCheckItem';

/**
 * Reads what a write needs, and judges its condition.
 *
 * @throws ValidationException, ResourceNotFoundException, AccessDeniedException
 */
export function planWrite(
  aws: Aws,
  caller: Caller,
  { action, input }: { readonly action: WriteAction; readonly input: WriteInput },
): PlannedWrite {
  const table = usableTable(aws, input.TableName);
  assertAllowed(aws, table, { caller, action });
  if (action === 'PutItem') return planPut(table, input);
  const place = placeOfKey(table, input.Key ?? {});
  if (action === 'UpdateItem') return planUpdate(table, place, input);
  const { before, isDue } = judge(table, place, input);
  return { table, place, before, isDue, after: () => (action === 'DeleteItem' ? undefined : before) };
}

function judge(table: Table, place: Place, input: WriteInput, update?: ReturnType<typeof parseUpdate>) {
  const { ConditionExpression: text } = input;
  const condition = text === undefined ? undefined : parseCondition(text);
  const scope = scopeOf(input, [condition, update]);
  if (condition !== undefined) checkOperands(condition.expression, scope);
  const before = itemAt(table, place);
  return {
    before,
    scope,
    isDue: condition === undefined || holds(condition.expression, before ?? {}, scope),
  };
}

function planPut(table: Table, input: WriteInput): PlannedWrite {
  const item = canonicalItem(input.Item ?? {});
  const place = placeOfItem(table, item);
  const { before, isDue } = judge(table, place, input);
  return { table, place, before, isDue, refusal: indexKeyProblem(table, item), after: () => item };
}

function planUpdate(table: Table, place: Place, input: WriteInput): PlannedWrite {
  const { UpdateExpression: text, Key: key = {} } = input;
  const update = text === undefined ? undefined : parseUpdate(text);
  const { before, scope, isDue } = judge(table, place, input, update);
  const keys = attributesOf(table.key).map(({ name }) => name);
  if (update !== undefined) checkUpdateOperands(update.expression, scope);
  const changed = update === undefined ? [] : changedNames(update.expression, scope);
  const fixed = changed.find((name) => keys.includes(name));
  if (fixed !== undefined)
    throw invalid(
      `One or more parameter values were invalid: Cannot update attribute ${fixed}. This attribute is part of the key`,
    );
  const base = (): WireItem => before ?? canonicalItem(key);
  const after = (): WireItem => {
    const item = update === undefined ? base() : applyUpdate(update.expression, base(), scope);
    const refusal = indexKeyProblem(table, item);
    if (refusal !== undefined) throw refusal;
    return item;
  };
  return { table, place, before, isDue, after };
}

/** Write units of the table, without those of its indexes. */
export function writeUnits(before: WireItem | undefined, after: WireItem | undefined): number {
  const bytes = Math.max(...[before, after].map((item) => (item === undefined ? 0 : sizeOf(item))));
  return Math.max(1, Math.ceil(bytes / BYTES_PER_WRITE_UNIT));
}

/** `ConsumedCapacity` of one table, where the request asks for it. */
export function consumed(asked: string | undefined, table: Table, CapacityUnits: number): object {
  if (asked === undefined || asked === 'NONE') return {};
  if (asked !== 'TOTAL')
    throw new UnknownToWorldError(`The in-memory DynamoDB does not know ReturnConsumedCapacity ${asked}.`);
  return { ConsumedCapacity: { TableName: table.name, CapacityUnits } };
}

function returned(asked = 'NONE', before: WireItem | undefined, after: WireItem | undefined): object {
  if (asked === 'NONE') return {};
  if (asked === 'ALL_OLD') return before === undefined ? {} : { Attributes: before };
  if (asked === 'ALL_NEW') return { Attributes: after };
  throw new UnknownToWorldError(`The in-memory DynamoDB does not know ReturnValues ${asked}.`);
}

/** The refusal of a condition, with the item where it was asked for. */
export function conditionFailed(input: WriteInput, before: WireItem | undefined): Error {
  const isAsked = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && before !== undefined;
  return dynamoError(
    'ConditionalCheckFailedException',
    'The conditional request failed',
    isAsked ? { Item: before } : {},
  );
}

function writeOperation(action: Exclude<WriteAction, 'ConditionCheckItem'>, own: string) {
  const parameters = `TableName ${own} ConditionExpression ExpressionAttributeNames ExpressionAttributeValues ReturnValues ReturnConsumedCapacity ReturnValuesOnConditionCheckFailure`;
  return operation(parameters, (aws, caller, input: WriteInput) => {
    const table = aws.state.tables.get(input.TableName ?? '');
    const subject = () => `${input.TableName} ${JSON.stringify(input.Key ?? keyInside(table, input))}`;
    return whole(subject, () => {
      const planned = planWrite(aws, caller, { action, input });
      const { table, place, before, isDue, refusal } = planned;
      if (refusal !== undefined) throw refusal;
      assertUnlocked(table, place);
      if (!isDue) throw conditionFailed(input, before);
      const after = planned.after();
      writeRow(aws, table, { place, after });
      const units = consumed(input.ReturnConsumedCapacity, table, writeUnits(before, after));
      return { ...returned(input.ReturnValues, before, after), ...units };
    });
  });
}

/** For traces: the key of an item that is put. */
function keyInside(table: Table | undefined, { Item = {} }: WriteInput): WireItem {
  return table === undefined ? {} : keyOf(table.key, Item);
}

/** PutItem, UpdateItem and DeleteItem. */
export const WRITE_OPERATIONS = {
  PutItem: writeOperation('PutItem', 'Item'),
  UpdateItem: writeOperation('UpdateItem', 'Key UpdateExpression'),
  DeleteItem: writeOperation('DeleteItem', 'Key'),
};
