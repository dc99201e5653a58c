import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { AwsError } from './aws-answers.ts';
import type { AwsResponse, RawRequest } from './aws-request.ts';

/** A connection pool to one engine behind the endpoint. */
export interface EngineClient {
  readonly url: string;
  /** @throws AwsError (503) when the engine cannot be reached */
  send(request: RawRequest): Promise<AwsResponse>;
  close(): void;
}

/** Headers that belong to one connection, or that the complete body makes wrong. */
const DROPPED = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
];

/**
 * Talks to an engine over kept-alive connections.
 *
 * @param name how a sentence calls the engine, "DynamoDB engine"
 */
export function createEngineClient(name: string, url: string): EngineClient {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === 'https:';
  const options = { keepAlive: true, maxSockets: 128, maxFreeSockets: 64 };
  const agent = secure ? new TlsAgent(options) : new Agent(options);
  const send = secure ? httpsRequest : httpRequest;
  return {
    url,
    close: () => agent.destroy(),
    send: ({ method, url: path, headers, body }) =>
      new Promise((resolve, reject) => {
        const outgoing = { ...withoutDropped(headers), 'content-length': String(body.length) };
        const request = send({
          protocol,
          hostname: bare(hostname),
          port,
          method,
          path,
          agent,
          headers: outgoing,
        });
        request.on('response', (response) => void collect(response).then(resolve, reject));
        request.on('error', (error) => reject(unreachable(name, url, error)));
        request.end(body);
      }),
  };
}

/** An IPv6 address comes out of a URL in brackets, and goes into a socket without. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function unreachable(name: string, url: string, error: Error): AwsError {
  return new AwsError(503, 'ServiceUnavailable', `The ${name} at ${url} cannot be reached: ${error.message}`);
}

async function collect(response: IncomingMessage): Promise<AwsResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const announced = response.headers['content-length'];
  // An answer to HEAD tells the length of a body that it does not have.
  const length = chunks.length === 0 && announced !== undefined ? { 'content-length': announced } : {};
  return {
    status: response.statusCode ?? 500,
    headers: { ...withoutDropped(response.headers), ...length },
    body: Buffer.concat(chunks),
  };
}

function withoutDropped(headers: RawRequest['headers']): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(
    ([name, value]) => value !== undefined && !DROPPED.includes(name),
  );
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}
