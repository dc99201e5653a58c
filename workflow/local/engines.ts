import { startDynoxide, type Engine } from './dynamodb/dynoxide.ts';
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

/** Starts what was not given. @throws Error that says what to do where an engine cannot run */
export async function startEngines({ dynamodbUrl, s3Url }: EngineChoice): Promise<Engines> {
  const started: Engine[] = [];
  const stop = async () => void (await Promise.all(started.map((engine) => engine.stop())));
  const engineUrl = async (given: string | undefined, start: () => Promise<Engine>) => {
    if (given !== undefined) return given;
    const engine = await start();
    started.push(engine);
    return engine.url;
  };
  try {
    const dynamodb = createEngineClient('DynamoDB engine', await engineUrl(dynamodbUrl, startDynoxide));
    const s3 = createEngineClient('S3 engine', await engineUrl(s3Url, startFauxqs));
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
