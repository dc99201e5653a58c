import { connect, type Socket } from 'node:net';

/** One kept connection that sends requests as bytes and looks at no more of an answer than it must. */
export interface RawSocket {
  /** Sends a whole request; resolves to the answer's body, which must be read before the next one is sent. */
  send(request: Buffer): Promise<Buffer>;
  close(): void;
}

/** A DynamoDB request, ready to be sent: signed by nobody, as the engines on a laptop take it. */
export function encodeRequest(url: URL, operation: string, body: string): Buffer {
  const credential = 'test/20260101/ap-southeast-2/dynamodb/aws4_request';
  const head = [
    'POST / HTTP/1.1',
    `host: ${url.host}`,
    'content-type: application/x-amz-json-1.0',
    `x-amz-target: DynamoDB_20120810.${operation}`,
    'x-amz-date: 20260101T000000Z',
    `authorization: AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Length of the head and of the whole answer; `undefined` before the head is there. */
function lengths(received: Buffer): { readonly head: number; readonly whole: number } | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const text = received.toString('latin1', 0, end);
  if (!text.startsWith('HTTP/1.1 200')) throw new Error(`The engine refuses: ${received.toString()}`);
  const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(length)) throw new Error('The engine sends no content-length.');
  return { head: end + 4, whole: end + 4 + length };
}

/** Connects. */
export async function openSocket(url: URL): Promise<RawSocket> {
  const socket: Socket = connect(Number(url.port), url.hostname);
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let chunks: Buffer[] = [];
  let received = 0;
  let size: ReturnType<typeof lengths>;
  let settle: { resolve: (body: Buffer) => void; reject: (error: unknown) => void } | undefined;
  socket.on('error', (error) => settle?.reject(error));
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    received += chunk.length;
    try {
      size ??= lengths(chunks.length === 1 ? chunk : Buffer.concat(chunks));
    } catch (error) {
      settle?.reject(error);
      return;
    }
    if (size === undefined || received < size.whole) return;
    const body = Buffer.concat(chunks).subarray(size.head);
    [chunks, received, size] = [[], 0, undefined];
    settle?.resolve(body);
  });
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}
