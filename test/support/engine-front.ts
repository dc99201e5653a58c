import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AwsResponse, RawRequest } from '../../workflow/local/gateway/aws-request.ts';

/** A server that answers for the engines behind it. */
export interface EngineFront {
  readonly url: string;
  stop(): Promise<void>;
}

/** Listens on loopback and answers every request with `answer`. `stopBehind` stops the engines behind it. */
export async function startEngineFront(
  answer: (request: RawRequest) => Promise<AwsResponse>,
  stopBehind: () => Promise<void>,
): Promise<EngineFront> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = 'POST', url = '/', headers } = request;
      const {
        status,
        headers: own,
        body,
      } = await answer({ method, url, headers, body: Buffer.concat(chunks) });
      response.writeHead(status, { ...own, 'content-length': body.length }).end(body);
    })().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await stopBehind();
    },
  };
}
