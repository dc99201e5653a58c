import type {
  CreateTableCommandInput,
  TableClass,
  TableDescription as DescribedTable,
} from '@aws-sdk/client-dynamodb';
import { keyNamesOf, type TableDescription, usedDefinitions } from '../shared/aws/table-description.ts';
import type { TableBlueprint } from '../shared/tables/ensure-table.ts';

type KeySchema = TableDescription['keySchema'];
type Definitions = readonly {
  readonly AttributeName?: string | undefined;
  readonly AttributeType?: string | undefined;
}[];

/** Partition key first: `id (S)`. */
function keyText(keySchema: KeySchema, definitions: Definitions): string {
  const types = new Map(
    definitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]),
  );
  return keyNamesOf(keySchema)
    .map((name) => `${name} (${types.get(name) ?? '?'})`)
    .join(', ');
}

function describedKey({ KeySchema = [], AttributeDefinitions = [] }: DescribedTable): string {
  const keySchema = KeySchema.map(({ AttributeName = '', KeyType }) => ({
    AttributeName,
    KeyType: KeyType === 'RANGE' ? ('RANGE' as const) : ('HASH' as const),
  }));
  return keyText(keySchema, AttributeDefinitions);
}

/** How the key of a table that exists differs from the backup's; `undefined` where it does not. */
export function keyDifference(backedUp: TableDescription, table: DescribedTable): string | undefined {
  const expected = keyText(backedUp.keySchema, backedUp.attributeDefinitions);
  const found = describedKey(table);
  return found === expected ? undefined : `it has the key ${found} where the backup's table has ${expected}.`;
}

type Index = TableDescription['globalSecondaryIndexes'][number];

/** Without capacity: an on-demand table's indexes have none. */
function indexInput({ IndexName, KeySchema, Projection }: Index) {
  const { ProjectionType, NonKeyAttributes } = Projection;
  return {
    IndexName,
    KeySchema,
    Projection: { ProjectionType, ...(NonKeyAttributes && { NonKeyAttributes }) },
  };
}

function createInput(
  table: TableDescription,
  { name, tags }: { readonly name: string; readonly tags: Readonly<Record<string, string>> },
): CreateTableCommandInput {
  const { globalSecondaryIndexes: global, localSecondaryIndexes: local } = table;
  return {
    TableName: name,
    KeySchema: table.keySchema,
    AttributeDefinitions: usedDefinitions(table),
    BillingMode: 'PAY_PER_REQUEST',
    ...(table.tableClass !== undefined && { TableClass: table.tableClass as TableClass }),
    ...(global.length > 0 && { GlobalSecondaryIndexes: global.map(indexInput) }),
    ...(local.length > 0 && { LocalSecondaryIndexes: local.map(indexInput) }),
    ...(Object.keys(tags).length > 0 && {
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  };
}

/**
 * The new table of a restore: keys, indexes and class of the one that was backed up, on-demand and without maxima
 * while it is filled. Its tags say whose it is; the source's own follow once it is verified.
 */
export function restoredTable(table: TableDescription, name: string): TableBlueprint {
  return {
    name,
    input: (tags) => createInput(table, { name, tags }),
    differences: (existing) => [keyDifference(table, existing) ?? []].flat(),
  };
}
