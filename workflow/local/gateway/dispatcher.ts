import { AwsError, errorAnswer } from './aws-answers.ts';
import type { AwsRequest, AwsResponse, RawRequest, Service, ServiceName } from './aws-request.ts';
import { changeOneByte } from './change-one-byte.ts';
import type { FaultInjector, Strike, StruckFault } from './faults.ts';
import type { LoggedRequest, RequestRecorder } from './request-log.ts';
import { serveWithUnprocessed } from '../dynamodb/unprocessed-items.ts';
import { understandRequest } from './understand-request.ts';

/** What becomes of a request; only the first kind is met outside tests. */
export type Outcome =
  | { readonly kind: 'answer'; readonly response: AwsResponse; readonly sendBytes?: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

/** Takes requests from the network, and from the state machines, to the service they are for. */
export interface Dispatcher {
  dispatch(raw: RawRequest): Promise<Outcome>;
  /** The same for a request that came from inside. */
  handle(request: AwsRequest): Promise<Outcome>;
}

/** What a {@link Dispatcher} is made of. */
export interface DispatcherParts {
  readonly services: Readonly<Record<ServiceName, Service>>;
  readonly requestLog: RequestRecorder;
  readonly faults: FaultInjector;
  readonly killWorker: (worker: number) => Promise<void>;
}

/** Builds the dispatcher: log, strike, serve, answer. */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const handle = (request: AwsRequest) => handleRequest(parts, request);
  return {
    handle,
    async dispatch(raw) {
      try {
        return await handle(understood(raw));
      } catch (error) {
        return { kind: 'answer', response: errorAnswer('states', asAwsError(error)) };
      }
    },
  };
}

/** @throws AwsError (400): whatever cannot be read is the sender's mistake, which no retry mends */
function understood(raw: RawRequest): AwsRequest {
  try {
    return understandRequest(raw);
  } catch (error) {
    if (error instanceof AwsError) throw error;
    throw new AwsError(400, 'BadRequest', `The request cannot be read: ${messageOf(error)}`);
  }
}

async function handleRequest(parts: DispatcherParts, request: AwsRequest): Promise<Outcome> {
  const entry = parts.requestLog.begin(request);
  const strike = parts.faults.strike(entry, request.json);
  if (strike.fault !== undefined) parts.requestLog.update(entry, { fault: strike.fault.kind });
  if (strike.kill === 'before') return killSender(parts, entry);
  const { fault } = strike;
  if (fault?.kind !== 'held') return carryOut(parts, request, { entry, strike });
  const carriedOut = fault.released().then(() => carryOut(parts, request, { entry, strike }));
  if (fault.sender === undefined || fault.sender === 'waits') return carriedOut;
  fault.track(carriedOut);
  return fault.sender === 'killed' ? killSender(parts, entry) : finish(parts, entry, { kind: 'reset' });
}

async function carryOut(
  parts: DispatcherParts,
  request: AwsRequest,
  { entry, strike }: { readonly entry: LoggedRequest; readonly strike: Strike },
): Promise<Outcome> {
  const refused = refuse(request, strike);
  if (refused !== undefined) return finish(parts, entry, refused);
  const response = await serve(parts.services[request.service], request, strike);
  parts.requestLog.update(entry, { applied: response.status < 400, status: response.status });
  if (isIdlePoll(request, response) && strike.fault === undefined) parts.requestLog.drop(entry);
  if (strike.kill === 'after') return killSender(parts, entry);
  return finish(parts, entry, spoil(response, strike));
}

/** A mapping's look at a stream that found nothing new. */
function isIdlePoll({ mappingOf, operation }: AwsRequest, { body }: AwsResponse): boolean {
  return mappingOf !== undefined && operation === 'GetRecords' && body.includes('"Records":[]');
}

async function killSender(parts: DispatcherParts, entry: LoggedRequest): Promise<Outcome> {
  parts.requestLog.update(entry, { aborted: true, fault: 'kill' });
  if (entry.worker !== undefined) await parts.killWorker(entry.worker);
  return { kind: 'reset' };
}

function finish(parts: DispatcherParts, entry: LoggedRequest, outcome: Outcome): Outcome {
  const progress = outcome.kind === 'answer' ? { status: outcome.response.status } : { aborted: true };
  parts.requestLog.update(entry, progress);
  return outcome;
}

/** Faults that strike before anything is applied. */
function refuse(request: AwsRequest, { fault }: Strike): Outcome | undefined {
  if (fault?.kind === 'hang' || fault?.kind === 'reset') return { kind: fault.kind };
  if (fault?.kind === 'throttle')
    return { kind: 'answer', response: errorAnswer(request.service, throttle(request.service)) };
  if (fault?.kind !== 'error') return undefined;
  const { status = 400, code, message = `Injected ${code}`, details } = fault;
  const error = new AwsError(status, code, message, details);
  return { kind: 'answer', response: errorAnswer(request.service, error) };
}

function throttle(service: ServiceName): AwsError {
  if (service === 's3') return new AwsError(503, 'SlowDown', 'Please reduce your request rate.');
  if (service === 'lambda') return new AwsError(429, 'TooManyRequestsException', 'Rate Exceeded.');
  if (service === 'dynamodbstreams')
    return new AwsError(400, 'LimitExceededException', 'Rate exceeded for stream.');
  if (service !== 'dynamodb') return new AwsError(400, 'ThrottlingException', 'Rate exceeded');
  const message =
    'The level of configured provisioned throughput for the table was exceeded. ' +
    'Consider increasing your provisioning level with the UpdateTable API.';
  return new AwsError(400, 'ProvisionedThroughputExceededException', message);
}

async function serve(service: Service, request: AwsRequest, { fault }: Strike): Promise<AwsResponse> {
  try {
    if (fault?.kind === 'unprocessed') return await serveWithUnprocessed(service, request, fault);
    if (fault?.kind === 'twice') return await serveTwice(service, request, fault);
    const corruptStored = fault?.kind === 'bodyChanged' && fault.target === 'stored';
    return await service(corruptStored ? { ...request, corruptStored } : request);
  } catch (error) {
    return errorAnswer(request.service, asAwsError(error));
  }
}

/** The second call continues on its own. Nobody gets its answer. */
async function serveTwice(
  service: Service,
  request: AwsRequest,
  fault: StruckFault & { readonly kind: 'twice' },
): Promise<AwsResponse> {
  const first = service(request);
  const begun = fault.second === 'atOnce' ? Promise.resolve() : first.then(fault.released, fault.released);
  fault.track(begun.then(() => service(request)));
  return first;
}

/** Faults that strike after it was applied. */
function spoil(response: AwsResponse, { fault }: Strike): Outcome {
  if (fault?.kind === 'answerLost') return { kind: 'reset' };
  if (fault?.kind === 'bodyCut')
    return { kind: 'answer', response, sendBytes: Math.floor(response.body.length / 2) };
  if (fault?.kind !== 'bodyChanged' || fault.target === 'stored') return { kind: 'answer', response };
  return { kind: 'answer', response: { ...response, body: changeOneByte(response.body) } };
}

function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  return new AwsError(500, 'InternalFailure', `The embedded AWS failed: ${messageOf(error)}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
