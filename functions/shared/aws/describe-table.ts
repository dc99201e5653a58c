import { isNamed } from '../errors.ts';
import {
  DescribeTableCommand,
  type DynamoDBClient,
  ListTagsOfResourceCommand,
  type TableDescription,
  type Tag,
} from '@aws-sdk/client-dynamodb';
import { isNotOffered } from './not-offered.ts';

/** Tags that prove that a table is a run's. */
export const RUN_TAG = 'migration:run';
export const SERVICE_TAG = 'migration:service';
export const STAGE_TAG = 'migration:stage';

/** DynamoDB's clock and Lambda's agree within this. */
const CLOCK_SKEW_MILLIS = 1_000;

/** {@link identified}; `undefined` where there is no such table. */
export async function describeTable(
  client: DynamoDBClient,
  name: string,
): Promise<TableDescription | undefined> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    return Table === undefined ? undefined : identified(Table);
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
}

/**
 * A description that identifies the table among all tables of its name: by DynamoDB's TableId, or, on an engine that gives
 * none, by the time of its creation.
 */
export function identified(table: TableDescription): TableDescription {
  const { TableId, CreationDateTime } = table;
  if (TableId !== undefined || CreationDateTime === undefined) return table;
  return { ...table, TableId: `created-${CreationDateTime.getTime()}` };
}

/**
 * Every tag of a table; `undefined` if the endpoint offers no tags. Eventually consistent: a table that was created a
 * moment ago may show none.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTagsOfResource.html
 */
export async function listTags(
  client: DynamoDBClient,
  tableArn: string,
): Promise<readonly Tag[] | undefined> {
  const tags: Tag[] = [];
  let NextToken: string | undefined;
  try {
    do {
      const page = await client.send(new ListTagsOfResourceCommand({ ResourceArn: tableArn, NextToken }));
      tags.push(...(page.Tags ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
  } catch (error) {
    if (isNotOffered(error)) return undefined;
    throw error;
  }
  return tags;
}

/** A table's tags by key. */
export type TableTags = ReadonlyMap<string, string>;

/**
 * {@link listTags} by key; `undefined` where the endpoint offers no tags. DynamoDB refuses to show those of a table that is
 * CREATING or DELETING, which counts as none.
 */
export async function tagsOf(client: DynamoDBClient, tableArn: string): Promise<TableTags | undefined> {
  try {
    const tags = await listTags(client, tableArn);
    return tags && new Map(tags.flatMap(({ Key, Value = '' }) => (Key === undefined ? [] : [[Key, Value]])));
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return new Map();
    throw error;
  }
}

/** Whether a table was created after it was announced. On an endpoint without tags that makes it the run's. */
export function isCreatedSince({ CreationDateTime }: TableDescription, intentAt: number): boolean {
  return (CreationDateTime?.getTime() ?? 0) >= intentAt - CLOCK_SKEW_MILLIS;
}
