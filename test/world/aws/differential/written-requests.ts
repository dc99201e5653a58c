import { changeOf, mostlyUnchangedCondition } from '../../../../functions/shared/aws/unchanged.ts';
import type { WireItem, WireValue } from '../../../../functions/shared/items/wire-item.ts';
import type { ComparedRequest } from './compared-request.ts';
import { PLAIN, SORTED } from './tables.ts';

/** Requests that random ones rarely are, and some exactly as the product sends them. */

const KEY = { id: { S: 'written' } };
const NINES = '9'.repeat(38);

const put = (attributes: WireItem): ComparedRequest => ({
  operation: 'PutItem',
  input: { TableName: PLAIN, Item: { ...KEY, ...attributes } },
});

const update = (UpdateExpression: string, values: Readonly<Record<string, WireValue>>): ComparedRequest => ({
  operation: 'UpdateItem',
  input: {
    TableName: PLAIN,
    Key: KEY,
    UpdateExpression,
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    ReturnValues: 'ALL_NEW',
  },
});

const putIf = (
  ConditionExpression: string,
  values: Readonly<Record<string, WireValue>>,
): ComparedRequest => ({
  operation: 'PutItem',
  input: {
    TableName: PLAIN,
    Item: { ...KEY, written: { S: 'ab' } },
    ConditionExpression,
    ExpressionAttributeValues: values,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  },
});

const READ: WireItem = {
  ...KEY,
  price: { N: '12.50' },
  sizes: { SS: ['M', 'L'] },
  stock: { NS: ['3', '1.0'] },
  nested: { M: { __proto__: { L: [{ NULL: true }, { BOOL: false }] } } },
  bytes: { B: 'AAE=' },
};

/** As `updateIf` sends a replacement. */
function replacement(to: WireItem): ComparedRequest {
  const change = changeOf({ from: READ, to: { ...KEY, ...to } }, ['id']);
  return {
    operation: 'UpdateItem',
    input: {
      TableName: PLAIN,
      Key: KEY,
      UpdateExpression: change?.update,
      ConditionExpression: change?.condition,
      ExpressionAttributeNames: change?.names,
      ExpressionAttributeValues: change?.values,
      ReturnConsumedCapacity: 'TOTAL',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

/** As `deleteIf` sends a removal. */
function removal(): ComparedRequest {
  const { expression, names, values } = mostlyUnchangedCondition(READ);
  return {
    operation: 'DeleteItem',
    input: {
      TableName: PLAIN,
      Key: KEY,
      ConditionExpression: expression,
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: values,
      ReturnValues: 'ALL_OLD',
      ReturnConsumedCapacity: 'TOTAL',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

const record = (SK: string, attributes: WireItem): ComparedRequest => ({
  operation: 'PutItem',
  input: { TableName: SORTED, Item: { PK: { S: 'RUN#1' }, SK: { S: SK }, ...attributes } },
});

/** As the ledger lists the records that calls work on. */
const CLAIMS: ComparedRequest = {
  operation: 'Query',
  input: {
    TableName: SORTED,
    KeyConditionExpression: 'PK = :run AND begins_with(SK, :prefix)',
    FilterExpression: 'attribute_exists(claim) OR quietAt > :now',
    ProjectionExpression: 'PK, SK, claim, quietAt',
    ExpressionAttributeValues: { ':run': { S: 'RUN#1' }, ':prefix': { S: 'SHARD#' }, ':now': { N: '100' } },
    ConsistentRead: true,
  },
  isDrained: true,
};

/** The requests, in their order. */
export const WRITTEN_REQUESTS: readonly ComparedRequest[] = [
  put({ written: { S: 'ab' }, listed: { L: [{ N: '1' }] }, n: { N: NINES } }),
  putIf('begins_with(written, :b)', { ':b': { S: 'b' } }),
  putIf('begins_with(written, :a)', { ':a': { S: 'a' } }),
  put({ listed: { L: [{ N: '1' }] }, n: { N: NINES } }),
  update('SET listed = list_append(listed, :more)', { ':more': { L: [{ N: '2' }] } }),
  update('SET listed = list_append(:more, listed)', { ':more': { L: [{ N: '0' }] } }),
  update('SET listed = list_append(gone, :more)', { ':more': { L: [] } }),
  update('SET n = n + :one', { ':one': { N: '1' } }),
  update('SET n = n + :one', { ':one': { N: '0.1' } }),
  update('SET n = :big - :one', { ':big': { N: `${NINES}0` }, ':one': { N: '1' } }),
  update('ADD n :one', { ':one': { N: '-0.5' } }),
  update('SET n = :long', { ':long': { N: `1.${NINES}` } }),
  update('SET n = :overflow', { ':overflow': { N: '1E126' } }),
  update('SET n = :underflow', { ':underflow': { N: '1E-131' } }),
  update('SET id = :other', { ':other': { S: 'other' } }),
  update('REMOVE id', {}),
  put(READ),
  replacement({ price: { N: '13' }, sizes: { SS: ['S'] } }),
  replacement({ price: { N: '14' } }),
  removal(),
  put({ ...READ, added: { S: 'later' } }),
  removal(),
  removal(),
  record('SHARD#1', { claim: { S: 'call' } }),
  record('SHARD#2', { quietAt: { N: '101' } }),
  record('SHARD#3', { quietAt: { N: '100' }, other: { S: 'x' } }),
  record('SHARE', { claim: { S: 'call' } }),
  CLAIMS,
];
