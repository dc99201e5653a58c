import { errorSummary } from '../errors.ts';
import { RUN_LAYOUT, RUNS_PAGE } from '../files/layout.ts';
import { isOfSync, listRuns } from '../ledger/run.ts';
import type { Runtime } from '../runtime.ts';
import { reportPage } from './page/report-page.ts';
import { runsPage } from './page/runs-page.ts';
import { replaceReport } from './replace-report.ts';
import type { Report } from './report.ts';

const HTML = 'text/html; charset=utf-8';
const MAX_LISTED = 100;
const MAX_LOOKS = 5;

/**
 * Writes the report as a page beside `report.json`, and the page that lists the runs. Both are for readers only, so that
 * a failure is logged and nothing else.
 */
export async function publishPage(runtime: Runtime, report: Report): Promise<void> {
  await orLogged(runtime, report, () => writePage(runtime, report));
  await orLogged(runtime, report, () => writeRunsPage(runtime, report));
}

async function orLogged(runtime: Runtime, { runId }: Report, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    runtime.logger.warn('A page for readers could not be written', {
      runId,
      error: errorSummary(error).name,
    });
  }
}

async function writePage(runtime: Runtime, report: Report): Promise<void> {
  const { config, migration } = runtime;
  const kinds = migration.filled.flatMap((table) => table.kinds);
  const page = reportPage({ report, stage: config.stage, kinds });
  const file = { key: RUN_LAYOUT.page(report.runId), contentType: HTML, text: () => page };
  await replaceReport(runtime, file, report, async () => report);
}

/** The newest runs. The index of the ledger may not have this run's end yet. */
async function writeRunsPage(
  { objects, ledger, bucket, config }: Runtime,
  { runId, status, finishedAt }: Report,
): Promise<void> {
  for (let looks = 1; looks <= MAX_LOOKS; looks += 1) {
    const before = await objects.get(RUNS_PAGE);
    const runs = (await listRuns(ledger, MAX_LISTED))
      .filter((run) => !isOfSync(run))
      .map((run) => (run.runId === runId ? { ...run, status, finishedAt } : run));
    const page = runsPage({ runs, bucket, stage: config.stage });
    if (await objects.replace(RUNS_PAGE, page, { etag: before?.etag, contentType: HTML })) return;
  }
}
