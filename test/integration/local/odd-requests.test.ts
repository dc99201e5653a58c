import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { startTinyAws } from '../../support/embedded.ts';

let aws: EmbeddedAws;

beforeAll(async () => {
  aws = await startTinyAws();
});

afterAll(() => aws.stop());

async function statusOf(path: string, target: string, body?: string): Promise<number> {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target };
  const answer = await fetch(aws.endpoint + path, { method: 'POST', headers, body: body ?? null });
  await answer.arrayBuffer();
  return answer.status;
}

// A client asks again after an answer of 500, and its owner looks for the fault in the wrong place.
describe('a request that no client should send', () => {
  it.each([
    ['DynamoDB_20120810.BatchWriteItem', '{"RequestItems": {"cart": null}}'],
    ['DynamoDB_20120810.BatchWriteItem', '{"RequestItems": {"cart": [null]}}'],
    ['DynamoDB_20120810.BatchWriteItem', '{"RequestItems": {"cart": {}}}'],
    ['DynamoDB_20120810.BatchGetItem', '{"RequestItems": {"cart": 1}}'],
    ['DynamoDB_20120810.TransactWriteItems', '{"TransactItems": [null]}'],
    ['DynamoDB_20120810.TransactWriteItems', '{"TransactItems": [{"Put": null}]}'],
    ['DynamoDB_20120810.BatchExecuteStatement', '{"Statements": [null]}'],
    ['AWSStepFunctions.toString', '{}'],
    ['AWSStepFunctions.__proto__', '{}'],
    ['AWSStepFunctions.constructor', '{}'],
    ['DynamoDBStreams_20120810.constructor', '{}'],
    ['DynamoDBStreams_20120810.DescribeStream', '{"TransactItems": [null]}'],
    ['AmazonSQS.constructor', '{"QueueName": "tiny-local-batch-failures"}'],
  ])('%s of %s is refused as the mistake that it is', async (target, body) => {
    expect(await statusOf('/', target, body)).toBe(400);
  });

  it.each(['/bucket/%zz', '//', '/2015-03-31/functions/%zz/invocations'])(
    'the address %s is refused as the mistake that it is',
    async (path) => {
      expect(await statusOf(path, '')).toBe(400);
    },
  );

  it('a batch that reads from a table, and a transaction, come through', async () => {
    const get = `{"RequestItems": {"${aws.ledgerTable}": {"Keys": [{"PK": {"S": "a"}, "SK": {"S": "b"}}]}}}`;
    expect(await statusOf('/', 'DynamoDB_20120810.BatchGetItem', get)).toBe(200);
    const item = `{"PK": {"S": "a"}, "SK": {"S": "b"}}`;
    const put = `{"TransactItems": [{"Put": {"TableName": "${aws.ledgerTable}", "Item": ${item}}}]}`;
    expect(await statusOf('/', 'DynamoDB_20120810.TransactWriteItems', put)).toBe(200);
  });
});
