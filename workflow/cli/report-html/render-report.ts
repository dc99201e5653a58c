import { printableAll } from '../../../functions/shared/printable.ts';
import { reportPage } from '../../../functions/shared/runs/page/report-page.ts';
import { GRAPH_STYLE } from '../../graph/graph-style.ts';
import type { ReportView } from '../collect-report.ts';
import { withoutAwayTime } from './away-time.ts';
import { timelineOf } from './axis.ts';
import { graphSection } from './graph-section.ts';
import { pathSection, workSections } from './work-sections.ts';

/** The whole report, with its pictures, as one page that needs no network and no script. */
export function renderReport(given: ReportView): string {
  const view = withoutAwayTime(printableAll(given));
  const timeline = timelineOf(view);
  const pictures = {
    way: pathSection(view, timeline),
    work: workSections(view, timeline),
    graph: graphSection(view),
  };
  return reportPage({
    report: view.report,
    stage: view.stage,
    localConsole: view.localConsole,
    pictures,
    style: GRAPH_STYLE,
  });
}
