import { printableAll } from '../../../functions/shared/printable.ts';
import { heading } from '../../../functions/shared/runs/page/heading.ts';
import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import { syncPage } from '../../../functions/shared/runs/page/sync-page.ts';
import type { KeyKind } from '../../../functions/shared/runs/page/sync-sections.ts';
import type { NamedKeys, SyncReport } from '../../../functions/shared/runs/sync-report.ts';
import { GRAPH_STYLE } from '../../graph/graph-style.ts';
import type { SyncReportView } from '../sync/collect-sync.ts';
import { timelineOf } from './axis.ts';
import { graphSection } from './graph-section.ts';
import { LAGS, lagChart } from './lag-chart.ts';
import { legendOf, pathSection, workSection, workSections } from './work-sections.ts';

/** The whole report of a sync or a compare, with its pictures, as one page that needs no network and no script. */
export function renderSyncReport(given: SyncReportView): string {
  const view = printableAll(given);
  const timeline = timelineOf(view);
  const pictures = html`${pathSection(view, timeline)}
${workSections(view, timeline)}
${graphSection(view)}`;
  const samples = (kind: KeyKind): NamedKeys => sampleOf(view, kind);
  return syncPage({ ...view, samples, lag: lagSection(view.report), pictures, style: GRAPH_STYLE });
}

/** How far the target was behind the source. */
function lagSection({ minutes, kind }: SyncReport): Html | undefined {
  if (kind !== 'sync') return undefined;
  if (minutes.length === 0)
    return html`<section aria-labelledby="lag-heading">${heading('lag', 'Lag')}
    <p class="lead">No change has been followed yet.</p></section>`;
  const legend = legendOf(LAGS.map(({ name, color }) => [name, color]));
  return workSection('lag', 'Lag', legend, lagChart(minutes));
}

const MAX_KEYS = 10;

function sampleOf({ result }: SyncReportView, kind: KeyKind): NamedKeys {
  if (result === undefined) return { count: 0, keys: [], reasons: [] };
  const keys = result.keys[kind];
  return { count: result.compared[kind] ?? keys.length, keys: keys.slice(0, MAX_KEYS), reasons: [] };
}
