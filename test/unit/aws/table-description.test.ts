import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTagsOfResourceCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { readTableDescription } from '../../../functions/shared/aws/table-description.ts';

const TableArn = 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/products';
const Table = { TableName: 'products', TableArn, TableId: 'id-1' };

/** A client that refuses the first request of one kind, and what it was asked. */
function clientRefusing(refused: unknown): { readonly client: DynamoDBClient; readonly asked: unknown[] } {
  const asked: unknown[] = [];
  const answers = new Map<unknown, object>([
    [DescribeTableCommand, { Table }],
    [DescribeTimeToLiveCommand, { TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } }],
    [ListTagsOfResourceCommand, { Tags: [{ Key: 'team', Value: 'shop' }] }],
  ]);
  const send = async (command: object): Promise<object> => {
    const kind = command.constructor;
    const isFirst = !asked.includes(kind);
    asked.push(kind);
    if (isFirst && kind === refused)
      throw Object.assign(new Error('slow down'), {
        name: 'ThrottlingException',
      });
    return answers.get(kind) ?? {};
  };
  return {
    client: Object.assign(new DynamoDBClient({ region: 'ap-southeast-2' }), {
      send,
    }),
    asked,
  };
}

describe('the description of a table', () => {
  it.each([
    ['keys', DescribeTableCommand],
    ['time to live', DescribeTimeToLiveCommand],
    ['tags', ListTagsOfResourceCommand],
  ])('asks again for the %s alone where only that request was refused', async (_what, refused) => {
    const { client: dynamo, asked } = clientRefusing(refused);
    const clock = { now: () => 0, sleep: () => Promise.resolve() };
    const { tableId, tags } = await readTableDescription({ dynamo, clock }, 'products');
    expect({ tableId, tags }).toEqual({
      tableId: 'id-1',
      tags: [{ Key: 'team', Value: 'shop' }],
    });
    expect(asked).toHaveLength(4);
    expect(asked.filter((kind) => kind === refused)).toHaveLength(2);
  });
});
