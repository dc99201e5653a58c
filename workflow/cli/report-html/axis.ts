import type { Pictures } from '../run-record.ts';
import { duration } from '../../../functions/shared/format.ts';
import type { Canvas, Plot, Values } from './plot.ts';

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** A step between labels, as on a clock, that gives at most `ticks` labels. */
export function timeStep(seconds: number, ticks: number): number {
  const fraction = seconds / ticks;
  if (fraction <= 0.5)
    return [0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((step) => step >= fraction) ?? 0.5;
  return steps.find((step) => step >= fraction) ?? Math.ceil(fraction / DAY_SECONDS) * DAY_SECONDS;
}

/** The time that the page's pictures show. All of them share it, so that they can be compared. */
export interface Timeline {
  /** Epoch milliseconds. */
  readonly startMillis: number;
  readonly seconds: number;
}

/**
 * The time that contains every visit to a state and every worker. A resumed run's workers began before its last
 * execution.
 */
export function timelineOf({
  path,
  shards,
  report,
}: Pictures & { readonly report: { readonly startedAt: string } }): Timeline {
  const workers = [...shards.values()].flat();
  const starts = [...path.map(({ enteredAt }) => enteredAt), ...workers.map(({ startedAt }) => startedAt)];
  const ends = [...path.map(({ leftAt }) => leftAt), ...workers.map(({ updatedAt }) => updatedAt)];
  const startMillis = starts.reduce((one, other) => Math.min(one, other), Infinity);
  if (startMillis === Infinity) return { startMillis: Date.parse(report.startedAt), seconds: 0.05 };
  const endMillis = ends.reduce((one, other) => Math.max(one, other), startMillis);
  return { startMillis, seconds: Math.max(0.05, (endMillis - startMillis) / 1000) };
}

/** A time axis from 0 to `seconds`, labelled `30 s`, `2 min`, with the same ticks in every picture. */
export function timeAxis({ seconds }: Timeline, { isNarrow }: Canvas): Plot['x'] {
  const interval = timeStep(seconds, isNarrow ? 3 : 8);
  const count = Math.ceil(seconds / interval - 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * interval);
  return { end: count * interval, ticks: ticks.map((at) => ({ at, label: timeLabel(at, interval) })) };
}

/** About four steps up to the peak. A step is 1, 2 or 5 with zeros. */
export function valueAxis(peak: number, label: (value: number) => string): Values {
  const fraction = Math.max(1, peak) / 4;
  const power = 10 ** Math.floor(Math.log10(fraction));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= fraction) ?? fraction;
  const count = Math.max(1, Math.ceil(peak / step));
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step);
  return { kind: 'values', end: count * step, ticks: ticks.map((at) => ({ at, label: label(at) })) };
}

/** About four steps up to the peak, as on a clock. */
export function durationAxis(peakSeconds: number): Values {
  const interval = timeStep(Math.max(1, peakSeconds), 4);
  const count = Math.max(1, Math.ceil(peakSeconds / interval));
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * interval);
  return {
    kind: 'values',
    end: count * interval,
    ticks: ticks.map((at) => ({ at, label: timeLabel(at, interval) })),
  };
}

const DAY_SECONDS = 86_400;

function timeLabel(seconds: number, interval: number): string {
  if (seconds === 0) return '0';
  if (interval % DAY_SECONDS === 0) return `${seconds / DAY_SECONDS} d`;
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : duration(seconds).replace('.0 s', ' s');
}

/**
 * Left and right margins on a wide page. They leave room for the names of states and align the times of all pictures.
 */
export const wideMargins = { left: 150, right: 76 } as const;
