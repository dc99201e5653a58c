import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as lambda from '@aws-sdk/client-lambda';
import * as s3 from '@aws-sdk/client-s3';
import * as states from '@aws-sdk/client-sfn';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import * as sts from '@aws-sdk/client-sts';
import type { WorldService } from './request.ts';

/**
 * The in-memory AWS does not know what it is asked. This is a gap of the test's AWS, never an answer of AWS: teach it,
 * and let the differential test compare it with an engine.
 */
export class UnknownToWorldError extends Error {
  override readonly name = 'UnknownToWorldError';
}

interface ErrorOptions {
  readonly name: string;
  readonly $fault: 'client' | 'server';
  readonly message: string;
  readonly $metadata: { readonly httpStatusCode: number; readonly attempts: number };
}

type ErrorClass = new (options: ErrorOptions) => Error;

const CLASSES: Readonly<Record<WorldService, Readonly<Record<string, unknown>>>> = {
  dynamodb: { ...dynamodb },
  s3: { ...s3 },
  states: { ...states },
  lambda: { ...lambda },
  sqs: { ...sqs },
  sts: { ...sts },
  sns: { ...sns },
};

/** Errors without a class of their own. */
const BASES = {
  dynamodb: dynamodb.DynamoDBServiceException,
  s3: s3.S3ServiceException,
  states: states.SFNServiceException,
  lambda: lambda.LambdaServiceException,
  sqs: sqs.SQSServiceException,
  sts: sts.STSServiceException,
  sns: sns.SNSServiceException,
} as unknown as Readonly<Record<WorldService, ErrorClass>>;

/** Status codes other than 400. */
const STATUS: Readonly<Record<string, number>> = {
  InternalServerError: 500,
  InternalError: 500,
  ServiceException: 500,
  ServiceUnavailable: 503,
  SlowDown: 503,
  AccessDenied: 403,
  AuthorizationErrorException: 403,
  NoSuchKey: 404,
  NotFound: 404,
  NoSuchBucket: 404,
  PreconditionFailed: 412,
  ConditionalRequestConflict: 409,
  ResourceConflictException: 409,
};

const CODED_404: ReadonlySet<WorldService> = new Set(['lambda', 'sns']);

function statusOf(service: WorldService, name: string): number {
  if (name.includes('NotFound') && CODED_404.has(service)) return 404;
  return STATUS[name] ?? 400;
}

/** What makes an error. */
export interface AwsErrorSpec {
  readonly service: WorldService;
  /** As AWS calls it. */
  readonly name: string;
  readonly message: string;
  /** Members beside the message: `Item`, `CancellationReasons`. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** An error as the SDK throws it, of the SDK's class where it has one, with the wire client's `wireBody`. */
export function awsError({ service, name, message, fields = {} }: AwsErrorSpec): Error {
  const httpStatusCode = statusOf(service, name);
  const options = {
    name,
    $fault: httpStatusCode >= 500 ? 'server' : 'client',
    message,
    $metadata: { httpStatusCode, attempts: 1 },
    ...fields,
  } as const;
  const found = CLASSES[service][name];
  const Class = typeof found === 'function' ? (found as ErrorClass) : BASES[service];
  const wireBody = JSON.stringify({ __type: `com.amazonaws.${service}#${name}`, message, ...fields });
  return Object.assign(new Class(options), { wireBody });
}

/** Whether an error is an answer of AWS, not a defect of the test. */
export function isAwsError(error: unknown): error is Error {
  return error instanceof Error && '$fault' in error;
}

/** An error of DynamoDB. */
export function dynamoError(
  name: string,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
): Error {
  return awsError({ service: 'dynamodb', name, message, ...(fields && { fields }) });
}

/** DynamoDB refuses the request for its form. */
export function invalid(message: string): Error {
  return dynamoError('ValidationException', message);
}

/** The table does not exist, or not for items. */
export function tableNotFound(name: string): Error {
  return dynamoError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
}
