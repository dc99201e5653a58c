import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable, printableJson } from '../../functions/shared/printable.ts';
import type { ReportView } from './collect-report.ts';
import { FAILED } from './exit-codes.ts';
import { OperatorError } from './operator-error.ts';
import { renderSyncReport } from './report-html/render-sync-report.ts';
import { isSyncView, type SyncReportView } from './sync/collect-sync.ts';
import { renderReport } from './report-html/render-report.ts';
import type { Terminal } from './terminal.ts';

/**
 * Writes `report.json` and `report.html`; an older report of the same run is replaced.
 *
 * @param folder where the folders of runs are
 * @returns the path of the page.
 * @throws OperatorError where the folder cannot be written
 */
export async function saveReport(view: ReportView | SyncReportView, folder: string): Promise<string> {
  const { runId } = view.report;
  const runFolder = join(folder, runId);
  const pagePath = join(runFolder, 'report.html');
  try {
    await mkdir(runFolder, { recursive: true });
    await writeFile(join(runFolder, 'report.json'), `${printableJson(view.report)}\n`);
    await writeFile(pagePath, isSyncView(view) ? renderSyncReport(view) : renderReport(view));
  } catch (error) {
    throw new OperatorError(
      `The page of run ${runId} could not be written (${(error as Error).message}). Give --out <folder> to write it elsewhere.`,
      FAILED,
    );
  }
  return pagePath;
}

/** Writes the report's files behind a summary, and says where the page is. One that cannot be written is a warning. */
export async function savePage(
  view: ReportView | SyncReportView,
  terminal: Pick<Terminal, 'out' | 'say' | 'complain'>,
): Promise<void> {
  try {
    terminal.say(`Page  ${printable(await saveReport(view, terminal.out))}`);
  } catch (error) {
    terminal.complain(printable(`Warning: ${(error as Error).message}`));
  }
}
