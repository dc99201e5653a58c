import type { Runtime } from '../runtime.ts';
import { publishSyncPage } from './publish-page.ts';
import { publish } from './publish-report.ts';
import { comparedSentence, type SyncReport } from './sync-report.ts';

/** Writes the report of a sync or a compare and its page, and sends its message. */
export async function publishSyncReport(
  runtime: Runtime,
  runId: string,
  build: () => Promise<SyncReport>,
): Promise<SyncReport> {
  const report = await publish(runtime, { runId, build, messageText: messageOf });
  if (report.reportUri !== null) await publishSyncPage(runtime, report);
  return report;
}

function messageOf(report: SyncReport): string {
  return [
    `${report.kind === 'sync' ? 'Sync' : 'Compare'} ${report.runId} of table ${report.source.table}: ${report.status}.`,
    report.summary,
    ...(report.compared === null ? [] : [comparedSentence(report.compared)]),
    ...(report.nextStep === null ? [] : [report.nextStep]),
    `Report: ${report.reportUri ?? 'not written'}`,
  ].join('\n');
}
