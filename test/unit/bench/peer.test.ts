import { BatchWriteItemCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, startDynoxide } from '../../../workflow/local/dynamodb/dynoxide.ts';
import { copyByPeer, type PeerWorld } from '../../bench/peer.ts';
import { createBenchTable } from '../../bench/tables.ts';

const COPY = 'node test/fixtures/copy-table.mjs';
const ITEMS = 20;

let engine: Engine;
let world: PeerWorld;

beforeAll(async () => {
  engine = await startDynoxide();
  const region = 'ap-southeast-2';
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const dynamo = new DynamoDBClient({ endpoint: engine.url, region, credentials });
  await createBenchTable(dynamo, 'products', 'products');
  const puts = Array.from({ length: ITEMS }, (_, index) => ({
    PutRequest: { Item: { id: { S: `p-${index}` }, price: { N: `${index}` } } },
  }));
  await dynamo.send(new BatchWriteItemCommand({ RequestItems: { products: puts } }));
  world = {
    engineUrl: engine.url,
    aws: { region },
    dynamo,
    createTable: (name, items) => createBenchTable(dynamo, name, items),
    clean: async () => void (await dynamo.send(new DeleteTableCommand({ TableName: 'peer' }))),
  };
});
afterAll(async () => {
  world.dynamo.destroy();
  await engine.stop();
});

describe('npm run bench -- --peer', () => {
  it('times a command that copies the source, and counts the items of the copy', async () => {
    const sample = await copyByPeer(world, COPY);
    expect(sample.items).toBe(ITEMS);
    expect(sample.seconds).toBeGreaterThan(0);
  });
  it('names a peer that loses items', async () => {
    await expect(copyByPeer(world, `${COPY} --lose`)).rejects.toThrow(
      `The peer (${COPY} --lose) did not copy the table: of 20 items it lost 1 and changed 0`,
    );
  });
  it('names a peer that fails, with its exit code', async () => {
    await expect(copyByPeer(world, 'exit 3')).rejects.toThrow('The peer (exit 3) ended with 3 instead of 0.');
  });
});
