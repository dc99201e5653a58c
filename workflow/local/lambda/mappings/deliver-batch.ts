import { AwsError } from '../../gateway/aws-answers.ts';
import type { StreamRecord } from '../../dynamodb/streams/stream-records.ts';
import { countDone } from './batch-outcome.ts';
import { failureMessage, type Discarded } from './failure-message.ts';
import { backOffMillis, pause, until, type MappingRun } from './mapping-run.ts';

/** Records that go to the function together. */
interface Piece {
  readonly records: readonly StreamRecord[];
  /** Calls that ended with an error or with a record not done; a split does not count. */
  readonly failures: number;
  readonly invokeCount: number;
  readonly functionError: string | undefined;
}

/** A batch of one shard. */
export interface Batch {
  readonly shardId: string;
  readonly records: readonly StreamRecord[];
}

const SEND_ATTEMPTS = 3;

/**
 * Calls the function until every record of a batch is done or given up, oldest first.
 *
 * @param signal ends it after the call under way
 * @returns the records that are neither done nor given up: none, but after the signal
 */
export async function deliverBatch(
  run: MappingRun,
  { shardId, records }: Batch,
  signal: AbortSignal,
): Promise<readonly StreamRecord[]> {
  let pieces: readonly Piece[] = [{ records, failures: 0, invokeCount: 0, functionError: undefined }];
  for (;;) {
    await until(run.bell, () => !run.isPaused || signal.aborted);
    const [piece, ...later] = pieces;
    if (piece === undefined) return [];
    if (signal.aborted) return pieces.flatMap((one) => one.records);
    const young = await discardOld(run, shardId, piece);
    const left = young.records.length === 0 ? [] : await tryPiece(run, shardId, { piece: young, signal });
    pieces = [...left, ...later];
  }
}

/** One try. @returns what is left to be tried of the piece */
async function tryPiece(
  run: MappingRun,
  shardId: string,
  { piece, signal }: { readonly piece: Piece; readonly signal: AbortSignal },
): Promise<readonly Piece[]> {
  const event = eventOf(run, piece.records);
  run.onBatch(shardId, event);
  const invoked = await run.calls.invoke(run.functionArn, event).catch(refusalOf);
  const { FunctionResponseTypes, MaximumRetryAttempts } = run.settings;
  if (invoked instanceof AwsError) {
    // The function was not run: that is no failure of it, and is tried again without an end.
    run.onResult(`PROBLEM: ${invoked.message}`);
    await pause(backOffMillis(run, 1), signal);
    return [piece];
  }
  const done = countDone(piece.records, invoked, FunctionResponseTypes.length > 0);
  run.onResult(invoked.functionError === undefined ? 'OK' : 'PROBLEM: Function call failed');
  if (done === piece.records.length) return [];
  const { functionError } = invoked;
  const invokeCount = piece.invokeCount + 1;
  const left = { ...piece, records: piece.records.slice(done), invokeCount, functionError };
  // Where the function names the first record that failed, the split is before that one.
  if (done === undefined && run.settings.BisectBatchOnFunctionError && left.records.length > 1) {
    await pause(backOffMillis(run, 1), signal);
    return halves(left);
  }
  const failed = { ...left, failures: left.failures + 1 };
  if (MaximumRetryAttempts >= 0 && failed.failures > MaximumRetryAttempts) {
    await discard(run, { ...failed, shardId, condition: 'RetryAttemptsExhausted' });
    return [];
  }
  await pause(backOffMillis(run, failed.failures), signal);
  return [failed];
}

function refusalOf(error: unknown): AwsError {
  return error instanceof AwsError ? error : new AwsError(500, 'ServiceException', String(error));
}

function halves(piece: Piece): readonly Piece[] {
  const middle = Math.ceil(piece.records.length / 2);
  return [piece.records.slice(0, middle), piece.records.slice(middle)].map((records) => ({
    ...piece,
    records,
  }));
}

/** The event as Lambda makes it. */
function eventOf({ streamArn }: MappingRun, records: readonly StreamRecord[]): string {
  return JSON.stringify({ Records: records.map((record) => ({ ...record, eventSourceARN: streamArn })) });
}

/** Gives up the records at the head that have become too old. @returns the piece without them */
async function discardOld(run: MappingRun, shardId: string, piece: Piece): Promise<Piece> {
  const { MaximumRecordAgeInSeconds: limit } = run.settings;
  if (limit < 0) return piece;
  const isYoung = ({ dynamodb }: StreamRecord) =>
    run.now() - dynamodb.ApproximateCreationDateTime * 1000 <= limit * 1000;
  const found = piece.records.findIndex(isYoung);
  const oldCount = found === -1 ? piece.records.length : found;
  if (oldCount === 0) return piece;
  const records = piece.records.slice(0, oldCount);
  await discard(run, { ...piece, records, shardId, condition: 'RecordAgeExceeded' });
  return { ...piece, records: piece.records.slice(oldCount) };
}

async function discard(
  run: MappingRun,
  given: Pick<Discarded, 'records' | 'condition' | 'shardId' | 'invokeCount' | 'functionError'>,
): Promise<void> {
  const { Destination } = run.settings.DestinationConfig.OnFailure;
  if (Destination === undefined) return;
  const { streamArn, functionArn } = run;
  const message = failureMessage({ ...given, streamArn, functionArn, at: run.now() });
  for (let attempt = 1; attempt <= SEND_ATTEMPTS; attempt += 1) {
    const problem = await run.calls.send(Destination, message).then(() => undefined, refusalOf);
    if (problem === undefined) return;
    run.onResult(`PROBLEM: ${problem.message}`);
    await pause(backOffMillis(run, attempt), run.signal);
  }
}
