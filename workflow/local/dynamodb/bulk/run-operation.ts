import { BULK_PUT, readingOf, type BulkPutTier } from '../../../../functions/shared/cost/bulk-put.ts';
import { ACCOUNT_ID } from '../../account.ts';
import { AwsError } from '../../gateway/aws-answers.ts';
import { type InputLine, inputLines } from './input-lines.ts';
import type { BulkOperation, BulkStatus } from './operation.ts';
import { createPace, type Pace } from './pace.ts';
import { createReports, type Reports } from './reports.ts';
import type { ListedObject, S3Objects } from './s3-objects.ts';
import { type PutItem, writeLine, writeUnitsOf } from './write-line.ts';

/** What running an operation takes. */
export interface RunParts {
  readonly s3: S3Objects;
  readonly putItem: PutItem;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface Run extends RunParts {
  readonly operation: BulkOperation;
  readonly reports: Reports;
  readonly pace: Pace;
}

/** Objects that are read side by side, and lines of each that are written side by side. */
const LANES = 4;
const LINES_AT_ONCE = 8;

/**
 * Carries an operation out, to its end: reads the input, writes what it can, waits for what is under way, writes the
 * reports, and then says how it ended. Never rejects.
 */
export async function runOperation(parts: RunParts, operation: BulkOperation): Promise<void> {
  const { request, abort } = operation;
  const reports = createReports(operation, parts.s3);
  const run: Run = {
    ...parts,
    operation,
    reports,
    pace: createPace(request.MaxWriteRequestUnits, abort.signal),
  };
  const failed = (await failureOf(load(run))) ?? (abort.signal.reason as AwsError | undefined);
  const unreported = await failureOf(reports.end());
  operation.failure = failed ?? unreported;
  operation.endedAt = parts.now();
  operation.status = endOf(operation);
}

function endOf({ status, failure, counts }: BulkOperation): BulkStatus {
  if (status === 'CANCELLING') return 'CANCELLED';
  if (failure !== undefined) return 'FAILED';
  return counts.failed > 0 ? 'COMPLETED_WITH_ERRORS' : 'COMPLETED';
}

async function failureOf(work: Promise<void>): Promise<AwsError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof AwsError) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new AwsError(500, 'InternalServerError', message);
  }
}

async function load(run: Run): Promise<void> {
  const { operation, s3 } = run;
  const { InputS3Configuration: input, OutputS3Configuration: output } = operation.request;
  for (const { S3Bucket, S3BucketOwner = ACCOUNT_ID } of [input, output]) {
    if (S3BucketOwner !== ACCOUNT_ID)
      throw new AwsError(403, 'S3AccessDenied', `Account ${S3BucketOwner} does not own ${S3Bucket}`);
    await s3.assertBucket(S3Bucket);
  }
  const objects = await s3.list(input.S3Bucket, input.S3KeyPrefix ?? '');
  assertInput(objects, operation.request.PerformanceTier);
  operation.counts.totalInputBytes = bytesOf(objects);
  const queue = objects.values();
  const lane = async (): Promise<void> => {
    for (const object of queue) await loadObject(run, object);
  };
  await allLanded(Array.from({ length: LANES }, () => orAbort(operation.abort, lane())));
}

/**
 * @throws AwsError (S3NoSuchKey where there is no object; InputLimitExceeded)
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.BestPractices.html
 */
export function assertInput(objects: readonly ListedObject[], tier: BulkPutTier): void {
  if (objects.length === 0)
    throw new AwsError(404, 'S3NoSuchKey', 'There is no object under the S3KeyPrefix of the input');
  const { limits } = BULK_PUT;
  const mostObjects = readingOf(limits.objects) ?? Number.POSITIVE_INFINITY;
  const mostObjectBytes = readingOf(limits.objectBytes) ?? Number.POSITIVE_INFINITY;
  const mostBytes = readingOf(limits.inputBytes[tier]) ?? Number.POSITIVE_INFINITY;
  if (objects.length > mostObjects)
    throw exceeded(`The input has ${objects.length} objects; one operation takes ${mostObjects}`);
  const large = objects.find(({ bytes }) => bytes > mostObjectBytes);
  if (large !== undefined)
    throw exceeded(`The object ${large.key} has ${large.bytes} bytes; an object may have ${mostObjectBytes}`);
  if (bytesOf(objects) > mostBytes)
    throw exceeded(`The input has ${bytesOf(objects)} bytes; tier ${tier} takes ${mostBytes}`);
}

const exceeded = (message: string): AwsError => new AwsError(400, 'InputLimitExceeded', message);

const bytesOf = (objects: readonly ListedObject[]): number =>
  objects.reduce((sum, { bytes }) => sum + bytes, 0);

/** The first failure keeps everything else from being written. */
async function orAbort(abort: AbortController, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    abort.abort(error);
    throw error;
  }
}

/** Rejects as the first that failed, but only once all have ended. */
async function allLanded(work: readonly Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(work);
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function loadObject(run: Run, object: ListedObject): Promise<void> {
  const { operation, s3 } = run;
  operation.abort.signal.throwIfAborted();
  const { S3Bucket, InputCompressionType } = operation.request.InputS3Configuration;
  const bytes = await s3.read(S3Bucket, object);
  operation.counts.inputBytes += object.bytes;
  let group: Promise<void>[] = [];
  for (const line of inputLines(bytes, InputCompressionType)) {
    group.push(orAbort(operation.abort, loadLine(run, object.key, line)));
    if (group.length < LINES_AT_ONCE) continue;
    await allLanded(group);
    group = [];
  }
  await allLanded(group);
}

async function loadLine(
  { operation, reports, pace, putItem }: Run,
  s3Key: string,
  read: InputLine,
): Promise<void> {
  const { counts } = operation;
  const at = { s3Key, ...(read.number !== undefined && { lineNumber: read.number }) };
  if (read.kind !== 'line') {
    counts.processed += 1;
    counts.failed += 1;
    const errorCode = read.kind === 'invalid' ? 'ValidationException' : 'SerializationException';
    return reports.add({ outputType: 'ERROR', ...at, errorCode, errorMessage: read.error });
  }
  const { Item: item } = read.line;
  await pace(writeUnitsOf(read.itemBytes));
  const written = await writeLine(putItem, operation, read.line);
  counts.processed += 1;
  if (written.kind === 'written') return;
  if (written.kind === 'refused') {
    counts.failed += 1;
    const { code: errorCode, message: errorMessage } = written;
    return reports.add({ outputType: 'ERROR', ...at, errorCode, errorMessage, item });
  }
  await reports.add({
    outputType: 'CONDITION_CHECK_FAILURE',
    ...at,
    errorCode: 'ConditionalCheckFailedException',
    errorMessage: written.message,
    item,
    ...(written.existingItem !== undefined && { existingItem: written.existingItem }),
  });
}
