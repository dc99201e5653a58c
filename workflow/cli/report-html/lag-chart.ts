import type { ReportedMinute } from '../../../functions/shared/runs/sync-report.ts';
import { count, duration } from '../../../functions/shared/format.ts';
import { startOf } from '../sync/sync-rows.ts';
import { durationAxis, timeAxis, type Timeline, wideMargins } from './axis.ts';
import type { Chart } from './chart.ts';
import { html } from '../../../functions/shared/runs/page/html.ts';
import { area, type Canvas, type Plot } from './plot.ts';
import { tableHead } from '../../../functions/shared/runs/page/sections.ts';

const MINUTE_SECONDS = 60;

/** What is drawn, the higher one first. */
export const LAGS = [
  { name: 'Longest', color: 'var(--verify)', of: ({ maxLagSeconds }: ReportedMinute) => maxLagSeconds },
  { name: 'Average', color: 'var(--backup)', of: ({ meanLagSeconds }: ReportedMinute) => meanLagSeconds },
] as const;

/** From a change of the source to its settling, minute by minute. A minute without changes has no lag. */
export function lagChart(minutes: readonly ReportedMinute[]): Chart {
  const [first, last] = [minutes[0], minutes.at(-1)];
  const from = first === undefined ? 0 : startOf(first);
  const seconds = last === undefined ? 0 : (startOf(last) - from) / 1_000 + MINUTE_SECONDS;
  const peak = Math.max(0, ...minutes.map(({ maxLagSeconds }) => maxLagSeconds));
  return {
    id: 'lag',
    title: 'Lag over time',
    description: descriptionOf(minutes, peak),
    height: ({ isNarrow }) => (isNarrow ? 190 : 230),
    plot: (canvas) => plotOf(minutes, { startMillis: from, seconds }, { canvas, peak }),
    table: html`<table>${tableHead(['Minute (UTC)', '#Changes', '#Repaired', '#Average lag', '#Longest lag'])}
      <tbody>${minutes.map(
        (one) =>
          html`<tr><td>${textOf(one)}</td><td class="number">${count(one.records)}</td><td class="number">${count(one.repaired)}</td><td class="number">${duration(one.meanLagSeconds)}</td><td class="number">${duration(one.maxLagSeconds)}</td></tr>`,
      )}</tbody></table>`,
  };
}

/** A report has the last minutes with changes only. */
function descriptionOf(minutes: readonly ReportedMinute[], peak: number): string {
  const [first, last] = [textOf(minutes[0]), textOf(minutes.at(-1))];
  return minutes.length === 1
    ? `The last minute with changes, at ${last} UTC: the longest lag in it was ${duration(peak)}.`
    : `The last ${count(minutes.length)} minutes with changes, from ${first} to ${last} UTC: the longest lag in them was ${duration(peak)}.`;
}

/** `2026-03-01 12:05`. */
const textOf = (one: ReportedMinute | undefined): string => (one?.minute ?? '').replace('T', ' ');

function plotOf(
  minutes: readonly ReportedMinute[],
  timeline: Timeline,
  { canvas, peak }: { readonly canvas: Canvas; readonly peak: number },
): Plot {
  return {
    margins: { ...(canvas.isNarrow ? { left: 76, right: 34 } : wideMargins), top: 10, bottom: 26 },
    x: timeAxis(timeline, canvas),
    y: durationAxis(peak),
    marks: ({ x, y }) =>
      LAGS.flatMap(({ color, of }) =>
        stretches(minutes).map((stretch) => {
          const points = outline(stretch, timeline.startMillis, of).map(
            ([at, lag]) => [x(at), y(lag)] as const,
          );
          return area(points, y(0), color);
        }),
      ),
  };
}

/** Minutes that follow each other without a gap. */
function stretches(minutes: readonly ReportedMinute[]): readonly (readonly ReportedMinute[])[] {
  const found: ReportedMinute[][] = [];
  for (const one of minutes) {
    const last = found.at(-1)?.at(-1);
    const follows = last !== undefined && startOf(one) - startOf(last) <= MINUTE_SECONDS * 1_000;
    if (follows) found.at(-1)?.push(one);
    else found.push([one]);
  }
  return found;
}

/** A step for each minute. Both ends go down to zero. */
function outline(
  stretch: readonly ReportedMinute[],
  startMillis: number,
  of: (minute: ReportedMinute) => number,
): readonly (readonly [number, number])[] {
  const steps = stretch.flatMap((one) => {
    const from = (startOf(one) - startMillis) / 1_000;
    return [[from, of(one)] as const, [from + MINUTE_SECONDS, of(one)] as const];
  });
  const [first, last] = [steps[0]?.[0] ?? 0, steps.at(-1)?.[0] ?? 0];
  return [[first, 0], ...steps, [last, 0]];
}
