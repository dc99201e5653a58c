import { catalogueItemNames } from '../../../functions/shared/tables/target-tables.ts';
import { isCosted, type Report } from '../../../functions/shared/report.ts';
import type { ReportView } from '../collect-report.ts';
import { bytes, count, dollars, duration, moment, rupees } from '../format.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';
import { type Chart, chartFigure } from './chart.ts';
import { costSection } from './cost-section.ts';
import { Html, html } from './html.ts';
import { pageStyle } from './page-style.ts';
import { pathChart } from './path-chart.ts';
import { rateChart } from './rate-chart.ts';
import { rateSeries } from './rate-series.ts';
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

/** The whole report as one page that needs no network and no script. */
export function renderReport(view: ReportView): string {
  const { report } = view;
  const outcome = outcomeOf(report);
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
${pathSection(view)}
${workSections(view)}
<div class="columns">${verificationSection(report)}${tablesSection(report)}</div>
${driftSection(report)}
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

function header({ runId, startedAt }: Report, { word, sentence }: Outcome): Html {
  return html`<header>
    <div class="crumb"><span class="pill">${word}</span><span>Products migration</span><span class="mono">${runId}</span><time datetime="${startedAt}">${moment(startedAt)} UTC</time></div>
    <h1>${sentence}</h1>
  </header>`;
}

type Tile = readonly [label: string, value: string, note: string];

function tiles(report: Report): Html {
  const all = [...countTiles(report), timeTile(report), costTile(report)];
  return html`<dl class="tiles">${all.map(([label, value, note]) => html`<div class="tile"><dt>${label}</dt><dd>${value}<small>${note}</small></dd></div>`)}</dl>`;
}

function countTiles({ source, migrated, verification, rehearsal, status, details }: Report): readonly Tile[] {
  if (details?.['begun'] === false) return [];
  const planned = status === 'PLANNED' && rehearsal !== undefined;
  const { metadata, variants } = planned ? rehearsal : migrated;
  const items = planned ? metadata + variants : migrated.items;
  const quarantined = Math.max(migrated.quarantined, rehearsal?.quarantined ?? 0);
  const found = verification === null ? 'not verified' : `${count(verification.found)} verified`;
  return [
    ['Products', count(source.products), bytes(source.bytes)],
    [
      planned ? 'Items it would make' : 'Items in place',
      count(items),
      `${count(metadata)} ${catalogueItemNames.first}, ${count(variants)} ${catalogueItemNames.others}`,
    ],
    ['Already there', count(migrated.alreadyPresent), planned ? 'not looked at' : found],
    quarantineTile(quarantined, rehearsal !== undefined || status === 'SUCCEEDED'),
  ];
}

function quarantineTile(quarantined: number, isKnown: boolean): Tile {
  if (!isKnown && quarantined === 0) return ['Quarantined', '–', 'not rehearsed'];
  return ['Quarantined', count(quarantined), quarantined === 0 ? 'every product fits' : 'listed below'];
}

function timeTile({ durationSeconds, cost, finishedAt }: Report): Tile {
  const estimate = isCosted(cost.estimated)
    ? `estimated ${duration(cost.estimated.seconds)}`
    : `until ${finishedAt.slice(11, 19)} UTC`;
  return ['Time', duration(durationSeconds), estimate];
}

function costTile({ cost }: Report): Tile {
  if (isCosted(cost.actual)) return ['Cost', dollars(cost.actual.dollars), rupees(cost.actual.rupees)];
  return ['Cost', '–', 'nothing was measured'];
}

function pathSection({ path }: ReportView): Html | undefined {
  if (path.length === 0) return undefined;
  const chart = pathChart(path);
  return html`<section aria-labelledby="path-heading"><h2 id="path-heading">The way through the workflow</h2>
    <p class="lead">${chart.description}</p>${chartFigure(chart)}</section>`;
}

function workSections({ shards, report, path }: ReportView): Html | undefined {
  const startMillis = path[0]?.enteredAt ?? Date.parse(report.startedAt);
  const series = rateSeries(shards, startMillis);
  if (series.length === 0) return undefined;
  const ends = [...shards.values()].flat().map(({ updatedAt }) => (updatedAt - startMillis) / 1000);
  const seconds = Math.max(0.05, ...ends);
  const states = [...shards.keys()];
  const legend = html`<ul class="legend">${states.map((state) => html`<li><i style="background:${stateColor(state)}"></i>${state}</li>`)}</ul>`;
  return html`${workSection('rate', 'Items a second', legend, rateChart(series, seconds))}
    ${workSection('shards', 'Shards', legend, shardChart(shards, { startMillis, seconds }))}`;
}

function workSection(id: string, heading: string, legend: Html, chart: Chart): Html {
  return html`<section aria-labelledby="${id}-heading"><h2 id="${id}-heading">${heading}</h2><p class="lead">${chart.description}</p>${legend}${chartFigure(chart)}</section>`;
}
