import { startDynoxide } from '../../workflow/local/dynamodb/dynoxide.ts';
import type { AwsResponse } from '../../workflow/local/gateway/aws-request.ts';
import { createEngineClient } from '../../workflow/local/gateway/engine-client.ts';
import { type EngineFront, startEngineFront } from './engine-front.ts';

/** How CreateTable treats tags if the engine has none. DynamoDB Local has done both. */
export type TagsInCreateTable = 'ignored' | 'refused';

const MESSAGE = 'Tagging is not currently supported in DynamoDB Local.';

const refusal = (type: string): AwsResponse => ({
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: Buffer.from(JSON.stringify({ __type: `com.amazon.coral.service#${type}`, message: MESSAGE })),
});

/** The packaged engine without what DynamoDB Local lacks, which is tags and the ids of tables. */
export async function startLesserEngine(tagsInCreateTable: TagsInCreateTable): Promise<EngineFront> {
  const packaged = await startDynoxide();
  const engine = createEngineClient('engine', packaged.url);
  return startEngineFront(
    async (request) => {
      const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      if (operation === 'ListTagsOfResource') return refusal('UnknownOperationException');
      const { Tags, ...others } = JSON.parse(request.body.toString() || '{}') as Record<string, unknown>;
      const hasTags = operation === 'CreateTable' && Tags !== undefined;
      if (hasTags && tagsInCreateTable === 'refused') return refusal('ValidationException');
      const body = hasTags ? Buffer.from(JSON.stringify(others)) : request.body;
      return withoutIds(await engine.send({ ...request, body }));
    },
    async () => {
      engine.close();
      await packaged.stop();
    },
  );
}

function withoutIds(answer: AwsResponse): AwsResponse {
  const text = answer.body.toString().replaceAll(/"TableId":"[^"]*",?|,"TableId":"[^"]*"/g, '');
  return { ...answer, body: Buffer.from(text) };
}
