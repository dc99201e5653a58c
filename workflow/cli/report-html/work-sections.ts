import type { Pictures } from '../run-record.ts';
import type { Timeline } from './axis.ts';
import { type Chart, chartFigure } from './chart.ts';
import { heading } from '../../../functions/shared/runs/page/heading.ts';
import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import { pathChart } from './path-chart.ts';
import { rateChart } from './rate-chart.ts';
import { rateSeries } from './rate-series.ts';
import { shardChart } from './shard-chart.ts';
import { stateColor } from './state-colors.ts';

/** The execution's way through its states. */
export function pathSection({ path }: Pick<Pictures, 'path'>, timeline: Timeline): Html | undefined {
  if (path.length === 0) return undefined;
  const chart = pathChart(path, timeline);
  return html`<section aria-labelledby="path-heading">${heading('path', 'The way through the workflow')}
    <p class="lead">${chart.description}</p>${chartFigure(chart)}</section>`;
}

/** How fast the Maps were, and how even their shards. */
export function workSections({ shards }: Pick<Pictures, 'shards'>, timeline: Timeline): Html | undefined {
  const series = rateSeries(shards, timeline.startMillis);
  if (series.length === 0) return undefined;
  const legend = legendOf([...shards.keys()].map((state) => [state, stateColor(state)]));
  return html`${workSection('rate', 'Items a second', legend, rateChart(series, timeline))}
    ${workSection('shards', 'Shards', legend, shardChart(shards, timeline))}`;
}

/** Names, each with its colour. */
export function legendOf(names: readonly (readonly [name: string, color: string])[]): Html {
  return html`<ul class="legend">${names.map(([name, color]) => html`<li><i style="background:${color}"></i>${name}</li>`)}</ul>`;
}

/** A picture with a heading and the meaning of its colours. */
export function workSection(id: string, words: string, legend: Html, chart: Chart): Html {
  return html`<section aria-labelledby="${id}-heading">${heading(id, words)}<p class="lead">${chart.description}</p>${legend}${chartFigure(chart)}</section>`;
}
