import {
  DescribeTableCommand,
  type DynamoDBClient,
  ListTagsOfResourceCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';

/** `undefined` where there is no such table. */
export async function describeTable(
  client: DynamoDBClient,
  name: string,
): Promise<TableDescription | undefined> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    return Table;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

/** Tags that make a table provably a run's. */
export const runTag = 'migration:run';
export const serviceTag = 'migration:service';
export const stageTag = 'migration:stage';

/**
 * The table's tags; empty where it has none yet. Eventually consistent: a table that was created a moment
 * ago may show none.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTagsOfResource.html
 */
export async function tagsOf(client: DynamoDBClient, tableArn: string): Promise<ReadonlyMap<string, string>> {
  const tags = new Map<string, string>();
  let NextToken: string | undefined;
  do {
    const page = await client.send(new ListTagsOfResourceCommand({ ResourceArn: tableArn, NextToken }));
    for (const { Key, Value } of page.Tags ?? []) if (Key !== undefined) tags.set(Key, Value ?? '');
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return tags;
}
