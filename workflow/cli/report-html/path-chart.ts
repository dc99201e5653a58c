import { duration } from '../format.ts';
import type { StateVisit } from '../state-visits.ts';
import { timeAxis, type Timeline, wideMargins } from './axis.ts';
import type { Chart } from './chart.ts';
import { html } from './html.ts';
import { bar, type Canvas, label, type Plot } from './plot.ts';
import { stateColor } from './state-colors.ts';

/** States that only route. They take no time and would hide the ones that do. */
const routing = new Set(['Choice', 'Pass', 'Succeed', 'Fail']);
const maxRows = 30;
const rowHeight = 27;

interface Row {
  readonly visit: StateVisit;
  readonly offset: number;
  readonly seconds: number;
}

const LABEL_GAP = 5;

const outcomes = { done: 'done', failed: 'failed', open: 'going on' } as const;

/** The execution's path through its states. Each state is a bar as long as the time spent in it. */
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
    plot: (canvas) => plotOf(rows, timeline, canvas),
    table: html`<table><thead><tr><th scope="col">State</th><th scope="col">Type</th><th scope="col" class="number">Entered after</th><th scope="col" class="number">Time in it</th><th scope="col">Outcome</th></tr></thead>
      <tbody>${path.map((visit) => visitRow(visit, timeline.startMillis))}</tbody></table>`,
  };
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

function plotOf(rows: readonly Row[], timeline: Timeline, canvas: Canvas): Plot {
  const { isNarrow } = canvas;
  const thickness = isNarrow ? 11 : 13;
  const style = { anchor: 'start', color: 'var(--soft)', fontSize: isNarrow ? 11 : 12 } as const;
  const names = rows.map(({ visit }) => visit.state);
  return {
    margins: { ...(isNarrow ? { left: 126, right: 48 } : wideMargins), top: 4, bottom: 26 },
    x: timeAxis(timeline, canvas),
    y: { kind: 'rows', names, every: 1, color: 'var(--text)', fontSize: isNarrow ? 11 : 13 },
    marks: ({ x, y }) =>
      rows.flatMap(({ visit, offset, seconds }, row) => {
        const hasFailed = visit.outcome === 'failed';
        const [left, middle] = [x(offset), y(row)];
        const width = Math.max(2, x(offset + seconds) - left);
        const shape = { x: left, y: middle - thickness / 2, width, height: thickness };
        const text = hasFailed ? `${duration(seconds)} ✕` : duration(seconds);
        return [
          bar(shape, hasFailed ? 'var(--undo)' : stateColor(visit.state)),
          label(text, { ...style, x: left + width + LABEL_GAP, y: middle }),
        ];
      }),
  };
}

function visitRow({ state, type, enteredAt, leftAt, outcome }: StateVisit, start: number) {
  const after = duration((enteredAt - start) / 1000);
  return html`<tr><td>${state}</td><td>${type}</td><td class="number">${after}</td><td class="number">${duration((leftAt - enteredAt) / 1000)}</td><td>${outcomes[outcome]}</td></tr>`;
}
