import { randomUUID } from 'node:crypto';
import type { AwsResponse, ServiceName } from './aws-request.ts';

/**
 * A refusal in AWS's words. Services throw it; the dispatcher turns it into the error form of the service's
 * own protocol.
 */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly status: number;
  readonly code: string;
  /** Further fields of the answer, where the protocol is JSON. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    code: string,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** A successful answer of a JSON protocol. */
export function jsonAnswer(value: unknown, version: '1.0' | '1.1' = '1.0'): AwsResponse {
  return {
    status: 200,
    headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amzn-requestid': randomUUID() },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** A successful answer of the query protocol (STS, SNS, CloudFormation): `result` is XML. */
export function queryAnswer(action: string, namespace: string, result: string): AwsResponse {
  const body =
    `<${action}Response xmlns="${namespace}"><${action}Result>${result}</${action}Result>` +
    `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${action}Response>`;
  return { status: 200, headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) };
}

/** The error as the given service writes it on the wire. */
export function errorAnswer(service: ServiceName, error: AwsError): AwsResponse {
  const requestId = randomUUID();
  if (service === 's3') return s3Error(error, requestId);
  if (service === 'sts' || service === 'sns' || service === 'cloudformation')
    return queryError(error, requestId);
  if (service === 'lambda') return restJsonError(error, requestId);
  return {
    status: error.status,
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': requestId,
      // SQS spoke the query protocol before, and its clients still know the errors by their names there.
      ...(service === 'sqs' && { 'x-amzn-query-error': `${queryCodeOf(error)};Sender` }),
    },
    body: Buffer.from(
      JSON.stringify({
        ...error.details,
        __type: `${ERROR_NAMESPACES[service] ?? ''}${error.code}`,
        message: error.message,
      }),
    ),
  };
}

/** What stands before an error's name, where the service writes it so. */
const ERROR_NAMESPACES: Readonly<Partial<Record<ServiceName, string>>> = {
  dynamodb: 'com.amazonaws.dynamodb.v20120810#',
  dynamodbstreams: 'com.amazonaws.dynamodb.v20120810#',
  sqs: 'com.amazonaws.sqs#',
};

function queryCodeOf({ code }: AwsError): string {
  return code === 'QueueDoesNotExist' ? 'AWS.SimpleQueueService.NonExistentQueue' : code;
}

/** Escapes text for XML, element content and attribute values alike. */
export function xmlText(text: string): string {
  return text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function s3Error(error: AwsError, requestId: string): AwsResponse {
  const body =
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.code}</Code>` +
    `<Message>${xmlText(error.message)}</Message><RequestId>${requestId}</RequestId></Error>`;
  return {
    status: error.status,
    headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId },
    body: Buffer.from(body),
  };
}

function queryError(error: AwsError, requestId: string): AwsResponse {
  const fault = error.status >= 500 ? 'Receiver' : 'Sender';
  const body =
    `<ErrorResponse><Error><Type>${fault}</Type><Code>${error.code}</Code>` +
    `<Message>${xmlText(error.message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
  return { status: error.status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) };
}

function restJsonError(error: AwsError, requestId: string): AwsResponse {
  return {
    status: error.status,
    headers: {
      'content-type': 'application/json',
      'x-amzn-errortype': error.code,
      'x-amzn-requestid': requestId,
    },
    body: Buffer.from(
      JSON.stringify({
        Type: error.status >= 500 ? 'Service' : 'User',
        Message: error.message,
        message: error.message,
      }),
    ),
  };
}
