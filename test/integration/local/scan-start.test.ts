import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { startTinyAws, testClients, type TestClients } from '../../support/embedded.ts';

type Item = Record<string, AttributeValue>;

let aws: EmbeddedAws;
let clients: TestClients;

beforeAll(async () => {
  aws = await startTinyAws();
  clients = testClients(aws);
});
afterAll(async () => {
  clients.destroy();
  await aws.stop();
});

interface Scanned {
  readonly TableName: string;
  readonly TotalSegments: number;
  /** Deletes what each page ends with, before the next one is asked for. */
  readonly deletes: boolean;
}

/** Keys of all segments, read in pages of three. */
async function scanAll({ TableName, TotalSegments, deletes }: Scanned): Promise<readonly string[]> {
  const seen: Item[] = [];
  for (let Segment = 0; Segment < TotalSegments; Segment += 1) {
    let ExclusiveStartKey: Item | undefined;
    do {
      const request = { TableName, Segment, TotalSegments, Limit: 3, ExclusiveStartKey };
      const { Items = [], LastEvaluatedKey } = await clients.dynamodb.send(new ScanCommand(request));
      seen.push(...Items);
      ExclusiveStartKey = LastEvaluatedKey;
      if (deletes && LastEvaluatedKey !== undefined)
        await clients.dynamodb.send(new DeleteItemCommand({ TableName, Key: LastEvaluatedKey }));
    } while (ExclusiveStartKey !== undefined);
  }
  return seen.map(textOf).toSorted();
}

/** Engines answer with the attributes in any order. */
function textOf(item: Item): string {
  const values = ['k0', 'k1'].map((name) => item[name]);
  return values.map((value) => value?.S ?? value?.N ?? String(Buffer.from(value?.B ?? []))).join(' / ');
}

async function createTable(TableName: string, types: readonly ('S' | 'N' | 'B')[]): Promise<void> {
  const names = types.map((type, index) => ({ AttributeName: `k${index}`, AttributeType: type }));
  await clients.dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: names,
      KeySchema: names.map(({ AttributeName }, index) => ({
        AttributeName,
        KeyType: index === 0 ? 'HASH' : 'RANGE',
      })),
    }),
  );
}

const valueOf = (type: 'S' | 'N' | 'B', number: number): AttributeValue =>
  type === 'B'
    ? { B: Buffer.from(`é ${number}`) }
    : type === 'N'
      ? { N: `${number}.5` }
      : { S: `é ${number}` };

describe('a Scan with segments', () => {
  it.each([
    ['by one text', ['S']],
    ['by one binary', ['B']],
    ['by text and number', ['S', 'N']],
    ['by binary and text', ['B', 'S']],
  ] as const)(
    'goes on behind an item that was deleted meanwhile, in a table keyed %s',
    async (name, types) => {
      const TableName = name.replaceAll(' ', '-');
      await createTable(TableName, types);
      const fill = async (): Promise<void> => {
        for (let number = 0; number < 60; number += 1) {
          const [partition, sort] = types;
          const Item: Item = { k0: valueOf(partition, sort === undefined ? number : number % 12) };
          if (sort !== undefined) Item['k1'] = valueOf(sort, number);
          await clients.dynamodb.send(new PutItemCommand({ TableName, Item }));
        }
      };
      for (const TotalSegments of [1, 3, 8]) {
        await fill();
        const whole = await scanAll({ TableName, TotalSegments, deletes: false });
        expect(whole).toHaveLength(60);
        expect(await scanAll({ TableName, TotalSegments, deletes: true })).toEqual(whole);
      }
    },
  );
});
