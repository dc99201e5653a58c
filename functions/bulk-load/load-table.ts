import { type BulkOperation, describeBulkOperation, isEnded } from '../shared/aws/bulk-operations.ts';
import { type BulkCursor, noted } from '../shared/copy/bulk/bulk-cursor.ts';
import { addTo } from '../shared/copy/load/load-window.ts';
import { RUN_LAYOUT } from '../shared/files/layout.ts';
import { countReport } from './count-report.ts';
import { assertLoaded, lostError, notLoaded, refusedItems } from './judge-operation.ts';
import { readReport, REPORT_START, type ReportFile, reportFiles } from './read-report.ts';
import { announce, startOrFind } from './start-operation.ts';
import type { BulkTurn, TableLoad } from './table-load.ts';
import { waitSeconds } from '../shared/runs/wait-seconds.ts';

/**
 * One step of a table's bulk put: writes down that an operation is to start, starts it, waits for it, or counts what it
 * has reported. Each step is saved, and may be taken again.
 *
 * @throws BulkLoadError, ItemRefusedError, TableUnavailableError, RunClosedError; none is retried
 */
export async function loadTable(load: TableLoad, turn: BulkTurn): Promise<'pause' | void> {
  const { cursor } = turn.progress;
  if (load.work.objects.size === 0) return skip(load, turn);
  if (cursor === undefined) return announce(load, turn, 1);
  if (cursor.operationArn === undefined) return startOrFind(load, turn, cursor);
  const operation = await describeBulkOperation(load.runtime.clients.tables, cursor.operationArn);
  if (operation === undefined) return afterFailure(load, turn, lostError(cursor));
  return isEnded(operation) ? conclude(load, turn, operation) : wait(load, turn, operation);
}

/** Without objects there is nothing that an operation could be started for. */
function skip({ work }: TableLoad, turn: BulkTurn): Promise<void> {
  const counters = { ...work.counts, items: 0, processed: 0, failed: 0 };
  return turn.save({ done: true, counters, digests: {} });
}

async function wait({ onWait }: TableLoad, turn: BulkTurn, operation: BulkOperation): Promise<'pause'> {
  await turn.save(noted(turn.progress, operation));
  const { startedAt = turn.progress.cursor?.intentAt ?? 0 } = operation;
  onWait(waitSeconds((turn.clock.now() - startedAt) / 1_000));
  return 'pause';
}

/** A report is written when the operation has ended. */
const REPORT_PATIENCE_MILLIS = 60_000;

async function conclude(load: TableLoad, turn: BulkTurn, operation: BulkOperation): Promise<'pause' | void> {
  const { runtime, work } = load;
  if (turn.progress.cursor?.report === undefined) await turn.save(noted(turn.progress, operation));
  const problem = notLoaded(operation, work);
  if (problem !== undefined) return afterFailure(load, turn, problem);
  const { runId } = turn.run;
  const { attempt = 1, report = REPORT_START } = turn.progress.cursor ?? {};
  const prefix = RUN_LAYOUT.bulkReport(runId, work.table.name, attempt);
  const files = await reportFiles(runtime, { prefix, operationArn: operation.arn });
  if (files === undefined && turn.clock.now() - (operation.endedAt ?? 0) < REPORT_PATIENCE_MILLIS) {
    load.onWait(waitSeconds(0));
    return 'pause';
  }
  if (operation.failed > 0) return refuse(load, turn, { operation, files: files ?? [] });
  if (files === undefined) return finish(load, turn, { operation, isReported: false });
  const { lines, next } = await readReport(runtime, files, report);
  const counted = await countReport(runtime, { turn, work }, lines);
  await turn.save({ ...turn.progress, ...counted, cursor: withReport(turn, next ?? END_OF(files)) });
  if (next === undefined) await finish(load, turn, { operation, isReported: true });
}

const END_OF = ({ length: filesDone }: readonly ReportFile[]) => ({ ...REPORT_START, filesDone });

function withReport({ progress }: BulkTurn, report: BulkCursor['report']): BulkCursor | undefined {
  return progress.cursor && { ...progress.cursor, ...(report !== undefined && { report }) };
}

interface Ended {
  readonly operation: BulkOperation;
  readonly isReported: boolean;
}

async function finish(
  { runtime, work }: TableLoad,
  turn: BulkTurn,
  { operation, isReported }: Ended,
): Promise<void> {
  const { progress, run } = turn;
  assertLoaded(run, work, { progress, isReported });
  const { processed } = operation;
  const counters: Record<string, number> = { ...progress.counters, items: work.itemCount, processed };
  addTo(counters, work.counts);
  await turn.save({ ...progress, done: true, counters });
  runtime.logger.info('Bulk put has ended', { runId: run.runId, stage: 'BulkLoad', ...operation });
}

/** @throws ItemRefusedError naming the first lines that DynamoDB could not write; not retried */
async function refuse(
  load: TableLoad,
  turn: BulkTurn,
  { operation, files }: { readonly operation: BulkOperation; readonly files: readonly ReportFile[] },
): Promise<void> {
  const errors = files.filter(({ outputType }) => outputType === 'ERROR');
  const { lines } = await readReport(load.runtime, errors, REPORT_START);
  await afterFailure(load, turn, refusedItems(load.work, operation, lines));
}

/**
 * An attempt of an execution that the run was held after is made again by the one that resumes it. Its items carry the
 * run's mark, and are not written twice.
 *
 * @throws the problem where the attempt is this execution's own
 */
async function afterFailure(load: TableLoad, turn: BulkTurn, problem: Error): Promise<void> {
  const { cursor } = turn.progress;
  if (cursor === undefined || cursor.executionArn === turn.run.executionArn) throw problem;
  await announce(load, turn, cursor.attempt + 1);
}
