import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { HttpRequest, HttpResponse } from '@smithy/types';

/** Operations on items; each takes and gives DynamoDB's JSON as text. */
export type WireOperation = keyof typeof commands;

const commands = {
  Scan: ScanCommand,
  GetItem: GetItemCommand,
  BatchGetItem: BatchGetItemCommand,
  BatchWriteItem: BatchWriteItemCommand,
  PutItem: PutItemCommand,
  UpdateItem: UpdateItemCommand,
  DeleteItem: DeleteItemCommand,
} as const;

/** Request and answer of one call, carried through the SDK's middleware inside the command's input. */
interface Exchange {
  readonly body: string;
  answer: string;
}

/** The SDK insists on an input to serialise; the body it makes of this one is replaced before signing. */
const placeholder = { TableName: '-', Key: {}, Item: {}, RequestItems: {} };

const prepared = new WeakSet<DynamoDBClient>();

function exchangeOf(input: object): Exchange | undefined {
  return (input as { readonly exchange?: Exchange }).exchange;
}

/** The answer is not what DynamoDB sent; asked for again like one that was cut short. */
export class ChangedAnswerError extends Error {
  override readonly name = 'IncompleteBodyError';
}

/** DynamoDB sends a CRC-32 along, which the SDK does not look at: a changed answer would become a changed copy. */
async function readAll({ body, headers }: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const answer = Buffer.concat(chunks);
  const expected = headers['x-amz-crc32'];
  if (expected !== undefined && Number(expected) !== crc32(answer))
    throw new ChangedAnswerError(
      'An answer of DynamoDB was changed on its way (CRC-32); it is asked for again.',
    );
  return answer.toString('utf8');
}

/** Teaches a client, once, to send given bodies and to hand over the answer's text; other calls pass untouched. */
function prepare(client: DynamoDBClient): void {
  if (prepared.has(client)) return;
  prepared.add(client);
  client.middlewareStack.add(
    (next) => (args) => {
      const exchange = exchangeOf(args.input);
      if (exchange !== undefined) (args.request as HttpRequest).body = exchange.body;
      return next(args);
    },
    { step: 'serialize', priority: 'low', name: 'wireRequest' },
  );
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const exchange = exchangeOf(args.input);
      if (exchange === undefined) return result;
      const response = result.response as HttpResponse;
      exchange.answer = await readAll(response);
      response.body = Readable.from([
        Buffer.from(response.statusCode === 200 ? '{}' : errorOnly(exchange.answer)),
      ]);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'wireResponse' },
  );
}

/**
 * What the SDK needs to name an error. A refused condition also carries the item that stands there, and the
 * SDK's conversion throws a TypeError of its own for a map with an attribute `__proto__`.
 */
function errorOnly(answer: string): string {
  try {
    const { Item: _, ...error } = JSON.parse(answer) as Record<string, unknown>;
    return JSON.stringify(error);
  } catch {
    return answer;
  }
}

/**
 * Sends one request whose body is already DynamoDB JSON and returns the answer's body as text. The SDK
 * signs, times out and names the errors; its conversion to JavaScript values is left out, because it
 * loses attributes (`__proto__`) and costs more than the rest of the copy together.
 *
 * @throws the SDK's exceptions, names untouched, with the answer's text as `wireBody`.
 */
export async function sendWire(
  client: DynamoDBClient,
  operation: WireOperation,
  body: string,
): Promise<string> {
  prepare(client);
  const exchange: Exchange = { body, answer: '{}' };
  const Command = commands[operation] as unknown as typeof ScanCommand;
  try {
    await client.send(new Command({ ...placeholder, exchange } as unknown as { TableName: string }));
    return exchange.answer;
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { wireBody: exchange.answer }) : error;
  }
}
