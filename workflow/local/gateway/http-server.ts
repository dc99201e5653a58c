import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RawRequest } from './aws-request.ts';
import type { Outcome } from './dispatcher.ts';

/** The endpoint's listening side. */
export interface HttpServer {
  readonly port: number;
  /** Ends every connection at once, also those that an injected fault keeps waiting. */
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1 only, and serves only requests that were addressed to this machine by name, so that a web
 * page whose name resolves to 127.0.0.1 (DNS rebinding) gets nothing.
 *
 * @throws Error when the port is taken
 */
export async function startHttpServer(
  port: number,
  dispatch: (raw: RawRequest) => Promise<Outcome>,
): Promise<HttpServer> {
  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0 }, (request, response) => {
    void serve(request, response, dispatch);
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenProblem(port, error)));
    server.listen(port, '127.0.0.1', resolve);
  });
}

function listenProblem(port: number, error: NodeJS.ErrnoException): Error {
  return error.code === 'EADDRINUSE'
    ? new PortTakenError(port)
    : new Error(`Cannot listen on 127.0.0.1:${port}: ${error.message}`);
}

/** Something else listens on the port. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  /** The next one, which may be free; 0 for any free one. */
  readonly another: number;

  constructor(port: number) {
    super(
      `Port ${port} is taken, perhaps by another embedded AWS. Stop that, or choose another port with --port.`,
    );
    this.another = port < 65_535 ? port + 1 : 0;
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  dispatch: (raw: RawRequest) => Promise<Outcome>,
): Promise<void> {
  // A client may disconnect during an answer.
  response.on('error', () => response.destroy());
  try {
    const bucket = addressedBucket(request.headers.host);
    if (bucket === false || !isLocalOrigin(request.headers.origin)) return refuse(request, response);
    const path = request.url ?? '/';
    const url = bucket === undefined ? path : `/${bucket}${path}`;
    const raw = {
      method: request.method ?? 'GET',
      url,
      headers: request.headers,
      body: await readBody(request),
    };
    answer(request, response, await dispatch(raw));
  } catch {
    response.destroy();
  }
}

/**
 * The bucket of a virtual-hosted S3 request (`<bucket>.localhost`), `undefined` for this machine's plain names,
 * `false` for every other host. Names under `.localhost` resolve to this machine everywhere (RFC 6761).
 */
function addressedBucket(host = ''): string | undefined | false {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (['127.0.0.1', 'localhost', '[::1]'].includes(name)) return undefined;
  return name.endsWith('.localhost') ? name.slice(0, -'.localhost'.length) : false;
}

/** Browsers name the page that a request comes from; no page but this machine's has any business here. */
function isLocalOrigin(origin: string | undefined): boolean {
  if (origin === undefined) return true;
  return /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(origin);
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const message = 'This endpoint serves this machine only: address it as 127.0.0.1 or localhost.\n';
  response.writeHead(403, { 'content-type': 'text/plain' }).end(message);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

function answer(request: IncomingMessage, response: ServerResponse, outcome: Outcome): void {
  if (outcome.kind === 'hang') return;
  if (outcome.kind === 'reset') {
    request.socket.destroy();
    return;
  }
  const { status, headers, body } = outcome.response;
  const bodiless = request.method === 'HEAD' || status === 204 || status === 304;
  response.writeHead(status, bodiless ? headers : { ...headers, 'content-length': String(body.length) });
  if (outcome.sendBytes === undefined) {
    response.end(bodiless ? undefined : body);
    return;
  }
  response.write(body.subarray(0, outcome.sendBytes), () => request.socket.destroy());
}
