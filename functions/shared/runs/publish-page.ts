import { errorSummary } from '../errors.ts';
import { RUN_LAYOUT, RUNS_PAGE } from '../files/layout.ts';
import { workedSecondsOf } from '../ledger/attempt.ts';
import { listRuns, type RunStatus } from '../ledger/run.ts';
import type { Runtime } from '../runtime.ts';
import { reportPage } from './page/report-page.ts';
import { MAX_LISTED, runsPage } from './page/runs-page.ts';
import { syncPage } from './page/sync-page.ts';
import { replaceReport } from './replace-report.ts';
import type { Report } from './report.ts';
import type { SyncReport } from './sync-report.ts';

const HTML = 'text/html; charset=utf-8';
/** A page in the bucket of the stage `local` is read in the console of the embedded AWS. */
const READ_THERE = '';
const MAX_LOOKS = 5;

/**
 * Writes the report as a page beside `report.json`, and the page that lists the runs. Both are for readers only, so that
 * a failure is logged and nothing else.
 */
export function publishPage(runtime: Runtime, report: Report): Promise<void> {
  return publishPages(runtime, report, () =>
    reportPage({ report, stage: runtime.config.stage, localConsole: READ_THERE }),
  );
}

/** The same of a sync or a compare. */
export function publishSyncPage(runtime: Runtime, report: SyncReport): Promise<void> {
  const { stage } = runtime.config;
  return publishPages(runtime, report, () =>
    syncPage({ report, failure: null, stage, localConsole: READ_THERE }),
  );
}

/** What a page is written of. */
interface Paged {
  readonly runId: string;
  readonly status: string;
  readonly finishedAt: string | null;
}

async function publishPages(runtime: Runtime, report: Paged, page: () => string): Promise<void> {
  const { runId } = report;
  await orLogged(runtime, runId, async () => {
    const text = page();
    const file = { key: RUN_LAYOUT.page(runId), contentType: HTML, text: () => text };
    await replaceReport(runtime, file, runId, async () => report);
  });
  await orLogged(runtime, runId, () => writeRunsPage(runtime, report));
}

async function orLogged(runtime: Runtime, runId: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    runtime.logger.warn('A page for readers could not be written', {
      runId,
      error: errorSummary(error).name,
    });
  }
}

/** The newest runs. The index of the ledger may not have this run's end yet. */
async function writeRunsPage(
  { objects, ledger, bucket, config }: Runtime,
  { runId, status, finishedAt }: Paged,
): Promise<void> {
  const end = { status: status as RunStatus, ...(finishedAt !== null && { finishedAt }), isStarted: true };
  for (let looks = 1; looks <= MAX_LOOKS; looks += 1) {
    const before = await objects.get(RUNS_PAGE);
    const runs = (await listRuns(ledger, MAX_LISTED)).map((found) => {
      const run = found.runId === runId ? { ...found, ...end } : found;
      return { ...run, durationSeconds: workedSecondsOf(run) };
    });
    const page = runsPage({ runs, bucket, stage: config.stage, localConsole: READ_THERE });
    if (await objects.replace(RUNS_PAGE, page, { etag: before?.etag, contentType: HTML })) return;
  }
}
