import { capacity, count, duration } from '../../../functions/shared/format.ts';
import { timeAxis, type Timeline, valueAxis, wideMargins } from './axis.ts';
import type { Chart } from './chart.ts';
import { html } from '../../../functions/shared/runs/page/html.ts';
import { area, type Canvas, type Plot } from './plot.ts';
import type { RateInterval, RateSeries } from './rate-series.ts';
import { stateColor } from './state-colors.ts';

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** Items a second over time, with one colour for each Map. */
export function rateChart(series: readonly RateSeries[], timeline: Timeline): Chart {
  const peaks = series.map((one) => `${one.state} reached ${rateText(peakOf(one))} a second`);
  return {
    id: 'rate',
    title: 'Items a second over time',
    description: `${peaks.join(', ')}.`,
    height: ({ isNarrow }) => (isNarrow ? 190 : 230),
    plot: (canvas) => plotOf(series, timeline, canvas),
    table: html`<table><thead><tr><th scope="col">State</th><th scope="col" class="number">From</th><th scope="col" class="number">To</th><th scope="col" class="number">Items a second</th></tr></thead>
      <tbody>${series.map((one) =>
        together(one.intervals).map(
          ({ from, to, itemsPerSecond }) =>
            html`<tr><td>${one.state}</td><td class="number">${duration(from)}</td><td class="number">${duration(to)}</td><td class="number">${rateText(itemsPerSecond)}</td></tr>`,
        ),
      )}</tbody></table>`,
  };
}

/** Two digits of a rate below ten, which may be far below one. */
const rateText = (rate: number): string =>
  rate < 9.95 ? capacity(Number(rate.toPrecision(2))) : count(rate);

/** Neighbours of one rate as one row: between two checkpoints of its workers a Map has only one. */
function together(intervals: readonly RateInterval[]): readonly RateInterval[] {
  return intervals.reduce<readonly RateInterval[]>((rows, interval) => {
    const last = rows.at(-1);
    return last !== undefined && rateText(last.itemsPerSecond) === rateText(interval.itemsPerSecond)
      ? [...rows.slice(0, -1), { ...last, to: interval.to }]
      : [...rows, interval];
  }, []);
}

const peakOf = ({ intervals }: RateSeries): number =>
  Math.max(0, ...intervals.map(({ itemsPerSecond }) => itemsPerSecond));

function plotOf(series: readonly RateSeries[], timeline: Timeline, canvas: Canvas): Plot {
  return {
    margins: { ...(canvas.isNarrow ? { left: 38, right: 34 } : wideMargins), top: 10, bottom: 26 },
    x: timeAxis(timeline, canvas),
    y: valueAxis(Math.max(0, ...series.map(peakOf)), (value) => compact.format(value)),
    marks: ({ x, y }) =>
      series.map((one) => {
        const points = outline(one).map(([at, rate]) => [x(at), y(rate)] as const);
        return area(points, y(0), stateColor(one.state));
      }),
  };
}

/** The outline of a series. Each interval is a step, and both ends go down to zero. */
function outline({ intervals }: RateSeries): readonly (readonly [number, number])[] {
  const first = intervals[0];
  const last = intervals.at(-1);
  if (first === undefined || last === undefined) return [];
  const steps = intervals.flatMap(({ from, to, itemsPerSecond }) => [
    [from, itemsPerSecond] as const,
    [to, itemsPerSecond] as const,
  ]);
  return [[first.from, 0], ...steps, [last.to, 0]];
}
