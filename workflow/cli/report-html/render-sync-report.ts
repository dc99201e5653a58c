import { printableAll } from '../../../functions/shared/printable.ts';
import { GRAPH_STYLE } from '../../graph/graph-style.ts';
import type { SyncReportView } from '../sync/collect-sync.ts';
import { outcomeOfSync } from '../sync/outcome-of-sync.ts';
import { timelineOf } from './axis.ts';
import { html } from '../../../functions/shared/runs/page/html.ts';
import { placeOf } from '../../../functions/shared/runs/page/place.ts';
import { renderPage } from '../../../functions/shared/runs/page/page.ts';
import { failureSection, warningSection } from '../../../functions/shared/runs/page/sections.ts';
import {
  checksSection,
  comparedSection,
  freezeSection,
  gapSection,
  lagSection,
  namedSection,
  syncSection,
  syncTiles,
} from './sync-sections.ts';
import { graphSection } from './graph-section.ts';
import { pathSection, workSections } from './work-sections.ts';

/** The report of a sync or a compare as one page that needs no network and no script. */
export function renderSyncReport(given: SyncReportView): string {
  const view = printableAll(given);
  const { report, failure } = view;
  const outcome = outcomeOfSync(view);
  const timeline = timelineOf(view);
  const place = placeOf(report, view.stage);
  const { runId, startedAt, finishedAt, reportUri } = report;
  const what = report.kind === 'sync' ? 'Sync' : 'Compare';
  return renderPage(
    { runId, startedAt, finishedAt, reportUri, what, outcome, style: GRAPH_STYLE },
    html`${syncTiles(report)}
${failureSection({ failure }, outcome)}
${warningSection(report)}
${checksSection(report)}
${freezeSection(view)}
${lagSection(report)}
${gapSection(report)}
<div class="columns">${comparedSection(report, place)}${syncSection(report, place)}</div>
${namedSection(view)}
${pathSection(view, timeline)}
${workSections(view, timeline)}
${graphSection(view)}`,
  );
}
