import type { StreamRecord } from '../../dynamodb/streams/stream-records.ts';
import type { Invoked } from './mapping-calls.ts';

/**
 * How many records of a batch, counted from its first, are done with; the first that is not begins the next try. `undefined`:
 * the batch failed as a whole.
 *
 * @param reports whether the mapping asks for ReportBatchItemFailures
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export function countDone(
  records: readonly StreamRecord[],
  { functionError, payload }: Invoked,
  reports: boolean,
): number | undefined {
  if (functionError !== undefined) return undefined;
  if (!reports || payload === null) return records.length;
  if (typeof payload !== 'object' || Array.isArray(payload)) return undefined;
  const { batchItemFailures } = payload as { batchItemFailures?: unknown };
  if (batchItemFailures === undefined || batchItemFailures === null) return records.length;
  if (!Array.isArray(batchItemFailures)) return undefined;
  const failed = batchItemFailures.map((failure: { itemIdentifier?: unknown } | null) =>
    records.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === failure?.itemIdentifier),
  );
  // An identifier that no record of the batch has makes the whole batch a failure.
  return failed.includes(-1) ? undefined : Math.min(records.length, ...failed);
}
