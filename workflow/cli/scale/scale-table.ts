import { migration } from '#migration/index.ts';
import { capitalized } from '../../../functions/shared/counted.ts';
import { isCosted } from '../../../functions/shared/cost/cost.ts';
import { estimatedTime } from '../../../functions/shared/cost/estimated-time.ts';
import { bytes, count, dollars } from '../../../functions/shared/format.ts';
import type { Column } from '../plain-table.ts';
import { limitsOf } from './limits.ts';
import { isRefused, type RefusedRun, type ScaledRun } from './scale-run.ts';

/** A table of figures. */
export interface FigureTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

const figure = (name: string): Column => ({ name, align: 'right' });

const RUN_COLUMNS: readonly Column[] = [
  figure(capitalized(migration.nouns.items)),
  { name: 'Maps' },
  figure('Workers'),
  figure('Shards'),
  figure('New target'),
  figure('Warm target'),
  figure('Cost'),
  figure('Files'),
  figure('Turns'),
  figure('History events'),
  figure('Ledger writes'),
  figure('Payload'),
  { name: 'Nearest limit' },
];

/** One row a run. */
export function scaleTable(runs: readonly (ScaledRun | RefusedRun)[]): FigureTable {
  return { columns: RUN_COLUMNS, rows: runs.map(rowOf) };
}

function rowOf(run: ScaledRun | RefusedRun): readonly string[] {
  const about = [count(run.products), run.mapMode];
  if (isRefused(run)) return [...about, ...RUN_COLUMNS.slice(3).map(() => '–'), 'refused'];
  const { plan, estimate } = run;
  const [nearest] = limitsOf(run);
  return [
    ...about,
    count(plan.workers),
    count(plan.shards.length),
    estimatedTime(estimate),
    estimatedTime({ ...estimate, seconds: estimate.secondsAtCaps }),
    isCosted(estimate) ? dollars(estimate.dollars) : 'unknown',
    count(run.files),
    count(run.turns),
    count(run.historyEvents),
    count(run.ledgerWrites),
    bytes(run.payloadBytes),
    nearest === undefined ? '' : `${percent(nearest.share)} of ${nearest.name}`,
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.01 ? 1 : 0)} %`;

/** Every limit of one run and how much of it is used. */
export function limitTable(run: ScaledRun): FigureTable {
  return {
    columns: [{ name: 'Limit' }, figure('Used'), figure('Of'), figure('Share')],
    rows: limitsOf(run).map(({ name, value, limit, share }) => [
      name,
      value < 10 ? value.toFixed(1) : count(value),
      count(limit),
      percent(share),
    ]),
  };
}

/** The same in Markdown. */
export function asMarkdown({ columns, rows }: FigureTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = columns.map(({ align }) => (align === 'right' ? '--:' : '---'));
  return [line(columns.map(({ name }) => name)), line(rule), ...rows.map(line)].join('\n');
}
