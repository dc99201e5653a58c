import { printableAll } from '../../../functions/shared/printable.ts';
import type { ReportView } from '../collect-report.ts';
import { outcomeOf } from '../../../functions/shared/runs/outcome.ts';
import { KINDS } from '../kinds.ts';
import { timelineOf } from './axis.ts';
import { costSection } from '../../../functions/shared/runs/page/cost-section.ts';
import { html } from '../../../functions/shared/runs/page/html.ts';
import { renderPage } from '../../../functions/shared/runs/page/page.ts';
import { isRestore } from '../../../functions/shared/ledger/run.ts';
import { restoreSection } from '../../../functions/shared/runs/page/restore-section.ts';
import {
  driftSection,
  failureSection,
  quarantineSection,
  runSection,
  tablesSection,
  verificationSection,
  warningSection,
} from '../../../functions/shared/runs/page/sections.ts';
import { tiles } from '../../../functions/shared/runs/page/tiles.ts';
import { pathSection, workSections } from './work-sections.ts';

/** The whole report as one page that needs no network and no script. */
export function renderReport(given: ReportView): string {
  // Pictures are drawn by a library, which escapes less than html does.
  const view = printableAll(given);
  const { report } = view;
  const outcome = outcomeOf(report);
  const timeline = timelineOf(view);
  const { runId, startedAt, reportUri } = report;
  const what = isRestore(report) ? 'Restore from a backup' : 'Products migration';
  return renderPage(
    { runId, startedAt, reportUri, what, outcome },
    html`${tiles(report, KINDS)}
${failureSection(report, outcome)}
${warningSection(report)}
${restoreSection(report)}
${pathSection(view, timeline)}
${workSections(view, timeline)}
<div class="columns">${verificationSection(report)}${tablesSection(report)}</div>
${!isRestore(report) && driftSection(report)}
${quarantineSection(report)}
${costSection(report)}
${runSection(report)}`,
  );
}
