import type { BulkOperation } from '../shared/aws/bulk-operations.ts';
import type { BulkCursor } from '../shared/copy/bulk/bulk-cursor.ts';
import type { Progress } from '../shared/copy/checkpoint.ts';
import { count, counted } from '../shared/counted.ts';
import { BulkLoadError, ItemRefusedError } from '../shared/errors.ts';
import { keyText } from '../shared/items/item-key.ts';
import type { Run } from '../shared/ledger/run.ts';
import { shorten } from '../shared/text.ts';
import type { BulkWork } from './bulk-work.ts';
import type { ReportLine } from './read-report.ts';

const MAX_NAMED = 3;

/** The error for an operation that DynamoDB no longer describes. */
export function lostError({ table, operationArn = '' }: BulkCursor): BulkLoadError {
  return new BulkLoadError(
    `DynamoDB no longer knows bulk put ${operationArn} into table ${table}, so nobody can say what it has written.`,
  );
}

/** The error for a client token that somebody has used for a bulk put of his own. */
export function tokenTaken(table: string, token: string, { message }: Error): BulkLoadError {
  return new BulkLoadError(
    `Bulk put into table ${table} could not start, because its client token ${token} belongs to another order (${shorten(message, 300)}). Nothing was written by this run. The next run takes another token.`,
  );
}

/** The error for an operation that DynamoDB has not let start all this time. */
export function notStarted(table: string, { message }: Error, time: string): BulkLoadError {
  return new BulkLoadError(
    `Bulk put into table ${table} could not start for ${time} (${shorten(message, 300)}). Wait until others neither change nor load the table.`,
  );
}

/** Why an operation that has ended did not get through its input; `undefined`: it did, be it with lines that failed. */
export function notLoaded(
  { arn, status, processed, failure }: BulkOperation,
  { table, itemCount }: BulkWork,
): BulkLoadError | undefined {
  const what = `Bulk put ${arn} into table ${table.name}`;
  const because = failure === undefined ? '' : `: ${shorten(failure, 400)}`;
  if (status === 'CANCELLED')
    return new BulkLoadError(
      `${what} was cancelled by somebody after ${count(processed)} of ${counted(itemCount, 'item')}${because}.`,
    );
  if (status !== 'COMPLETED' && status !== 'COMPLETED_WITH_ERRORS')
    return new BulkLoadError(
      `${what} ended as ${status} after ${count(processed)} of ${counted(itemCount, 'item')}${because}.`,
    );
  if (processed === itemCount) return undefined;
  return new BulkLoadError(
    `${what} has processed ${count(processed)} items, and its files hold ${count(itemCount)}.`,
  );
}

/** The error for lines that DynamoDB could not write. */
export function refusedItems(
  { table, key }: BulkWork,
  { arn, failed }: BulkOperation,
  lines: readonly ReportLine[],
): ItemRefusedError {
  const named = lines.slice(0, MAX_NAMED).map(({ item, s3Key, lineNumber, errorMessage }) => {
    const which = item === undefined ? `line ${lineNumber ?? '?'} of ${s3Key}` : `item ${keyText(item, key)}`;
    return `${which}: ${shorten(errorMessage, 120)}`;
  });
  const first =
    named.length === 0 ? 'Its report names none of them.' : `First of them: ${named.join(' | ')}.`;
  return new ItemRefusedError(
    `DynamoDB's bulk put ${arn} could not write ${counted(failed, 'item')} into table ${table.name}. ${shorten(first, 600)} The run cannot be completed. Correct the source items or the transform.`,
  );
}

/**
 * What only the report shows.
 *
 * @throws BulkLoadError (not retried) where somebody has written into a table that the run created, or nobody can say
 *   what an existing table held
 */
export function assertLoaded(
  { resumed }: Run,
  { table }: BulkWork,
  { progress, isReported }: { readonly progress: Progress<BulkCursor>; readonly isReported: boolean },
): void {
  const isNew = table.outcome === 'CREATED';
  const { alreadyPresent = 0 } = progress.counters;
  if (isNew && alreadyPresent > 0)
    throw new BulkLoadError(
      `Table ${table.name} was created by this run, but others had written ${counted(alreadyPresent, 'item')} under its keys: ${named(progress)}. What they wrote is left as it is. Keep others from writing there until the next run has succeeded.`,
    );
  // The digest of a new table shows what is in it.
  if (isReported || (isNew && !resumed)) return;
  throw new BulkLoadError(
    `Bulk put ${progress.cursor?.operationArn ?? ''} has left no report, so nobody can say which items table ${table.name} held before.`,
  );
}

function named({ samples }: Progress<BulkCursor>): string {
  return (samples?.['present'] ?? []).slice(0, MAX_NAMED).join(', ');
}
