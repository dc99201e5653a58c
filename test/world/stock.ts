import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { createTableInput } from '../../functions/shared/aws/create-table-input.ts';
import { PRODUCTS_PER_WORKER } from '../../functions/shared/cost/throughput.ts';
import { unchanging } from './aws/state.ts';
import { SOURCE, TARGET } from './holdings.ts';
import { type Plan, RESTORED } from './plan.ts';
import { createTable, type World } from './world.ts';

/** The source, with a stream. */
export const sourceInput: CreateTableCommandInput = {
  TableName: SOURCE,
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
};

/** Puts products, and tables of the shop, into the account. */
export function stock({ aws, deployed }: World, { products, workers, existing, sync }: Plan): void {
  if (existing.includes(RESTORED)) stockRestored(aws);
  createTable(aws, { ...sourceInput, ...(sync === undefined && { StreamSpecification: undefined }) });
  for (const product of products) put(aws, SOURCE, product);
  const source = aws.state.tables.get(SOURCE);
  if (source !== undefined && workers > 1)
    source.large = { items: workers * PRODUCTS_PER_WORKER, pageItems: 2 };
  if (source !== undefined && sync?.expiries !== undefined)
    Object.assign(source.timeToLive, unchanging('expiresAt'));
  const { targets } = deployed.migration;
  for (const spec of Object.values(targets).filter(({ name }) => existing.includes(name))) {
    createTable(aws, createTableInput(spec, { name: spec.name, tags: { owner: 'shop' } }));
    put(aws, spec.name, { PK: { S: 'SHOP#1' }, SK: { S: 'OWN' }, shopNote0: { BOOL: true } });
    if (spec.name === TARGET)
      put(aws, TARGET, { PK: { S: 'PRODUCT#p-0' }, SK: { S: 'METADATA' }, shopNote1: { BOOL: true } });
  }
}

/** A table like the source, in which the first product differs. */
function stockRestored(aws: World['aws']): void {
  createTable(aws, {
    TableName: RESTORED,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  });
  put(aws, RESTORED, { id: { S: 'p-0' }, ownNote: { BOOL: true } });
  put(aws, RESTORED, { id: { S: 'own' }, ownNote: { BOOL: true } });
}

/** Without a request that could fail. */
export function put(aws: World['aws'], TableName: string, Item: object): void {
  const request = aws.begin({ name: 'stock', tags: {} }, 'dynamodb', 'PutItem', { TableName, Item });
  while (request.step());
  request.answer();
}
