import type { ComparedRequest } from './compared-request.ts';

/** A table keyed by one text, as the source is. */
export const PLAIN = 'plain';
/** A table keyed as the ledger is, with its index. */
export const SORTED = 'sorted';
/** A table whose sort key is a number. */
export const NUMBERED = 'numbered';

const keySchema = (partition: string, sort?: string) => [
  { AttributeName: partition, KeyType: 'HASH' },
  ...(sort === undefined ? [] : [{ AttributeName: sort, KeyType: 'RANGE' }]),
];
const definitions = (types: Readonly<Record<string, string>>) =>
  Object.entries(types).map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));

const creation = (input: Readonly<Record<string, unknown>>): ComparedRequest => ({
  operation: 'CreateTable',
  input: { BillingMode: 'PAY_PER_REQUEST', ...input },
});

/** Creates the tables that the requests are about. Their answers are not compared. */
export const CREATIONS: readonly ComparedRequest[] = [
  creation({
    TableName: PLAIN,
    KeySchema: keySchema('id'),
    AttributeDefinitions: definitions({ id: 'S' }),
  }),
  creation({
    TableName: SORTED,
    KeySchema: keySchema('PK', 'SK'),
    AttributeDefinitions: definitions({ PK: 'S', SK: 'S', entity: 'S', startedAt: 'S' }),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'RunsIndex',
        KeySchema: keySchema('entity', 'startedAt'),
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  }),
  creation({
    TableName: NUMBERED,
    KeySchema: keySchema('id', 'n'),
    AttributeDefinitions: definitions({ id: 'S', n: 'N' }),
  }),
];
