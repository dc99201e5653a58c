import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type InDoubt, watchUnanswered } from './in-doubt.ts';
import { keepWellFormed } from './keep-well-formed.ts';
import { FIRST_PAUSE_MILLIS, MAX_PAUSE_MILLIS } from '../retry.ts';
import { takeShortcut } from './wire-client.ts';

/** Sockets that one worker keeps open to a service: one for each batch in flight, and some for the ledger. */
const MAX_SOCKETS = 64;

/** The AWS services a function talks to, each built once per cold start. */
export interface Clients {
  /** Copied data, and what changes tables: one attempt a call, because every caller has its own retry and its fence. */
  readonly dynamo: DynamoDBClient;
  /** Descriptions of tables and waiting for them. Nothing is changed, so the client retries. */
  readonly tables: DynamoDBClient;
  /** The ledger only: plain JavaScript values, repeated by the client. Never copied data. */
  readonly ledger: DynamoDBDocumentClient;
  readonly s3: S3Client;
  readonly sfn: SFNClient;
  readonly sts: STSClient;
  /** The client of another service, built when it is first asked for. Few functions need one. */
  readonly other: <Client extends object>(Client: ClientClass<Client>) => Client;
}

type ClientClass<Client> = new (config: {
  readonly maxAttempts: number;
  readonly requestHandler: NodeHttpHandler;
}) => Client;

/**
 * Credentials and region come from the ordinary AWS chain, the endpoint from `AWS_ENDPOINT_URL` where it is set.
 * `inDoubt` is notified of every change of data, tables or objects that got no answer.
 */
export function createClients(inDoubt: InDoubt): Clients {
  const dynamo = takeShortcut(
    new DynamoDBClient({ maxAttempts: 1, requestHandler: requestHandler(10_000) }),
    inDoubt,
  );
  // One attempt a call here too: each attempt of a PUT needs a fresh look at the run.
  const s3 = new S3Client({
    maxAttempts: 1,
    requestHandler: requestHandler(20_000),
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  for (const client of [dynamo, s3]) watchUnanswered(client, inDoubt);
  const tables = new DynamoDBClient({ retryStrategy: patient(), requestHandler: requestHandler(5_000) });
  const ledgerBase = keepWellFormed(
    new DynamoDBClient({ retryStrategy: patient(), requestHandler: requestHandler(5_000) }),
  );
  return {
    dynamo,
    tables,
    ledger: DynamoDBDocumentClient.from(ledgerBase, { marshallOptions: { removeUndefinedValues: true } }),
    s3,
    sfn: new SFNClient({ maxAttempts: 4, requestHandler: requestHandler(10_000) }),
    sts: new STSClient({ maxAttempts: 3, requestHandler: requestHandler(5_000) }),
    other: onceEach(),
  };
}

/** Builds a client of each class once. */
function onceEach(): Clients['other'] {
  const built = new Map<unknown, object>();
  return <Client extends object>(Class: ClientClass<Client>): Client => {
    const client =
      (built.get(Class) as Client | undefined) ??
      new Class({ maxAttempts: 5, requestHandler: requestHandler(10_000) });
    built.set(Class, client);
    return client;
  };
}

/** Without these a hung connection waits for ever. By default the SDK only warns about a late answer. */
const requestHandler = (requestTimeoutMillis: number): NodeHttpHandler =>
  new NodeHttpHandler({
    connectionTimeout: 2_000,
    requestTimeout: requestTimeoutMillis,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
  });

/**
 * For calls that nobody else repeats. Twelve attempts with full jitter take some 15 seconds. With three requests in ten
 * refused, all of a step's calls get through, which the SDK's own four attempts would not achieve.
 */
const patient = (): ConfiguredRetryStrategy =>
  new ConfiguredRetryStrategy(
    12,
    (attempt: number) => Math.random() * Math.min(MAX_PAUSE_MILLIS, FIRST_PAUSE_MILLIS * 2 ** attempt),
  );
