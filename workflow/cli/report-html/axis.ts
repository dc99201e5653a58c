import type { ReportView } from '../collect-report.ts';
import { duration } from '../format.ts';
import type { Canvas, Plot } from './plot.ts';

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** A step that gives at most `ticks` labels and reads like a clock. */
export function timeStep(seconds: number, ticks: number): number {
  const fraction = seconds / ticks;
  if (fraction <= 0.5)
    return [0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((step) => step >= fraction) ?? 0.5;
  return steps.find((step) => step >= fraction) ?? Math.ceil(fraction / 86_400) * 86_400;
}

/** From when to when the page's pictures are drawn: one for all of them, so that they can be read side by side. */
export interface Timeline {
  /** Epoch milliseconds. */
  readonly startMillis: number;
  readonly seconds: number;
}

/** The stretch that holds every stay in a state and every worker; a resumed run's workers began before its last execution. */
export function timelineOf({ path, shards, report }: ReportView): Timeline {
  const workers = [...shards.values()].flat();
  const starts = [...path.map(({ enteredAt }) => enteredAt), ...workers.map(({ startedAt }) => startedAt)];
  const ends = [...path.map(({ leftAt }) => leftAt), ...workers.map(({ updatedAt }) => updatedAt)];
  const startMillis = starts.reduce((one, other) => Math.min(one, other), Infinity);
  if (startMillis === Infinity) return { startMillis: Date.parse(report.startedAt), seconds: 0.05 };
  const endMillis = ends.reduce((one, other) => Math.max(one, other), startMillis);
  return { startMillis, seconds: Math.max(0.05, (endMillis - startMillis) / 1000) };
}

/** A time axis from 0 to `seconds`, labelled `30 s`, `2 min`; the same ticks in every picture. */
export function timeAxis({ seconds }: Timeline, { isNarrow }: Canvas): Plot['x'] {
  const interval = timeStep(seconds, isNarrow ? 3 : 8);
  const count = Math.ceil(seconds / interval - 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * interval);
  return { end: count * interval, ticks: ticks.map((at) => ({ at, label: timeLabel(at) })) };
}

function timeLabel(seconds: number): string {
  if (seconds === 0) return '0';
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : duration(seconds).replace('.0 s', ' s');
}

/** Left and right of what is drawn on a wide page: where the names of states find room, and the same time stands below the same time. */
export const wideMargins = { left: 150, right: 76 } as const;
