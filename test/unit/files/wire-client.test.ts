import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { isTransient } from '../../../functions/shared/retry.ts';
import { itemTable } from '../../../functions/shared/aws/item-table.ts';

let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** A DynamoDB that gives this one answer. */
async function answering(status: number, body: string, headers: Record<string, string> = {}) {
  server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return itemTable(
    new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-west-1',
      credentials,
      maxAttempts: 1,
    }),
  );
}

const page = '{"Items":[{"id":{"S":"1"},"price":{"N":"165"}}],"Count":1}';
const request = { tableName: 'products', segment: 0, totalSegments: 1 };

describe('an answer of DynamoDB', () => {
  it('is taken when its CRC-32 agrees, or has none', async () => {
    const table = await answering(200, page, { 'x-amz-crc32': String(crc32(page)) });
    expect((await table.scanPage(request)).items).toEqual([{ id: { S: '1' }, price: { N: '165' } }]);
  });
  it('is asked for again when one digit was changed on its way', async () => {
    const table = await answering(200, page.replace('165', '765'), { 'x-amz-crc32': String(crc32(page)) });
    const failed = await table.scanPage(request).catch((error: unknown) => error);
    expect(failed).toMatchObject({ message: expect.stringContaining('changed on its way') });
    expect(isTransient(failed)).toBe(true);
  });
  it('may say no with an item that the SDK cannot read', async () => {
    const item = '{"id":{"S":"1"},"map":{"M":{"__proto__":{"S":"kept"}}}}';
    const body = `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no","Item":${item}}`;
    const table = await answering(400, body);
    const outcome = await table.putIf(
      'products',
      { id: { S: '1' } },
      { expression: 'attribute_not_exists(id)' },
    );
    expect(outcome).toMatchObject({ written: false });
    expect(JSON.stringify(outcome)).toContain(item);
  });
});
