import { randomUUID } from 'node:crypto';
import type { StreamRecord } from '../../dynamodb/streams/stream-records.ts';

/** Records that a mapping gave up. */
export interface Discarded {
  readonly records: readonly StreamRecord[];
  readonly condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded';
  readonly shardId: string;
  readonly streamArn: string;
  readonly functionArn: string;
  readonly invokeCount: number;
  /** `Unhandled`; `undefined`: the function returned, or was never called. */
  readonly functionError: string | undefined;
  /** Epoch milliseconds. */
  readonly at: number;
}

/**
 * What the on-failure queue gets: where the records are, never what they hold.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
export function failureMessage(discarded: Discarded): string {
  const { records, invokeCount, functionError } = discarded;
  const [first, last] = [records[0], records.at(-1)];
  const response = {
    statusCode: 200,
    executedVersion: '$LATEST',
    ...(functionError !== undefined && { functionError }),
  };
  return JSON.stringify({
    requestContext: {
      requestId: randomUUID(),
      functionArn: discarded.functionArn,
      condition: discarded.condition,
      approximateInvokeCount: invokeCount,
    },
    ...(invokeCount > 0 && { responseContext: response }),
    version: '1.0',
    timestamp: new Date(discarded.at).toISOString(),
    DDBStreamBatchInfo: {
      shardId: discarded.shardId,
      startSequenceNumber: first?.dynamodb.SequenceNumber,
      endSequenceNumber: last?.dynamodb.SequenceNumber,
      approximateArrivalOfFirstRecord: arrivalOf(first),
      approximateArrivalOfLastRecord: arrivalOf(last),
      batchSize: records.length,
      streamArn: discarded.streamArn,
    },
  });
}

function arrivalOf(record: StreamRecord | undefined): string | undefined {
  if (record === undefined) return undefined;
  const at = new Date(record.dynamodb.ApproximateCreationDateTime * 1000);
  return at.toISOString().replace('.000Z', 'Z');
}
