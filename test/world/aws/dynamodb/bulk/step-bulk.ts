import { hash } from 'node:crypto';
import type { BulkPutManifest, BulkPutReportLine } from '../../../../../functions/shared/cost/bulk-put.ts';
import { itemSizeBytes } from '../../../../../functions/shared/items/item-size.ts';
import { inputLines } from '../../../../../workflow/local/dynamodb/bulk/input-lines.ts';
import { dynamoError, isAwsError } from '../../errors.ts';
import type { Aws } from '../../state.ts';
import { planWrite } from '../item-writes.ts';
import { writeRow } from '../rows.ts';
import { presentTable } from '../table-state.ts';
import { type BulkOperation, isActive, type PendingLine } from './bulk-state.ts';

/** The next line to be written is one of this many. */
const LINES_AT_ONCE = 8;
/** What makes an item fail. Anything else makes the operation fail. */
const ITEM_ERRORS: ReadonlySet<string> = new Set(['ValidationException', 'SerializationException']);

/** The operations that may still write. */
export function activeBulkOperations({ state }: Pick<Aws, 'state'>): readonly BulkOperation[] {
  return [...state.bulkOperations.values()].filter(isActive);
}

/**
 * Carries an operation on by one step: it lists its input, writes one line, or ends with its report. True while steps
 * are left. A cancelled one writes nothing more.
 */
export function stepBulk(aws: Aws, operation: BulkOperation): boolean {
  if (!isActive(operation)) return false;
  try {
    carryOn(aws, operation);
  } catch (error) {
    if (!isAwsError(error)) throw error;
    operation.failure = { code: error.name, message: error.message };
    end(aws, operation);
  }
  return isActive(operation);
}

function carryOn(aws: Aws, operation: BulkOperation): void {
  if (operation.status === 'CANCELLING') return end(aws, operation);
  assertSameTable(aws, operation);
  if (operation.lines === undefined) {
    operation.lines = readInput(aws, operation);
    return;
  }
  if (operation.lines.length === 0) return end(aws, operation);
  const among = Math.min(LINES_AT_ONCE, operation.lines.length);
  const [next] = operation.lines.splice(aws.choose(among, 'which line a bulk put writes next'), 1);
  if (next !== undefined) writeLine(aws, operation, next);
}

function assertSameTable(aws: Aws, { tableName, tableId }: BulkOperation): void {
  const table = presentTable(aws, tableName);
  if (table?.id === tableId && table.goneAt === undefined) return;
  throw dynamoError(
    'ResourceNotFoundException',
    `Requested resource not found: Table: ${tableName} was deleted`,
  );
}

function readInput({ state }: Aws, operation: BulkOperation): PendingLine[] {
  const { S3Bucket, S3KeyPrefix = '', InputCompressionType } = operation.request.InputS3Configuration;
  const objects = [...(state.buckets.get(S3Bucket)?.objects ?? [])].filter(([key]) =>
    key.startsWith(S3KeyPrefix),
  );
  if (objects.length === 0)
    throw dynamoError('S3NoSuchKey', 'There is no object under the S3KeyPrefix of the input');
  return objects.flatMap(([s3Key, { body }]) => {
    operation.inputBytes += body.length;
    return [...inputLines(body, InputCompressionType)].map((read): PendingLine => {
      const at = { s3Key, lineNumber: read.number ?? 0 };
      return read.kind === 'line' ? { ...at, line: read.line } : { ...at, problem: read.error };
    });
  });
}

function writeLine(aws: Aws, operation: BulkOperation, pending: PendingLine): void {
  operation.processed += 1;
  const { s3Key, lineNumber, line, problem = '' } = pending;
  const at = { s3Key, lineNumber };
  if (line === undefined)
    return fail(operation, {
      outputType: 'ERROR',
      ...at,
      errorCode: 'ValidationException',
      errorMessage: problem,
    });
  const { Item: item } = line;
  try {
    putLine(aws, operation, { s3Key, lineNumber, line });
  } catch (error) {
    if (!isAwsError(error) || !ITEM_ERRORS.has(error.name)) throw error;
    fail(operation, { outputType: 'ERROR', ...at, errorCode: error.name, errorMessage: error.message, item });
  }
}

function fail(operation: BulkOperation, reported: BulkPutReportLine): void {
  operation.failed += 1;
  operation.report.push(reported);
}

function putLine(
  aws: Aws,
  operation: BulkOperation,
  { s3Key, lineNumber, line }: Required<Omit<PendingLine, 'problem'>>,
): void {
  const { tableName, caller, report } = operation;
  const input = { ...line, TableName: tableName };
  const { table, place, before, isDue, refusal, after } = planWrite(aws, caller, {
    action: 'PutItem',
    input,
  });
  if (refusal !== undefined) throw refusal;
  if (!isDue) {
    const errorCode = 'ConditionalCheckFailedException';
    const existing = before === undefined ? {} : { existingItem: before };
    report.push({
      outputType: 'CONDITION_CHECK_FAILURE',
      s3Key,
      lineNumber,
      errorCode,
      errorMessage: 'The conditional request failed',
      item: line.Item,
      ...existing,
    });
    return;
  }
  writeRow(aws, table, { place, after: after() });
  operation.tableBytes += itemSizeBytes(line.Item);
}

function end(aws: Aws, operation: BulkOperation): void {
  writeReport(aws, operation);
  operation.endedAt = aws.now();
  operation.status = endOf(operation);
}

function endOf({ status, failure, failed }: BulkOperation): BulkOperation['status'] {
  if (status === 'CANCELLING') return 'CANCELLED';
  if (failure !== undefined) return 'FAILED';
  return failed > 0 ? 'COMPLETED_WITH_ERRORS' : 'COMPLETED';
}

function writeReport(aws: Aws, operation: BulkOperation): void {
  const { S3Bucket, S3KeyPrefix = '', OutputType } = operation.request.OutputS3Configuration;
  const objects = aws.state.buckets.get(S3Bucket)?.objects;
  const folder = `${S3KeyPrefix}${/^$|\/$/.test(S3KeyPrefix) ? '' : '/'}AWSDynamoDB/${operation.id}`;
  const store = (key: string, text: string): void => {
    const body = Buffer.from(text);
    const etag = `"${hash('md5', body, 'hex')}"`;
    objects?.set(key, { body, etag, sha256: undefined, contentType: undefined, modifiedAt: aws.now() });
  };
  const outputFiles = OutputType.flatMap((outputType, index) => {
    const lines = operation.report.filter((line) => line.outputType === outputType);
    if (lines.length === 0) return [];
    const s3Key = `${folder}/${outputType}/${String(index).padStart(6, '0')}.json`;
    store(s3Key, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return [{ outputType, s3Key, itemCount: lines.length }];
  });
  const manifest: BulkPutManifest = {
    bulkOperationArn: operation.arn,
    processedItemCount: operation.processed,
    failedItemCount: operation.failed,
    outputFiles,
  };
  store(`${folder}/manifest.json`, JSON.stringify(manifest));
}
