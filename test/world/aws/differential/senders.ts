import { createWorldAws } from '../aws.ts';
import type { SendRequest } from './compared-request.ts';

const ANYBODY = { name: 'anybody', tags: {} };

/** Sends requests to a new in-memory AWS, which is prompt, consistent and complete. */
export function worldSender(): SendRequest {
  let now = Date.UTC(2026, 0, 1);
  const world = createWorldAws({ now: () => now, choose: () => 0 });
  return async (operation, input) => {
    now += 1;
    const request = world.begin(ANYBODY, 'dynamodb', operation, input);
    while (request.step());
    return request.answer();
  };
}

const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=differential/20260101/ap-southeast-2/dynamodb/aws4_request, SignedHeaders=host, Signature=0';

/** Sends requests to an engine. */
export function engineSender(url: string): SendRequest {
  return async (operation, input) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: AUTHORIZATION,
        'x-amz-date': '20260101T000000Z',
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
      },
      body: JSON.stringify(input),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as unknown;
    const { __type = '', message = '' } = JSON.parse(text) as { __type?: string; message?: string };
    const name = __type.slice(__type.indexOf('#') + 1);
    throw Object.assign(new Error(message), { name, wireBody: text });
  };
}

/** Deletes every table of an engine. */
export async function emptyEngine(send: SendRequest): Promise<void> {
  const { TableNames } = (await send('ListTables', {})) as { readonly TableNames: readonly string[] };
  for (const TableName of TableNames) {
    const { Table } = (await send('DescribeTable', { TableName })) as {
      readonly Table: { readonly DeletionProtectionEnabled?: boolean };
    };
    if (Table.DeletionProtectionEnabled === true)
      await send('UpdateTable', { TableName, DeletionProtectionEnabled: false });
    await send('DeleteTable', { TableName });
  }
}
