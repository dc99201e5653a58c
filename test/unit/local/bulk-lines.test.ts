import { describe, expect, it } from 'vitest';
import { createOperation, type BulkOperation } from '../../../workflow/local/dynamodb/bulk/operation.ts';
import { createReports } from '../../../workflow/local/dynamodb/bulk/reports.ts';
import type { S3Objects } from '../../../workflow/local/dynamodb/bulk/s3-objects.ts';
import { type PutItem, writeLine } from '../../../workflow/local/dynamodb/bulk/write-line.ts';
import { AwsError, errorAnswer, jsonAnswer } from '../../../workflow/local/gateway/aws-answers.ts';

const operation = (S3SseAlgorithm?: 'KMS'): BulkOperation =>
  createOperation({
    request: {
      TableName: 'cart',
      InputS3Configuration: {
        S3Bucket: 'input',
        InputFormat: 'DYNAMODB_JSON',
        InputCompressionType: 'NONE',
      },
      OutputS3Configuration: {
        S3Bucket: 'output',
        S3KeyPrefix: 'runs/1/bulk',
        OutputType: ['ERROR'],
        ...(S3SseAlgorithm !== undefined && { S3SseAlgorithm, S3SseKmsKeyId: 'key-1' }),
      },
      PerformanceTier: 'STANDARD',
    },
    table: { name: 'cart', id: 'cart-1', localIndexes: [], globalIndexes: [] },
    accessKeyId: undefined,
    startedAt: 0,
  });

describe('a line of a bulk put', () => {
  const line = { Item: { PK: { S: '1' } } };
  /** Refuses as told, one code after the other, and then takes the item. */
  const engine = (...codes: string[]): PutItem => {
    const left = [...codes];
    return () => {
      const code = left.shift();
      if (code === undefined) return Promise.resolve(jsonAnswer({}));
      return Promise.resolve(errorAnswer('dynamodb', new AwsError(400, code, `refused: ${code}`)));
    };
  };

  it('is written again after what passes, and counted once', async () => {
    const one = operation();
    const putItem = engine('ProvisionedThroughputExceededException', 'TransactionConflictException');
    expect(await writeLine(putItem, one, line)).toEqual({ kind: 'written' });
    expect(one.counts.tableBytes).toBe(3);
  });

  it('is refused where its item is invalid, and not counted', async () => {
    const one = operation();
    expect(await writeLine(engine('ValidationException'), one, line)).toEqual({
      kind: 'refused',
      code: 'ValidationException',
      message: 'refused: ValidationException',
    });
    expect(one.counts.tableBytes).toBe(0);
  });

  it('fails the operation where the table is gone, or throttled ten times in a row', async () => {
    await expect(writeLine(engine('ResourceNotFoundException'), operation(), line)).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
    const throttled = Array.from({ length: 10 }, () => 'ThrottlingException');
    await expect(writeLine(engine(...throttled), operation(), line)).rejects.toMatchObject({
      code: 'ThrottlingException',
    });
  });
});

describe('the reports of a bulk put', () => {
  type Object = { readonly key: string; readonly text: string; readonly headers: object };

  function bucket(): { readonly s3: S3Objects; readonly objects: Object[] } {
    const objects: Object[] = [];
    const s3: S3Objects = {
      assertBucket: () => Promise.resolve(),
      list: () => Promise.resolve([]),
      read: () => Promise.resolve(Buffer.alloc(0)),
      write(_bucket, key, body, headers) {
        objects.push({ key, text: body.toString(), headers });
        return Promise.resolve();
      },
    };
    return { s3, objects };
  }

  it('are cut into objects of some 4 MiB, whose lines the manifest counts', async () => {
    const { s3, objects } = bucket();
    const one = operation();
    const reports = createReports(one, s3);
    const errorMessage = 'x'.repeat(2 ** 20);
    for (let lineNumber = 1; lineNumber <= 5; lineNumber += 1)
      await reports.add({ outputType: 'ERROR', s3Key: 'a', lineNumber, errorCode: 'e', errorMessage });
    await reports.end();
    const folder = `runs/1/bulk/AWSDynamoDB/${one.id}`;
    expect(objects.map(({ key, text }) => [key, text.split('\n').length - 1])).toEqual([
      [`${folder}/ERROR/000000.json`, 4],
      [`${folder}/ERROR/000001.json`, 1],
      [`${folder}/manifest.json`, 0],
    ]);
    expect(JSON.parse(objects.at(-1)?.text ?? '')).toMatchObject({
      bulkOperationArn: one.arn,
      outputFiles: [{ itemCount: 4 }, { itemCount: 1 }],
    });
  });

  it('are encrypted with the key that was asked for', async () => {
    const { s3, objects } = bucket();
    await createReports(operation('KMS'), s3).end();
    expect(objects).toMatchObject([
      {
        headers: {
          'x-amz-server-side-encryption': 'aws:kms',
          'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
        },
      },
    ]);
  });
});
