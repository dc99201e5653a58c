import { expect, it } from 'vitest';
import { createStrictness } from '../../../workflow/local/dynamodb/strictness.ts';
import { AwsError, jsonAnswer } from '../../../workflow/local/gateway/aws-answers.ts';
import type { AwsRequest, AwsResponse } from '../../../workflow/local/gateway/aws-request.ts';

function batchOf(...items: readonly object[]): AwsRequest {
  const json = { RequestItems: { cart: items.map((Item) => ({ PutRequest: { Item } })) } };
  return { operation: 'BatchWriteItem', tables: ['cart'], json, body: Buffer.alloc(0) } as never;
}

const KEY: AwsResponse = jsonAnswer({ Table: { KeySchema: [{ AttributeName: 'PK' }] } });

it('a batch is checked again after an engine could not be reached once', async () => {
  let asked = 0;
  const strictness = createStrictness(async () => {
    asked += 1;
    if (asked === 1) throw new AwsError(503, 'ServiceUnavailable', 'It cannot be reached.');
    return KEY;
  });
  const twice = batchOf({ PK: { S: 'a' } }, { PK: { S: 'a' }, note: { S: 'b' } });
  await expect(strictness.check(twice)).rejects.toThrow('It cannot be reached.');
  await expect(strictness.check(twice)).rejects.toThrow('Provided list of item keys contains duplicates');
  await strictness.check(batchOf({ PK: { S: 'a' } }, { PK: { S: 'b' } }));
  expect(asked).toBe(2);
});
