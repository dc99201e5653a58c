import { count, duration } from '../format.ts';
import { timeAxis, type Timeline, wideMargins } from './axis.ts';
import type { Canvas, Chart, ChartOption } from './chart.ts';
import { html } from './html.ts';
import type { RateSeries } from './rate-series.ts';
import { stateColor } from './state-colors.ts';

/** The outline of a series: each interval a step, down to zero at both ends. */
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

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

function optionOf(series: readonly RateSeries[], timeline: Timeline, canvas: Canvas): ChartOption {
  return {
    grid: { ...(canvas.isNarrow ? { left: 38, right: 16 } : wideMargins), top: 10, bottom: 26 },
    xAxis: timeAxis(timeline, canvas),
    yAxis: {
      type: 'value',
      splitNumber: 4,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: 'var(--faint)', formatter: (value: number) => compact.format(value) },
      splitLine: { lineStyle: { color: 'var(--grid)' } },
    },
    series: series.map((one) => ({
      type: 'line',
      silent: true,
      symbol: 'none',
      data: outline(one).map(([at, rate]) => [at, rate]),
      lineStyle: { color: stateColor(one.state), width: 1.6, join: 'round' },
      itemStyle: { color: stateColor(one.state) },
      areaStyle: { color: stateColor(one.state), opacity: 0.16 },
    })),
  };
}

const peakOf = ({ intervals }: RateSeries): number =>
  Math.max(0, ...intervals.map(({ itemsPerSecond }) => itemsPerSecond));

/** Items a second over time, one colour a Map. */
export function rateChart(series: readonly RateSeries[], timeline: Timeline): Chart {
  const peaks = series.map((one) => `${one.state} reached ${count(peakOf(one))} a second`);
  return {
    id: 'rate',
    title: 'Items a second over time',
    description: `${peaks.join(', ')}.`,
    height: ({ isNarrow }) => (isNarrow ? 190 : 230),
    option: (canvas) => optionOf(series, timeline, canvas),
    table: html`<table><thead><tr><th scope="col">State</th><th scope="col" class="number">From</th><th scope="col" class="number">To</th><th scope="col" class="number">Items a second</th></tr></thead>
      <tbody>${series.map((one) =>
        one.intervals.map(
          ({ from, to, itemsPerSecond }) =>
            html`<tr><td>${one.state}</td><td class="number">${duration(from)}</td><td class="number">${duration(to)}</td><td class="number">${count(itemsPerSecond)}</td></tr>`,
        ),
      )}</tbody></table>`,
  };
}
