import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createEngineClient, type EngineClient } from '../../workflow/local/gateway/engine-client.ts';
import { startDynoxide } from '../../workflow/local/dynamodb/dynoxide.ts';

/** A DynamoDB made of two. */
export interface LedgerApart {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves the ledger's table from the packaged engine and every other one from the given engine, for engines that have no
 * transactions: everything but the ledger is then tried on them.
 */
export async function startLedgerApart(dynamodbUrl: string): Promise<LedgerApart> {
  const packaged = await startDynoxide();
  const [ledger, others] = [packaged.url, dynamodbUrl].map((url) => createEngineClient('engine', url));
  if (ledger === undefined || others === undefined) throw new Error('There are no two engines.');
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const { method = 'POST', url = '/', headers } = request;
      const answer = await engineFor(body, ledger, others).send({ method, url, headers, body });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    })().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      for (const engine of [ledger, others]) engine.close();
      await packaged.stop();
    },
  };
}

/** The names of the ledger's table and index stand in no request on another table. */
function engineFor(body: Buffer, ledger: EngineClient, others: EngineClient): EngineClient {
  return /"TableName":"[^"]*-ledger"|"[^"]*-ledger":[[{]/.test(body.toString()) ? ledger : others;
}
