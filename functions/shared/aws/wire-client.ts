import { Readable } from 'node:stream';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { isClockSkewError } from '@smithy/core/retry';
import type { HttpRequest, HttpResponse, RequestSigner, SdkError } from '@smithy/types';
import { type InDoubt, isChanging, isUnanswered } from './in-doubt.ts';
import { ChangedAnswerError, checkedText, type Endpoint, post } from './wire-transport.ts';

/** Operations on items. Each takes and returns DynamoDB's JSON as text. */
export type WireOperation = keyof typeof COMMANDS;

const COMMANDS = {
  Scan: ScanCommand,
  Query: QueryCommand,
  GetItem: GetItemCommand,
  BatchGetItem: BatchGetItemCommand,
  BatchWriteItem: BatchWriteItemCommand,
  PutItem: PutItemCommand,
  UpdateItem: UpdateItemCommand,
  DeleteItem: DeleteItemCommand,
} as const;

/** Request and answer of one call, carried through the SDK's middleware inside the command's input. */
interface Exchange {
  readonly body: string | Buffer;
  answer: string;
}

const CONTENT_TYPE = 'application/x-amz-json-1.0';

/** The SDK needs an input to serialise. The body that it makes of this one is replaced before signing. */
const PLACEHOLDER = { TableName: '-', Key: {}, Item: {}, RequestItems: {} };

const prepared = new WeakSet<DynamoDBClient>();

const shortcuts = new WeakMap<DynamoDBClient, Shortcut>();

/** A client whose requests bypass the SDK's middleware. */
interface Shortcut {
  /** The one that the SDK chose for the client's first request; absent before that. */
  endpoint?: Endpoint;
  /** The client's own, with its credentials and their refresh. */
  signer?: RequestSigner;
  readonly inDoubt?: InDoubt | undefined;
}

/**
 * Sends one request whose body is already DynamoDB JSON and returns the answer's body as text. It skips the SDK's
 * conversion to JavaScript values, which loses attributes (`__proto__`) and costs more than the rest of the copy
 * together.
 *
 * @throws the SDK's exceptions, names untouched, with the answer's text as `wireBody`.
 */
export function sendWire(
  client: DynamoDBClient,
  operation: WireOperation,
  body: string | Buffer,
): Promise<string> {
  const shortcut = shortcuts.get(client);
  if (shortcut?.endpoint === undefined) return sendThroughSdk(client, operation, body);
  return sendDirectly(client, { shortcut, endpoint: shortcut.endpoint, operation, body });
}

async function sendThroughSdk(
  client: DynamoDBClient,
  operation: WireOperation,
  body: string | Buffer,
): Promise<string> {
  prepare(client);
  const exchange: Exchange = { body, answer: '{}' };
  const Command = COMMANDS[operation] as unknown as typeof ScanCommand;
  try {
    await client.send(new Command({ ...PLACEHOLDER, exchange } as unknown as { TableName: string }));
    return exchange.answer;
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { wireBody: exchange.answer }) : error;
  }
}

/** Teaches a client, once, to send given bodies and to return the answer's text. Other calls are not affected. */
function prepare(client: DynamoDBClient): void {
  if (prepared.has(client)) return;
  prepared.add(client);
  client.middlewareStack.add(
    (next) => (args) => {
      const exchange = exchangeOf(args.input);
      if (exchange === undefined) return next(args);
      const request = args.request as HttpRequest;
      request.body = exchange.body;
      noteEndpoint(client, request);
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

function exchangeOf(input: object): Exchange | undefined {
  return (input as { readonly exchange?: Exchange }).exchange;
}

function noteEndpoint(client: DynamoDBClient, { protocol, hostname, port }: HttpRequest): void {
  const shortcut = shortcuts.get(client);
  if (shortcut !== undefined && (protocol === 'http:' || protocol === 'https:'))
    shortcut.endpoint = { protocol, hostname, ...(port !== undefined && { port }) };
}

async function readAll({ body, headers }: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return checkedText(chunks, headers['x-amz-crc32']);
}

/**
 * What the SDK needs to name an error. A refused condition also carries the existing item, and the SDK's conversion
 * throws a TypeError of its own for a map with an attribute `__proto__`.
 */
function errorOnly(answer: string): string {
  try {
    const { Item: _, ...error } = JSON.parse(answer) as Record<string, unknown>;
    return JSON.stringify(error);
  } catch {
    return answer;
  }
}

interface DirectRequest {
  readonly shortcut: Shortcut;
  readonly endpoint: Endpoint;
  readonly operation: WireOperation;
  readonly body: string | Buffer;
}

async function sendDirectly(client: DynamoDBClient, request: DirectRequest): Promise<string> {
  const { shortcut, endpoint, operation } = request;
  const body = typeof request.body === 'string' ? Buffer.from(request.body) : request.body;
  const headers = await signedHeaders(client, request, body);
  const { status, text } = await post(endpoint, headers, body).catch((error: unknown) => {
    const isInDoubt = isChanging(operation) && isUnanswered(error) && !(error instanceof ChangedAnswerError);
    if (isInDoubt) shortcut.inDoubt?.note();
    throw error;
  });
  if (status === 200) return text;
  const error = answeredError(status, text);
  // The clocks differ, and nothing was done. The SDK reads the service's time from its own refusal and corrects the client's clock.
  if (isClockSkewError(error as SdkError)) return sendThroughSdk(client, operation, request.body);
  throw error;
}

async function signedHeaders(
  client: DynamoDBClient,
  { shortcut, endpoint, operation }: DirectRequest,
  body: Buffer,
): Promise<Readonly<Record<string, string>>> {
  const { hostname, port } = endpoint;
  shortcut.signer ??= await client.config.signer();
  const unsigned = {
    ...endpoint,
    method: 'POST',
    path: '/',
    query: {},
    headers: {
      host: port === undefined ? hostname : `${hostname}:${port}`,
      'content-type': CONTENT_TYPE,
      'x-amz-target': `DynamoDB_20120810.${operation}`,
    },
    body,
  };
  const signingDate = new Date(Date.now() + client.config.systemClockOffset);
  const { headers } = await shortcut.signer.sign(unsigned, { signingDate });
  return headers;
}

/** An error as the SDK names it: `__type` without its namespace. */
function answeredError(status: number, text: string): Error {
  const { __type = '', message, Message } = parseError(text);
  const error = new Error(message ?? Message ?? `DynamoDB answered ${status}.`);
  const name = __type.slice(__type.indexOf('#') + 1) || `Http${status}Error`;
  return Object.assign(error, { name, $metadata: { httpStatusCode: status }, wireBody: text });
}

function parseError(text: string): { __type?: string; message?: string; Message?: string } {
  try {
    return JSON.parse(text) as { __type?: string };
  } catch {
    return {};
  }
}

/**
 * Lets this client's wire requests bypass the SDK's middleware from the second one on. They are signed by the client's
 * signer and sent by the little code that a POST to DynamoDB needs, which halves the processor time. For clients that
 * neither retry nor have other middleware.
 */
export function takeShortcut(client: DynamoDBClient, inDoubt?: InDoubt): DynamoDBClient {
  shortcuts.set(client, { inDoubt });
  return client;
}
