import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient, type DescribeExecutionOutput } from '@aws-sdk/client-sfn';
import { packageService } from '../../workflow/local/deploy/package-service.ts';
import {
  startEmbeddedAws,
  type EmbeddedAws,
  type EmbeddedAwsOptions,
} from '../../workflow/local/embedded-aws.ts';
import { emptyEngines, otherEngines } from './other-engines.ts';
import { packaged } from './packaged.ts';
import { createWarmWorkers } from './warm-workers.ts';

const TINY_SERVICE = fileURLToPath(new URL('../fixtures/tiny-service', import.meta.url));

/**
 * An empty embedded AWS with the real service deployed. It records every request. Tables, objects, executions, ledger,
 * faults, log, topics and clocks are new each time. Only function workers stay warm, for the next AWS of this vitest
 * worker. `start` may come from another checkout.
 */
export async function startTestAws(
  options: EmbeddedAwsOptions = {},
  start = startEmbeddedAws,
): Promise<EmbeddedAws> {
  const engines = otherEngines();
  await emptyEngines(engines);
  const all = {
    packageDir: options.packageDir ?? (await packaged()),
    maxLoggedRequests: Number.POSITIVE_INFINITY,
    ...engines,
    ...options,
    environment: { ...SHORT_WAITS, ...options.environment },
  };
  return startAtHome(all, start);
}

/**
 * Ports on which the AWSs of this vitest worker listen. A warm function keeps calling the endpoint it was started with.
 */
const homes: { port: number; isTaken: boolean }[] = [];
const warm = createWarmWorkers();

async function startAtHome(
  options: EmbeddedAwsOptions,
  start: typeof startEmbeddedAws,
): Promise<EmbeddedAws> {
  const home = homes.find(({ isTaken }) => !isTaken) ?? { port: 0, isTaken: false };
  if (!homes.includes(home)) homes.push(home);
  home.isTaken = true;
  const leave = (): void => void (home.isTaken = false);
  const startAt = (port: number): Promise<EmbeddedAws> => start({ ...options, port, warm });
  const aws = await startAt(home.port)
    // Nobody listened there since the last AWS stopped, and somebody else may have been given the port.
    .catch((error: unknown) => {
      if (!(error instanceof Error && error.message.startsWith(`Port ${home.port} is taken`))) throw error;
      return startAt(0);
    })
    .catch((error: unknown) => {
      leave();
      throw error;
    });
  home.port = Number(new URL(aws.endpoint).port);
  let stopped: Promise<void> | undefined;
  return { ...aws, stop: () => (stopped ??= aws.stop().finally(leave)) };
}

/** Requests to engines on this machine take milliseconds. A test that holds one for longer asks for the real waits. */
const SHORT_WAITS = { FENCE_WAIT_SECONDS: '6' } as const;

/** The same, with a service of three small functions and one machine that has every kind of state. */
export async function startTinyAws(options: EmbeddedAwsOptions = {}): Promise<EmbeddedAws> {
  const engines = otherEngines();
  await emptyEngines(engines);
  const packageDir = await packageService({ serviceDir: TINY_SERVICE });
  const all = { port: 0, packageDir, maxLoggedRequests: Number.POSITIVE_INFINITY, ...engines, ...options };
  return startEmbeddedAws(all);
}

/** Clients for an embedded AWS. They do not retry, so that a test sees what the endpoint does. */
export interface TestClients {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly sfn: SFNClient;
  readonly lambda: LambdaClient;
  destroy(): void;
}

/** Settings of any SDK client for the endpoint. */
export function clientSettings({ endpoint, region }: EmbeddedAws) {
  return { endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1 };
}

/** One client per service. */
export function testClients(aws: EmbeddedAws): TestClients {
  const settings = clientSettings(aws);
  const clients = {
    dynamodb: new DynamoDBClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    sfn: new SFNClient(settings),
    lambda: new LambdaClient(settings),
  };
  return {
    ...clients,
    destroy() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** Waits until an execution is no longer RUNNING, asking every 20 ms. */
export async function endOfExecution(sfn: SFNClient, executionArn: string): Promise<DescribeExecutionOutput> {
  for (;;) {
    const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (execution.status !== 'RUNNING') return execution;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until `check` returns a value, asking every 20 ms. The test's own time-out is the limit. */
export async function eventually<T>(check: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
