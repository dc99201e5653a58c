import { describe, expect, it } from 'vitest';
import { firstDifference } from './differential/compare.ts';
import { readRecordings } from './differential/recordings.ts';
import { worldSender } from './differential/senders.ts';

// `npm run test:world:engine` makes the recordings, and compares with an engine that runs.
describe.each(readRecordings())('the in-memory DynamoDB, compared with $engine', ({ runs }) => {
  it('answers every recorded request as the engine did, and holds the same items in the end', async () => {
    for (const run of runs) expect(await firstDifference(worldSender(), run)).toBeUndefined();
  });

  it('was asked for every kind of request, answered and refused', () => {
    const exchanges = runs.flat();
    const kinds = new Set(
      exchanges.map(
        ({ operation, answered }) => `${operation} ${'error' in answered ? answered.error : 'answered'}`,
      ),
    );
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'BatchWriteItem answered',
        'CreateTable ResourceInUseException',
        'DeleteItem ConditionalCheckFailedException',
        'DescribeTable ResourceNotFoundException',
        'GetItem answered',
        'PutItem ConditionalCheckFailedException',
        'Query answered',
        'Scan answered',
        'TransactWriteItems TransactionCanceledException',
        'TransactWriteItems answered',
        'UpdateItem ConditionalCheckFailedException',
        'UpdateItem answered',
      ]),
    );
  });
});
