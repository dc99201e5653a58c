import { Agent, request as httpRequest } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { crc32 } from 'node:zlib';

/** DynamoDB's endpoint. */
export interface Endpoint {
  readonly protocol: 'http:' | 'https:';
  readonly hostname: string;
  readonly port?: number;
}

/** Sockets kept open: as many as requests that a worker has in flight at most. */
const MAX_SOCKETS = 64;
/** Without these a hung connection waits for ever. */
const CONNECT_MILLIS = 2_000;
const ANSWER_MILLIS = 10_000;

const AGENT_OPTIONS = { keepAlive: true, maxSockets: MAX_SOCKETS };
const AGENTS = { 'http:': new Agent(AGENT_OPTIONS), 'https:': new TlsAgent(AGENT_OPTIONS) } as const;

/** An answer with its status. */
export interface WireAnswer {
  readonly status: number;
  readonly text: string;
}

/** The answer is not what DynamoDB sent. Retried like a truncated answer. */
export class ChangedAnswerError extends Error {
  override readonly name = 'IncompleteBodyError';
}

/** DynamoDB has not answered in time. Nobody knows what it has done. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * The answer's text. DynamoDB sends a CRC-32 along: a changed answer would become a changed copy.
 *
 * @throws ChangedAnswerError
 */
export function checkedText(
  chunks: readonly Uint8Array[],
  expected: string | readonly string[] | undefined,
): string {
  const answer = Buffer.concat(chunks);
  if (expected !== undefined && Number(expected) !== crc32(answer))
    throw new ChangedAnswerError(
      'An answer of DynamoDB was changed on its way (CRC-32). It is requested again.',
    );
  return answer.toString('utf8');
}

/**
 * Sends one signed request over a kept connection.
 *
 * @throws TimeoutError, ChangedAnswerError, and the sockets' errors (ECONNRESET ...); all are transient
 */
export function post(
  { protocol, hostname, port }: Endpoint,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const send = protocol === 'https:' ? httpsRequest : httpRequest;
    const length = { 'content-length': String(body.byteLength) };
    const options = { hostname, port, method: 'POST', path: '/', agent: AGENTS[protocol] };
    const request = send({ ...options, headers: { ...headers, ...length } });
    const late = (what: string) => (): void => {
      request.destroy(new TimeoutError(`DynamoDB ${what}. The request is made again.`));
    };
    const timer = setTimeout(late(`has not answered for ${ANSWER_MILLIS / 1_000} s`), ANSWER_MILLIS);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    request.on('error', fail);
    request.on('socket', (socket) => {
      if (!socket.connecting) return;
      const connecting = setTimeout(late('accepts no connection'), CONNECT_MILLIS);
      socket.once('connect', () => clearTimeout(connecting));
      socket.once('close', () => clearTimeout(connecting));
    });
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        clearTimeout(timer);
        try {
          resolve({
            status: response.statusCode ?? 0,
            text: checkedText(chunks, response.headers['x-amz-crc32']),
          });
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    request.end(body);
  });
}
