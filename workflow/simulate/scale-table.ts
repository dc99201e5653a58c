import type { MeasuredRun, SimulatedRun } from './simulate-run.ts';

/** A table of figures: a heading for each column, and rows. */
export interface FigureTable {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const grouped = (number: number): string => Math.round(number).toLocaleString('en-US');
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.01 ? 1 : 0)} %`;

function duration(seconds: number): string {
  if (seconds < 600) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

function nearest({ limits }: MeasuredRun): string {
  const [first] = limits.toSorted((one, other) => other.share - one.share);
  return first === undefined ? '' : `${percent(first.share)} of ${first.name}`;
}

const headings = [
  'products',
  'target table',
  'Maps',
  'workers x iterations',
  'duration',
  'Lambda seconds',
  'longest history',
  'payload, bytes',
  'cost',
  'nearest limit',
] as const;

function rowOf({ products, warm, mode, measured }: SimulatedRun): readonly string[] {
  const about = [grouped(products), warm ? 'warm' : 'new', mode];
  if (measured === undefined) return [...about, '-', 'refused by TestConnection', '-', '-', '-', '-', '-'];
  return [
    ...about,
    `${measured.workers} x ${measured.segments}`,
    duration(measured.durationSeconds),
    grouped(measured.lambdaSeconds),
    `${grouped(Math.max(measured.historyEvents, measured.longestChildEvents))} events`,
    grouped(measured.payloadBytes),
    `$${measured.cost.dollars.toFixed(2)}`,
    nearest(measured),
  ];
}

/** One line a run. */
export function scaleTable(runs: readonly SimulatedRun[]): FigureTable {
  return { headings, rows: runs.map(rowOf) };
}

/** Every limit of one run and how much of it is used. */
export function limitTable({ limits }: MeasuredRun): FigureTable {
  const figure = (value: number): string => (value < 10 ? value.toFixed(1) : grouped(value));
  return {
    headings: ['limit', 'used', 'of', 'share'],
    rows: limits.map(({ name, value, limit, share }) => [name, figure(value), figure(limit), percent(share)]),
  };
}

/** The same in Markdown. */
export function asMarkdown({ headings: names, rows }: FigureTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(names), line(names.map(() => '---')), ...rows.map(line)].join('\n');
}
