import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { activeBulkOperations, stepBulk } from './dynamodb/bulk/step-bulk.ts';
import { testAws } from './test-aws.ts';

const named = (name: string): Error => expect.objectContaining({ name }) as Error;

const lineOf = (id: string, isConditional = true): string =>
  JSON.stringify({
    Item: { id: { S: id } },
    ...(isConditional && {
      ConditionExpression: 'attribute_not_exists(#k)',
      ExpressionAttributeNames: { '#k': 'id' },
    }),
  });

const START = {
  TableName: 'items',
  ClientToken: 'run:items:1',
  InputS3Configuration: {
    S3Bucket: 'bucket',
    S3KeyPrefix: 'data/',
    InputFormat: 'DYNAMODB_JSON',
    InputCompressionType: 'GZIP',
  },
  OutputS3Configuration: {
    S3Bucket: 'bucket',
    S3KeyPrefix: 'bulk/',
    OutputType: ['ERROR', 'CONDITION_CHECK_FAILURE'],
  },
};

function begun(...lines: readonly string[]) {
  const aws = testAws();
  aws.state.buckets.set('bucket', { objects: new Map(), uploads: new Map() });
  aws.callOf('s3', 'PutObject', {
    Bucket: 'bucket',
    Key: 'data/1.gz',
    Body: gzipSync(`${lines.join('\n')}\n`),
  });
  const start = (change: object = {}) =>
    aws.call<{ BulkOperationDescription: { BulkOperationArn: string } }>('StartBulkPutItems', {
      ...START,
      ...change,
    });
  const { BulkOperationArn } = start().BulkOperationDescription;
  const describe = () =>
    aws.call<{ BulkOperationDescription: object }>('DescribeBulkOperation', { BulkOperationArn })
      .BulkOperationDescription;
  const step = (): boolean => activeBulkOperations(aws).some((operation) => stepBulk(aws.aws, operation));
  const ids = () => [...(aws.state.tables.get('items')?.rows.keys() ?? [])].toSorted();
  return { aws, start, describe, step, ids, BulkOperationArn };
}

describe('bulk put', () => {
  it('writes one line a step, and reports what was not written', () => {
    const { aws, step, describe, ids } = begun(lineOf('a'), lineOf('b'), '{"Item":{"other":{"S":"x"}}}');
    aws.call('PutItem', { TableName: 'items', Item: { id: { S: 'b' }, ours: { BOOL: true } } });
    const counts = [step() && ids().length, step() && ids().length];
    while (step());
    expect(counts).toEqual([1, 2]);
    expect(describe()).toMatchObject({
      BulkOperationStatus: 'COMPLETED_WITH_ERRORS',
      ProcessedItemCount: 3,
      FailedItemCount: 1,
    });
    const reports = [...(aws.state.buckets.get('bucket')?.objects ?? [])].filter(([key]) =>
      key.startsWith('bulk/'),
    );
    expect(reports.map(([key]) => key.split('/').slice(3).join('/')).toSorted()).toEqual([
      'CONDITION_CHECK_FAILURE/000001.json',
      'ERROR/000000.json',
      'manifest.json',
    ]);
    expect(String(reports.find(([key]) => key.includes('CONDITION'))?.[1].body)).toContain(
      '"existingItem":{"id":{"S":"b"},"ours"',
    );
  });

  it('finds the operation of a token again, and refuses the token with another order', () => {
    const { start, BulkOperationArn } = begun(lineOf('a'));
    expect(start().BulkOperationDescription.BulkOperationArn).toBe(BulkOperationArn);
    expect(() => start({ MaxWriteRequestUnits: 2_048 })).toThrow(
      named('IdempotentParameterMismatchException'),
    );
    expect(() => start({ ClientToken: 'other' })).toThrow(named('LimitExceededException'));
  });

  it('is CANCELLING until what is under way has landed, and writes nothing more', () => {
    const { aws, step, describe, ids, BulkOperationArn } = begun(lineOf('a'), lineOf('b'));
    step();
    step();
    aws.call('CancelBulkOperation', { BulkOperationArn });
    expect(describe()).toMatchObject({ BulkOperationStatus: 'CANCELLING' });
    while (step());
    expect(describe()).toMatchObject({ BulkOperationStatus: 'CANCELLED' });
    expect(ids()).toEqual(['a']);
    expect(() => aws.call('CancelBulkOperation', { BulkOperationArn })).toThrow(named('ValidationException'));
  });

  it('fails when its table is deleted, even if another one has the name by then', () => {
    const { aws, step, describe, ids } = begun(lineOf('a'), lineOf('b'));
    step();
    aws.call('DeleteTable', { TableName: 'items' });
    aws.call('CreateTable', {
      TableName: 'items',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
    while (step());
    expect(describe()).toMatchObject({
      BulkOperationStatus: 'FAILED',
      FailureCode: 'ResourceNotFoundException',
    });
    expect(ids()).toEqual([]);
  });

  it('lists operations in pages, the most recent first', () => {
    const { aws, step, start, BulkOperationArn } = begun(lineOf('a', false));
    while (step());
    const second = start({ ClientToken: 'run:items:2' }).BulkOperationDescription.BulkOperationArn;
    aws.answer('after which a list ends', 1);
    const page = aws.call<{ NextToken: string }>('ListBulkOperations', {});
    expect(page).toMatchObject({ BulkOperationsSummaryList: [{ BulkOperationArn: second }] });
    expect(aws.call('ListBulkOperations', { NextToken: page.NextToken })).toMatchObject({
      BulkOperationsSummaryList: [{ BulkOperationArn }],
    });
  });
});
