import { cut } from '../../functions/shared/text.ts';
import { findBinary, startDynoxide, type Engine } from './dynamodb/dynoxide.ts';
import { send } from './dynamodb/dynamodb-service.ts';
import { createEngineClient, type EngineClient } from './gateway/engine-client.ts';
import { startFauxqs } from './s3/fauxqs-engine.ts';

/** Which engines to use in place of the packaged ones. */
export interface EngineChoice {
  readonly dynamodbUrl?: string;
  readonly s3Url?: string;
}

/** The engines behind the endpoint. */
export interface Engines {
  readonly dynamodb: EngineClient;
  readonly s3: EngineClient;
  /** Ends those that were started here. */
  stop(): Promise<void>;
}

/** A URL that no engine can have was given. One sentence with the remedy. Exit code 2. */
export class EngineUrlError extends Error {
  override readonly name = 'EngineUrlError';
}

/**
 * The URL of an engine as an operator gives it: `localhost:8000` means `http://localhost:8000`. Requests are passed on
 * with the signature of a caller whose credentials mean nothing, which only engines take that check none.
 *
 * @throws EngineUrlError for AWS itself, and for what is no URL of a web server
 */
export function engineUrl(given: string): string {
  const text = /^[^/:]+:\d+\/?$|^\[[\da-f:]+\]:\d+\/?$/i.test(given) ? `http://${given}` : given;
  const url = URL.parse(text);
  if (url === null || url.hostname === '' || !/^https?:$/.test(url.protocol))
    throw new EngineUrlError(`"${given}" is no URL: give one like localhost:8000 or http://127.0.0.1:8000.`);
  if (!/\.(amazonaws\.com(\.cn)?|aws)$/.test(url.hostname)) return text;
  throw new EngineUrlError(
    `${text} is AWS itself, which checks signatures: give an engine that does not (DynamoDB Local, LocalStack, moto), or deploy the service with sls deploy.`,
  );
}

/** As much of an answer as tells what gave it. */
const maxShownBytes = 60;

/**
 * Any web server answers a POST, with a page of its own.
 *
 * @throws Error saying what answered where it is no DynamoDB
 */
async function assertDynamoDb(engine: EngineClient): Promise<void> {
  const { status, body } = await send(engine, 'ListTables', { Limit: 1 });
  const text = body.toString();
  if (status === 200 && text.includes('"TableNames"')) return;
  const begins = cut(text.trim().replaceAll(/\s+/g, ' '), maxShownBytes);
  throw new Error(
    `What answers at ${engine.url} is no DynamoDB: asked for its tables, it says ${status}${begins === '' ? '' : `, "${begins}"`}. Give the URL of one that checks no signatures (DynamoDB Local, LocalStack, moto), like http://127.0.0.1:8000, or leave --dynamodb out to use the packaged engine.`,
  );
}

/** Finds out early, before anything is packaged, what could not start. @throws Error that says what to do */
export function assertEngines({ dynamodbUrl, s3Url }: EngineChoice): void {
  for (const given of [dynamodbUrl, s3Url]) if (given !== undefined) engineUrl(given);
  if (dynamodbUrl === undefined) findBinary();
}

/** Starts what was not given. @throws Error that says what to do where an engine cannot run */
export async function startEngines({ dynamodbUrl, s3Url }: EngineChoice): Promise<Engines> {
  const started: Engine[] = [];
  const stop = async () => void (await Promise.all(started.map((engine) => engine.stop())));
  const urlOf = async (given: string | undefined, start: () => Promise<Engine>) => {
    if (given !== undefined) return engineUrl(given);
    const engine = await start();
    started.push(engine);
    return engine.url;
  };
  try {
    const starting = [urlOf(dynamodbUrl, startDynoxide), urlOf(s3Url, startFauxqs)] as const;
    // What is still starting when the other one has failed would not be stopped.
    await Promise.allSettled(starting);
    const [dynamodbAt, s3At] = await Promise.all(starting);
    const dynamodb = createEngineClient('DynamoDB engine', dynamodbAt);
    if (dynamodbUrl !== undefined) await assertDynamoDb(dynamodb);
    const s3 = createEngineClient('S3 engine', s3At);
    return {
      dynamodb,
      s3,
      async stop() {
        dynamodb.close();
        s3.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
