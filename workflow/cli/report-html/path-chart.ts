import { duration } from '../../../functions/shared/format.ts';
import type { StateVisit } from '../state-visits.ts';
import { timeAxis, type Timeline, wideMargins } from './axis.ts';
import type { Chart } from './chart.ts';
import { html } from '../../../functions/shared/runs/page/html.ts';
import { bar, type Canvas, label, type Plot } from './plot.ts';
import { stateColor } from './state-colors.ts';

/** States that only route. They take no time and would hide the ones that do. */
const routing = new Set(['Choice', 'Pass', 'Succeed', 'Fail']);
const maxRows = 30;
const rowHeight = 27;

/** As many states as the longest loop has: Drain, SettlePending and WaitForQuiet. */
const loopStates = 3;

/** One state, with its later visits where it is part of a loop. */
interface Row {
  readonly visit: StateVisit;
  readonly bars: readonly Bar[];
}

/** Seconds. */
interface Bar {
  readonly offset: number;
  readonly seconds: number;
}

const secondsOf = ({ bars }: Row): number => bars.reduce((sum, { seconds }) => sum + seconds, 0);

const LABEL_GAP = 5;
/** Of the time in which no execution worked on the run; it goes through all rows. */
const BAND_WIDTH = 4;

const outcomes = { done: 'done', failed: 'failed', open: 'going on' } as const;

/** The execution's path through its states. Each state is a bar as long as the time spent in it. */
export function pathChart(path: readonly StateVisit[], timeline: Timeline): Chart {
  const rows = rowsOf(path, timeline);
  const shown = rows.slice(0, maxRows);
  const bars = rows.flatMap((row) => row.bars);
  const first = bars[0]?.offset ?? 0;
  const total = Math.max(0, ...bars.map(({ offset, seconds }) => offset + seconds - first));
  const longest = rows.toSorted((one, other) => secondsOf(other) - secondsOf(one))[0];
  const failed = rows.find(({ visit }) => visit.outcome === 'failed');
  return {
    id: 'path',
    title: 'Time in each state',
    description: [
      `The ${path.some(({ awaySeconds }) => awaySeconds !== undefined) ? 'executions' : 'execution'} took ${duration(total)}`,
      longest === undefined
        ? ''
        : `, the longest part in ${longest.visit.state} (${duration(secondsOf(longest))})`,
      failed === undefined
        ? '.'
        : `; ${failed.visit.state} failed${hasRecovered(rows, failed) ? ' at first' : ''}.`,
      rows.length > shown.length ? ` The first ${shown.length} of ${rows.length} rows are shown.` : '',
    ].join(''),
    height: () => Math.max(1, shown.length) * rowHeight + 34,
    plot: (canvas) => plotOf(shown, timeline, canvas),
    table: html`<table><thead><tr><th scope="col">State</th><th scope="col">Type</th><th scope="col" class="number">Entered after</th><th scope="col" class="number">Time in it</th><th scope="col">Outcome</th></tr></thead>
      <tbody>${path.map((visit) => visitRow(visit, timeline.startMillis))}</tbody></table>`,
  };
}

/** Whether a later attempt has done what failed in this one. */
function hasRecovered(rows: readonly Row[], failed: Row): boolean {
  const later = rows.slice(rows.indexOf(failed) + 1);
  return later.some(({ visit }) => visit.state === failed.visit.state && visit.outcome === 'done');
}

function rowsOf(path: readonly StateVisit[], { startMillis }: Timeline): readonly Row[] {
  const rows: Row[] = [];
  for (const visit of path.filter(({ type }) => !routing.has(type))) {
    const { enteredAt, leftAt } = visit;
    const bars = [{ offset: (enteredAt - startMillis) / 1000, seconds: (leftAt - enteredAt) / 1000 }];
    const index = rows.findLastIndex((row) => row.visit.state === visit.state);
    const isSameAttempt = index > rows.findLastIndex((row) => row.visit.awaySeconds !== undefined);
    const known = isSameAttempt && index >= rows.length - loopStates ? rows[index] : undefined;
    if (known?.visit.outcome === 'done') rows[index] = { visit, bars: [...known.bars, ...bars] };
    else rows.push({ visit, bars });
  }
  return rows;
}

function plotOf(rows: readonly Row[], timeline: Timeline, canvas: Canvas): Plot {
  const { isNarrow } = canvas;
  const thickness = isNarrow ? 11 : 13;
  const fontSize = isNarrow ? 11 : 12;
  const style = { anchor: 'start', color: 'var(--soft)', fontSize, hasHalo: true } as const;
  const names = rows.map(({ visit }) => visit.state);
  return {
    margins: { ...(isNarrow ? { left: 126, right: 48 } : wideMargins), top: 4, bottom: 26 },
    x: timeAxis(timeline, canvas),
    y: { kind: 'rows', names, every: 1, color: 'var(--text)', fontSize: isNarrow ? 11 : 13 },
    marks: ({ x, y }) => {
      // What goes through all rows lies behind them.
      const isBand = ({ visit }: Row): boolean => visit.awaySeconds !== undefined;
      const ordered = [...rows].toSorted((one, other) => Number(isBand(other)) - Number(isBand(one)));
      return ordered.flatMap((row) => {
        const index = rows.indexOf(row);
        const hasFailed = row.visit.outcome === 'failed';
        const fill = hasFailed ? 'var(--bad)' : stateColor(row.visit.state);
        const middle = y(index);
        const { awaySeconds } = row.visit;
        const shapes = row.bars.map(({ offset, seconds }) => {
          const left = x(offset);
          if (awaySeconds !== undefined) {
            const tooltip = `${row.visit.state} for ${duration(awaySeconds)}`;
            const [top, bottom] = [y(0) - thickness, y(rows.length - 1) + thickness];
            return { x: left, y: top, width: BAND_WIDTH, height: bottom - top, tooltip };
          }
          const width = Math.max(2, x(offset + seconds) - left);
          const tooltip = `${row.visit.state}: ${duration(seconds)}, from ${duration(offset)} to ${duration(offset + seconds)}`;
          return { x: left, y: middle - thickness / 2, width, height: thickness, tooltip };
        });
        const end = Math.max(...shapes.map((shape) => shape.x + shape.width));
        const time = duration(awaySeconds ?? secondsOf(row));
        const text = hasFailed ? `${time} ✕` : time;
        return [
          ...shapes.map(({ tooltip, ...shape }) => bar(shape, { fill, tooltip })),
          label(text, {
            ...style,
            x: Math.min(end + LABEL_GAP, canvas.width - widthOf(text, fontSize)),
            y: middle,
          }),
        ];
      });
    },
  };
}

/** Pixels, not fewer than a text takes in the fonts of the page. */
const widthOf = (text: string, fontSize: number): number => text.length * fontSize * 0.62;

function visitRow(visit: StateVisit, start: number) {
  const { state, type, enteredAt, leftAt, outcome, awaySeconds = (leftAt - enteredAt) / 1000 } = visit;
  const after = duration((enteredAt - start) / 1000);
  return html`<tr><td>${state}</td><td>${type}</td><td class="number">${after}</td><td class="number">${duration(awaySeconds)}</td><td>${outcomes[outcome]}</td></tr>`;
}
