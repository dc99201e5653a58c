import { REGION } from '../account.ts';
import type { FunctionSpec } from '../deploy/read-deployment.ts';
import { accessKeyIdOf } from './worker-credentials.ts';

/**
 * The environment of one worker, made from nothing, so that no credential and no setting of the machine reaches the code:
 * Lambda's own variables, then what the template declares.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function functionEnvironment(
  spec: FunctionSpec,
  workerNumber: number,
  endpoint: string,
): Record<string, string> {
  return {
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin:/bin',
    HOME: '/tmp',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${spec.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `local/[$LATEST]${workerNumber}`,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyIdOf({ functionKey: spec.key, number: workerNumber }),
    AWS_SECRET_ACCESS_KEY: 'local',
    // The SDK would look for the machine's own files otherwise.
    AWS_CONFIG_FILE: '/var/empty/config',
    AWS_SHARED_CREDENTIALS_FILE: '/var/empty/credentials',
    AWS_EC2_METADATA_DISABLED: 'true',
    _HANDLER: spec.handler,
    LAMBDA_TASK_ROOT: '/var/task',
    ...spec.environment,
  };
}
