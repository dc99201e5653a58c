import { duration } from '../format.ts';
import type { StateVisit } from '../state-visits.ts';
import { timeAxis, type Timeline, wideMargins } from './axis.ts';
import type { Canvas, Chart, ChartOption } from './chart.ts';
import { html } from './html.ts';
import { stateColor } from './state-colors.ts';

/** States that only route: they take no time and would hide the ones that do. */
const routing = new Set(['Choice', 'Pass', 'Succeed', 'Fail']);
const maxRows = 30;
const rowHeight = 27;

interface Row {
  readonly visit: StateVisit;
  readonly offset: number;
  readonly seconds: number;
}

function rowsOf(path: readonly StateVisit[], { startMillis }: Timeline): readonly Row[] {
  return path
    .filter(({ type }) => !routing.has(type))
    .slice(0, maxRows)
    .map((visit) => ({
      visit,
      offset: (visit.enteredAt - startMillis) / 1000,
      seconds: (visit.leftAt - visit.enteredAt) / 1000,
    }));
}

function optionOf(rows: readonly Row[], timeline: Timeline, canvas: Canvas): ChartOption {
  const { isNarrow } = canvas;
  const label = { show: true, position: 'right', color: 'var(--soft)', fontSize: isNarrow ? 11 : 12 };
  return {
    grid: { ...(isNarrow ? { left: 126, right: 48 } : wideMargins), top: 4, bottom: 26 },
    xAxis: timeAxis(timeline, canvas),
    yAxis: {
      type: 'category',
      inverse: true,
      data: rows.map(({ visit }) => visit.state),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: 'var(--text)', fontSize: isNarrow ? 11 : 13, interval: 0 },
    },
    series: [
      {
        type: 'bar',
        stack: 'time',
        silent: true,
        itemStyle: { color: 'transparent' },
        data: rows.map(({ offset }) => offset),
      },
      {
        type: 'bar',
        stack: 'time',
        silent: true,
        barWidth: isNarrow ? 11 : 13,
        barMinHeight: 2,
        data: rows.map(({ visit, seconds }) => ({
          value: seconds,
          itemStyle: {
            color: visit.outcome === 'failed' ? 'var(--undo)' : stateColor(visit.state),
            borderRadius: 2,
          },
          label: {
            ...label,
            formatter: visit.outcome === 'failed' ? `${duration(seconds)} ✕` : duration(seconds),
          },
        })),
      },
    ],
  };
}

const outcomes = { done: 'done', failed: 'failed', open: 'going on' } as const;

/** The execution's way through its states, each a bar as long as the time spent in it. */
export function pathChart(path: readonly StateVisit[], timeline: Timeline): Chart {
  const rows = rowsOf(path, timeline);
  const first = rows[0]?.offset ?? 0;
  const total = Math.max(0, ...rows.map(({ offset, seconds }) => offset + seconds - first));
  const longest = rows.toSorted((one, other) => other.seconds - one.seconds)[0];
  const failed = rows.find(({ visit }) => visit.outcome === 'failed');
  return {
    id: 'path',
    title: 'Time in each state',
    description: [
      `${duration(total)} from start to end`,
      longest === undefined
        ? ''
        : `, the longest part in ${longest.visit.state} (${duration(longest.seconds)})`,
      failed === undefined ? '.' : `; ${failed.visit.state} failed.`,
    ].join(''),
    height: () => Math.max(1, rows.length) * rowHeight + 34,
    option: (canvas) => optionOf(rows, timeline, canvas),
    table: html`<table><thead><tr><th scope="col">State</th><th scope="col">Type</th><th scope="col" class="number">Entered after</th><th scope="col" class="number">Time in it</th><th scope="col">Outcome</th></tr></thead>
      <tbody>${path.map((visit) => visitRow(visit, timeline.startMillis))}</tbody></table>`,
  };
}

function visitRow({ state, type, enteredAt, leftAt, outcome }: StateVisit, start: number) {
  const after = duration((enteredAt - start) / 1000);
  return html`<tr><td>${state}</td><td>${type}</td><td class="number">${after}</td><td class="number">${duration((leftAt - enteredAt) / 1000)}</td><td>${outcomes[outcome]}</td></tr>`;
}
