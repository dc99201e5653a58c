import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { type DescribeExecutionOutput, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Report } from '../../functions/shared/runs/report.ts';
import type { EmbeddedAws, EmbeddedAwsOptions, startEmbeddedAws } from '../../workflow/local/embedded-aws.ts';
import { causeProblems } from './cause-problems.ts';
import { endOfExecution, startTestAws, type TestClients, testClients } from './embedded.ts';
import { type RawDynamoDb, rawDynamoDb } from './raw-dynamodb.ts';

/** A shop's account for one test file, with the deployed service, unchanged clients and common actions. */
export interface TestShop extends TestClients {
  readonly aws: EmbeddedAws;
  readonly dynamo: RawDynamoDb;
  /** Starts a machine and waits for its end. */
  run(machine: string, input: unknown, name?: string): Promise<DescribeExecutionOutput>;
  /** Runs `migrate`, which must succeed, and returns its report. */
  migrate(input?: unknown): Promise<Report>;
  /** Calls a function alone. */
  invoke<T>(
    functionKey: string,
    payload?: unknown,
  ): Promise<{ readonly error: string | undefined; readonly answer: T }>;
  /** Keys under a prefix of the backup bucket. */
  objectKeys(prefix: string): Promise<readonly string[]>;
  objectText(key: string): Promise<string>;
  stop(): Promise<void>;
}

function functionsOf(aws: EmbeddedAws, { lambda }: TestClients): Pick<TestShop, 'invoke'> {
  return {
    async invoke<T>(functionKey: string, payload?: unknown) {
      const Payload = payload === undefined ? {} : { Payload: JSON.stringify(payload) };
      const response = await lambda.send(
        new InvokeCommand({ FunctionName: aws.functions[functionKey], ...Payload }),
      );
      const answer = JSON.parse(Buffer.from(response.Payload ?? []).toString('utf8')) as T;
      return { error: response.FunctionError, answer };
    },
  };
}

function bucketOf(aws: EmbeddedAws, { s3 }: TestClients): Pick<TestShop, 'objectKeys' | 'objectText'> {
  const Bucket = aws.bucket;
  return {
    async objectKeys(Prefix) {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
      return Contents.map(({ Key = '' }) => Key);
    },
    async objectText(Key) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      return (await Body?.transformToString()) ?? '';
    },
  };
}

/** Waits are short, so that a roll back takes only as long as its work. */
const quick: EmbeddedAwsOptions = {
  pauseMillis: 20,
  environment: { FENCE_WAIT_SECONDS: '0', INTENT_WAIT_SECONDS: '1', CLOSE_WAIT_SECONDS: '1' },
};

export async function openShop(
  options: EmbeddedAwsOptions = {},
  start?: typeof startEmbeddedAws,
): Promise<TestShop> {
  const aws = await startTestAws({ ...quick, ...options }, start);
  const clients = testClients(aws);
  const run = async (machine: string, input: unknown, name?: string): Promise<DescribeExecutionOutput> => {
    const { executionArn = '' } = await clients.sfn.send(
      new StartExecutionCommand({
        stateMachineArn: aws.stateMachines[machine],
        input: JSON.stringify(input),
        name,
      }),
    );
    const ended = await endOfExecution(clients.sfn, executionArn);
    const problems = await causeProblems(ended.cause ?? '');
    if (problems.length > 0) throw new Error(`The Cause is not fit to be read: ${problems.join(' | ')}`);
    return ended;
  };
  return {
    ...clients,
    ...functionsOf(aws, clients),
    ...bucketOf(aws, clients),
    aws,
    dynamo: rawDynamoDb(aws),
    run,
    async migrate(input = {}) {
      const execution = await run('migrate', input);
      if (execution.status !== 'SUCCEEDED')
        throw new Error(`${execution.status} ${execution.error}: ${execution.cause}`);
      return JSON.parse(execution.output ?? '') as Report;
    },
    async stop() {
      clients.destroy();
      await aws.stop();
    },
  };
}
