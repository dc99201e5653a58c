import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { LedgerTable } from '../../functions/shared/ledger/ledger-table.ts';
import { SYSTEM_CLOCK } from '../../functions/shared/retry.ts';
import { bucketName, type Deployment, ledgerTableName } from '../../functions/shared/names.ts';
import type { StagePlace } from '../../functions/shared/commands.ts';
import { DEFAULT_REGION, EMBEDDED_STAGE } from '../../functions/shared/stage-words.cjs';
import { localEndpoint, serviceName } from './deployment.ts';
import { WRONG_USAGE } from './exit-codes.ts';
import { OperatorError } from './operator-error.ts';

/** One stage of the service, as a command reaches it. */
export interface OperatorContext extends Deployment, StagePlace {
  /** `undefined`: AWS itself. */
  readonly endpoint: string | undefined;
  readonly dynamo: DynamoDBClient;
  readonly ledger: LedgerTable;
  readonly bucket: string;
  readonly sfn: SFNClient;
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  /** ARN of whoever works here, for what the ledger notes. */
  readonly caller: string;
  close(): void;
}

/** Which stage, and how to reach it. */
export interface ContextOptions {
  readonly stage: string;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  /** Absent: `AWS_ENDPOINT_URL`, and for stage `local` the embedded AWS's usual address. */
  readonly endpoint?: string | undefined;
}

const stagePattern = /^[a-z][a-z0-9-]{0,15}$/;

/** Where a command looks; stage `local` never means AWS. */
export function whereabouts(options: ContextOptions, environment: NodeJS.ProcessEnv = process.env) {
  const { stage, region, profile } = options;
  if (!stagePattern.test(stage))
    throw new OperatorError(
      `"${stage}" cannot be a stage: a stage has up to 16 lower-case letters, digits and hyphens.`,
      WRONG_USAGE,
    );
  const given = options.endpoint ?? (environment['AWS_ENDPOINT_URL'] || undefined);
  const endpoint = given ?? (stage === EMBEDDED_STAGE ? localEndpoint : undefined);
  return { stage, region: regionOf(options, environment), typed: { region, profile }, endpoint };
}

/** The region that is meant; stage `local` is always in the deployment's own. */
export function regionOf(
  { region, stage }: { readonly region?: string | undefined; readonly stage?: string | undefined },
  environment: NodeJS.ProcessEnv = process.env,
): string {
  if (region !== undefined) return region;
  if (stage === EMBEDDED_STAGE) return DEFAULT_REGION;
  return environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || DEFAULT_REGION;
}

/** A function may run for 15 minutes, which is Lambda's limit; a minute more for its answer. */
const functionTimeoutMillis = 960_000;

const patientFor = (requestTimeout: number): NodeHttpHandler =>
  new NodeHttpHandler({ connectionTimeout: 5_000, requestTimeout, throwOnRequestTimeout: true });

/** The embedded AWS takes any credentials, so that a newcomer needs none. */
const localCredentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/**
 * Connects to a stage; asks STS who is calling, which is also the check of credentials and endpoint.
 *
 * @throws OperatorError for a name that is no stage; the SDK's errors, which {@link explain} puts into words.
 */
export async function openContext(options: ContextOptions): Promise<OperatorContext> {
  const { stage, region, typed, endpoint } = whereabouts(options);
  const requestHandler = patientFor(30_000);
  const functionHandler = patientFor(functionTimeoutMillis);
  const config = {
    region,
    requestHandler,
    maxAttempts: 4,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(stage === EMBEDDED_STAGE ? { credentials: localCredentials } : {}),
  };
  const sts = new STSClient(config);
  const { Account: accountId = '', Arn: caller = '' } = await sts.send(new GetCallerIdentityCommand({}));
  const deployment = { service: serviceName, stage, region, accountId };
  const dynamo = new DynamoDBClient(config);
  return {
    ...deployment,
    typed,
    caller,
    endpoint,
    dynamo,
    ledger: {
      client: DynamoDBDocumentClient.from(dynamo),
      tableName: ledgerTableName(deployment),
      clock: SYSTEM_CLOCK,
    },
    bucket: bucketName(deployment),
    sfn: new SFNClient(config),
    s3: new S3Client({ ...config, forcePathStyle: endpoint !== undefined }),
    // Once: where an answer is lost, the function may still be running.
    lambda: new LambdaClient({ ...config, requestHandler: functionHandler, maxAttempts: 1 }),
    close: () => [requestHandler, functionHandler].forEach((handler) => handler.destroy()),
  };
}
