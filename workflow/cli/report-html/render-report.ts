import { printableAll } from '../../../functions/shared/printable.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import type { ReportView } from '../collect-report.ts';
import { moment } from '../format.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';
import { type Timeline, timelineOf } from './axis.ts';
import { type Chart, chartFigure } from './chart.ts';
import { costSection } from './cost-section.ts';
import { Html, html } from './html.ts';
import { pageStyle } from './page-style.ts';
import { pathChart } from './path-chart.ts';
import { rateChart } from './rate-chart.ts';
import { rateSeries } from './rate-series.ts';
import { isRestore } from '../../../functions/shared/ledger/run.ts';
import { restoreSection } from './restore-section.ts';
import {
  driftSection,
  failureSection,
  quarantineSection,
  runSection,
  tablesSection,
  verificationSection,
  warningSection,
} from './sections.ts';
import { shardChart } from './shard-chart.ts';
import { stateColor } from './state-colors.ts';
import { tiles } from './tiles.ts';

/** The whole report as one page that needs no network and no script. */
export function renderReport(given: ReportView): string {
  // Pictures are drawn by a library, which escapes less than html does.
  const view = printableAll(given);
  const { report } = view;
  const outcome = outcomeOf(report);
  const timeline = timelineOf(view);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${outcome.word}: ${report.runId}</title>
<link rel="icon" href="data:,">
<style>${new Html(pageStyle)}</style>
</head>
<body>
<main class="${outcome.tone}">
${header(report, outcome)}
${tiles(report)}
${failureSection(report, outcome)}
${warningSection(report)}
${restoreSection(report)}
${pathSection(view, timeline)}
${workSections(view, timeline)}
<div class="columns">${verificationSection(report)}${tablesSection(report)}</div>
${!isRestore(report) && driftSection(report)}
${quarantineSection(report)}
${costSection(report)}
${runSection(report)}
<footer>${report.reportUri !== null && html`The same as JSON: <code>${report.reportUri}</code>`}</footer>
</main>
</body>
</html>
`;
  return page.toString();
}

function header(report: Report, { word, sentence }: Outcome): Html {
  const { runId, startedAt } = report;
  const what = isRestore(report) ? 'Restore from a backup' : 'Products migration';
  return html`<header>
    <div class="crumb"><span class="pill">${word}</span><span>${what}</span><span class="mono">${runId}</span><time datetime="${startedAt}">${moment(startedAt)} UTC</time></div>
    <h1>${sentence}</h1>
  </header>`;
}

function pathSection({ path }: ReportView, timeline: Timeline): Html | undefined {
  if (path.length === 0) return undefined;
  const chart = pathChart(path, timeline);
  return html`<section aria-labelledby="path-heading"><h2 id="path-heading">The way through the workflow</h2>
    <p class="lead">${chart.description}</p>${chartFigure(chart)}</section>`;
}

function workSections({ shards }: ReportView, timeline: Timeline): Html | undefined {
  const series = rateSeries(shards, timeline.startMillis);
  if (series.length === 0) return undefined;
  const states = [...shards.keys()];
  const legend = html`<ul class="legend">${states.map((state) => html`<li><i style="background:${stateColor(state)}"></i>${state}</li>`)}</ul>`;
  return html`${workSection('rate', 'Items a second', legend, rateChart(series, timeline))}
    ${workSection('shards', 'Shards', legend, shardChart(shards, timeline))}`;
}

function workSection(id: string, heading: string, legend: Html, chart: Chart): Html {
  return html`<section aria-labelledby="${id}-heading"><h2 id="${id}-heading">${heading}</h2><p class="lead">${chart.description}</p>${legend}${chartFigure(chart)}</section>`;
}
