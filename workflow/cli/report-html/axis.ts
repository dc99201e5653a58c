import { duration } from '../format.ts';

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** A step that gives at most `ticks` labels and reads like a clock. */
export function timeStep(seconds: number, ticks: number): number {
  const fraction = seconds / ticks;
  if (fraction <= 0.5)
    return [0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((step) => step >= fraction) ?? 0.5;
  return steps.find((step) => step >= fraction) ?? Math.ceil(fraction / 86_400) * 86_400;
}

/** A time axis from 0 to `seconds`, labelled `30 s`, `2 min`. */
export function timeAxis(seconds: number, ticks: number) {
  const interval = timeStep(seconds, ticks);
  return {
    type: 'value' as const,
    min: 0,
    max: Math.ceil(seconds / interval - 1e-9) * interval,
    interval,
    axisLabel: { color: 'var(--faint)', formatter: (value: number) => timeLabel(value) },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: 'var(--grid)' } },
  };
}

function timeLabel(seconds: number): string {
  if (seconds === 0) return '0';
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : duration(seconds).replace('.0 s', ' s');
}
