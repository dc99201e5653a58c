import { printableJson } from '../../functions/shared/printable.ts';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReportView } from './collect-report.ts';
import { renderSyncReport } from './report-html/render-sync-report.ts';
import { isSyncView, type SyncReportView } from './sync/collect-sync.ts';
import { renderReport } from './report-html/render-report.ts';

/** Where the reports of runs are put on this machine. */
export const runsFolder = join('.local', 'runs');

/**
 * Writes `report.json` and `report.html`; an older report of the same run is replaced.
 *
 * @returns the path of the page.
 */
export async function saveReport(view: ReportView | SyncReportView, folder = runsFolder): Promise<string> {
  const runFolder = join(folder, view.report.runId);
  await mkdir(runFolder, { recursive: true });
  const pagePath = join(runFolder, 'report.html');
  await writeFile(join(runFolder, 'report.json'), `${printableJson(view.report)}\n`);
  await writeFile(pagePath, isSyncView(view) ? renderSyncReport(view) : renderReport(view));
  return pagePath;
}
