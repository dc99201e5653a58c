import { arnOf } from '../account.ts';
import type { FunctionSpec } from '../deploy/read-deployment.ts';
import { AwsError } from '../gateway/aws-answers.ts';
import type { AwsRequest, AwsResponse, Service } from '../gateway/aws-request.ts';
import { MAPPING_OPERATIONS } from './mappings/mapping-service.ts';
import type { CompletedInvocation, FunctionRunner } from './function-runner.ts';

/** Lambda's limit for a synchronous payload, either way. */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
/** The last 4 KB of the log come back where the caller asks for them. */
const LOG_TAIL_BYTES = 4096;

/** What the Lambda API is served from. */
export interface LambdaParts {
  readonly functions: readonly FunctionSpec[];
  readonly runner: FunctionRunner;
  /** Calls a function without waiting for it, as an Event invocation does: twice more if it fails. */
  readonly invokeLater: (spec: FunctionSpec, payload: string) => void;
  /** Serves the API of event source mappings. */
  readonly serveMappings: Service;
}

/** The Lambda API over the packaged functions. */
export function createLambdaService(parts: LambdaParts): Service {
  return async (request) => {
    if (request.operation === 'GetAccountSettings') return restAnswer(200, accountSettings(parts));
    if (request.operation === 'ListFunctions')
      return restAnswer(200, { Functions: parts.functions.map(configurationOf) });
    if (MAPPING_OPERATIONS.has(request.operation)) return parts.serveMappings(request);
    const spec = findFunction(parts.functions, request.key);
    if (request.operation === 'Invoke') return invoke(parts, spec, request);
    if (request.operation === 'GetFunctionConfiguration') return restAnswer(200, configurationOf(spec));
    if (request.operation !== 'GetFunction')
      throw new AwsError(404, 'UnknownOperationException', `No such call: ${request.operation}`);
    return restAnswer(200, {
      Configuration: configurationOf(spec),
      Code: { RepositoryType: 'S3' },
      Tags: {},
    });
  };
}

/**
 * Finds a function by name, ARN, partial ARN or qualified name.
 *
 * @throws AwsError (404 ResourceNotFoundException)
 */
export function findFunction(functions: readonly FunctionSpec[], reference = ''): FunctionSpec {
  const name = /(?:^|function:)([A-Za-z0-9_-]+)(?::[A-Za-z0-9_$-]+)?$/.exec(reference)?.[1];
  const spec = functions.find((candidate) => candidate.name === name);
  if (spec !== undefined) return spec;
  const arn = reference.startsWith('arn:') ? reference : arnOf('lambda', `function:${reference}`);
  throw new AwsError(404, 'ResourceNotFoundException', `Function not found: ${arn}`);
}

async function invoke(
  { runner, invokeLater }: LambdaParts,
  spec: FunctionSpec,
  request: AwsRequest,
): Promise<AwsResponse> {
  const payload = readPayload(request.body);
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  if (type === 'DryRun') return { status: 204, headers: {}, body: Buffer.alloc(0) };
  if (type === 'Event') {
    invokeLater(spec, payload);
    return { status: 202, headers: {}, body: Buffer.alloc(0) };
  }
  return answerOf(await runner.invoke(spec, payload), request.headers['x-amz-log-type'] === 'Tail');
}

function answerOf({ payload, error, log, requestId }: CompletedInvocation, withLog: boolean): AwsResponse {
  const tail = Buffer.from(log).subarray(-LOG_TAIL_BYTES).toString('base64');
  const headers = {
    'content-type': 'application/json',
    'x-amzn-requestid': requestId,
    'x-amz-executed-version': '$LATEST',
    ...(error !== undefined && { 'x-amz-function-error': 'Unhandled' }),
    ...(withLog && { 'x-amz-log-result': tail }),
  };
  return { status: 200, headers, body: Buffer.from(payload) };
}

/** No body at all reaches the handler as an empty object, as on AWS. */
function readPayload(body: Buffer): string {
  if (body.length > MAX_PAYLOAD_BYTES) {
    throw new AwsError(
      413,
      'RequestTooLargeException',
      `${body.length} byte payload is too large for the RequestResponse invocation type (limit ${MAX_PAYLOAD_BYTES} bytes)`,
    );
  }
  const payload = body.length === 0 ? '{}' : body.toString();
  try {
    JSON.parse(payload);
    return payload;
  } catch (error) {
    throw new AwsError(
      400,
      'InvalidRequestContentException',
      `Could not parse request body into json: ${String(error)}`,
    );
  }
}

function accountSettings({ functions, runner: { concurrency } }: LambdaParts): object {
  const limits = { CodeSizeUnzipped: 262_144_000, CodeSizeZipped: 52_428_800, TotalCodeSize: 80_530_636_800 };
  return {
    AccountLimit: {
      ...limits,
      ConcurrentExecutions: concurrency,
      UnreservedConcurrentExecutions: concurrency,
    },
    AccountUsage: { FunctionCount: functions.length, TotalCodeSize: 0 },
  };
}

function configurationOf(spec: FunctionSpec): object {
  return {
    FunctionName: spec.name,
    FunctionArn: spec.arn,
    Runtime: 'nodejs24.x',
    Handler: spec.handler,
    Timeout: spec.timeoutSeconds,
    MemorySize: spec.memoryMegabytes,
    Environment: { Variables: spec.environment },
    PackageType: 'Zip',
    Architectures: ['arm64'],
    Version: '$LATEST',
    State: 'Active',
    LastUpdateStatus: 'Successful',
  };
}

function restAnswer(status: number, value: object): AwsResponse {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}
