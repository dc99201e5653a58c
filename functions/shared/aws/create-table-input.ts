import type { CreateTableCommandInput, TableClass } from '@aws-sdk/client-dynamodb';
import type { TableSpec } from '../migration/table-spec.ts';
import { usedDefinitions } from './table-description.ts';
import { modelOf, type TableModel } from './table-model.ts';

/** The new table's name, and the tags that it gets in the CreateTable call. */
export interface NewTable {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** {@link creationInput} of a target table. */
export function createTableInput(spec: TableSpec, newTable: NewTable): CreateTableCommandInput {
  return creationInput(modelOf(spec), newTable);
}

/**
 * The CreateTable request for a model. Time to live, deletion protection and point-in-time recovery are not part of
 * it: DynamoDB takes the first only afterwards, and the other two wait until the data is verified.
 */
export function creationInput(table: TableModel, { name, tags }: NewTable): CreateTableCommandInput {
  const { globalSecondaryIndexes: global, localSecondaryIndexes: local } = table;
  return {
    TableName: name,
    KeySchema: table.keySchema,
    AttributeDefinitions: usedDefinitions(table),
    BillingMode: table.billingMode,
    ...(table.provisionedThroughput && { ProvisionedThroughput: table.provisionedThroughput }),
    ...(table.tableClass !== undefined && { TableClass: table.tableClass as TableClass }),
    ...(global.length > 0 && { GlobalSecondaryIndexes: global.map(indexInput) }),
    ...(local.length > 0 && { LocalSecondaryIndexes: local.map(indexInput) }),
    ...(Object.keys(tags).length > 0 && {
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  };
}

/** A new index, without maxima. */
export function indexInput({
  IndexName,
  KeySchema,
  Projection: { ProjectionType, NonKeyAttributes },
  ProvisionedThroughput,
}: TableModel['globalSecondaryIndexes'][number]) {
  return {
    IndexName,
    KeySchema,
    Projection: { ProjectionType, ...(NonKeyAttributes && { NonKeyAttributes }) },
    ...(ProvisionedThroughput && { ProvisionedThroughput }),
  };
}
