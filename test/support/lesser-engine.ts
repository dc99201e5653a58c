import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startDynoxide } from '../../workflow/local/dynamodb/dynoxide.ts';
import { createEngineClient } from '../../workflow/local/gateway/engine-client.ts';

/** A DynamoDB engine that lacks something. */
export interface LesserEngine {
  readonly url: string;
  stop(): Promise<void>;
}

/** How CreateTable takes tags that the engine does not have: DynamoDB Local has done both. */
export type TagsInCreateTable = 'ignored' | 'refused';

const MESSAGE = 'Tagging is not currently supported in DynamoDB Local.';

const refusal = (type: string) => ({
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: Buffer.from(JSON.stringify({ __type: `com.amazon.coral.service#${type}`, message: MESSAGE })),
});

/** The packaged engine without what DynamoDB Local lacks: tags, and the ids of tables. */
export async function startLesserEngine(tagsInCreateTable: TagsInCreateTable): Promise<LesserEngine> {
  const packaged = await startDynoxide();
  const engine = createEngineClient('engine', packaged.url);

  const answerTo = async (operation: string, headers: Record<string, string>, body: Buffer) => {
    if (operation === 'ListTagsOfResource') return refusal('UnknownOperationException');
    const { Tags, ...request } = JSON.parse(body.toString() || '{}') as Record<string, unknown>;
    const hasTags = operation === 'CreateTable' && Tags !== undefined;
    if (hasTags && tagsInCreateTable === 'refused') return refusal('ValidationException');
    const sent = hasTags ? Buffer.from(JSON.stringify(request)) : body;
    const answer = await engine.send({ method: 'POST', url: '/', headers, body: sent });
    return {
      ...answer,
      body: Buffer.from(answer.body.toString().replaceAll(/"TableId":"[^"]*",?|,"TableId":"[^"]*"/g, '')),
    };
  };

  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      const { 'content-length': _length, ...headers } = request.headers as Record<string, string>;
      const { status, headers: own, body } = await answerTo(operation, headers, Buffer.concat(chunks));
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
      engine.close();
      await packaged.stop();
    },
  };
}
