import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { HttpRequest } from '@smithy/types';
import { describe, expect, it } from 'vitest';
import { keepWellFormed } from '../../../functions/shared/aws/keep-well-formed.ts';

/** What a client would have sent. */
async function sentBy(client: DynamoDBClient, text: string): Promise<{ body: string; length: string }> {
  let sent: HttpRequest | undefined;
  client.middlewareStack.add(
    () => (args) => {
      sent = args.request as HttpRequest;
      return Promise.reject(new Error('seen'));
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  const put = new PutItemCommand({ TableName: 'ledger', Item: { cause: { S: text } } });
  await client.send(put).catch(() => undefined);
  return {
    body: new TextDecoder().decode(sent?.body as Uint8Array),
    length: String(sent?.headers['content-length']),
  };
}

const settings = { region: 'eu-west-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } };

describe('the ledger', () => {
  it('gets a whole character in place of half a one, with the length that the request then has', async () => {
    const { body, length } = await sentBy(
      keepWellFormed(new DynamoDBClient(settings)),
      'it said \ud83d, \\ud83d',
    );
    expect(JSON.parse(body)).toMatchObject({ Item: { cause: { S: 'it said \ufffd, \\ud83d' } } });
    expect(body.isWellFormed()).toBe(true);
    expect(body).not.toMatch(/(?<!\\)\\ud83d/);
    expect(Number(length)).toBe(Buffer.byteLength(body));
  });
});
