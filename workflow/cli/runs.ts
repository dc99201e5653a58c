import { commandsOf, stepText } from '../../functions/shared/commands.ts';
import { workedSecondsOf } from '../../functions/shared/ledger/attempt.ts';
import type { LedgerTable } from '../../functions/shared/ledger/ledger-table.ts';
import { listRuns, type Run } from '../../functions/shared/ledger/run.ts';
import { pausedText } from '../../functions/shared/runs/control-text.ts';
import { runStageCommand, type StageOptions, stageCommand, wholeNumber } from './command.ts';
import { WRONG_USAGE } from './exit-codes.ts';
import { count, duration, moment } from '../../functions/shared/format.ts';
import { itemsInPlace } from './items-in-place.ts';
import { OperatorError } from './operator-error.ts';
import { type Column, tableText } from './plain-table.ts';
import { type RefusedStart, refusedStarts } from './refused-starts.ts';
import type { Terminal } from './terminal.ts';

interface Options extends StageOptions {
  readonly limit: number;
}

/** One line: a run of the ledger, or an execution that was refused before it had begun one. */
interface ListedRun {
  readonly runId: string;
  readonly kind: string;
  readonly step?: string | undefined;
  readonly status: Run['status'] | 'REFUSED';
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt?: string | undefined;
  /** In place now; absent where it is not known. */
  readonly items?: number | undefined;
  readonly quarantined?: number | undefined;
  readonly durationSeconds?: number | undefined;
  readonly note?: string | undefined;
  /** Present while the run is paused. */
  readonly paused?: Run['paused'];
}

const GOOD: ReadonlySet<string> = new Set<ListedRun['status']>([
  'SUCCEEDED',
  'PLANNED',
  'SYNCING',
  'SWITCHED',
]);
/** Not at its end, or ended by an operator. */
const UNDECIDED: ReadonlySet<string> = new Set<ListedRun['status']>([
  'RUNNING',
  'HELD',
  'SWITCHING',
  'CANCELLING',
  'CANCELLED',
]);

const columnsFor = ({ colors }: Terminal): readonly Column[] => [
  { name: 'Run' },
  { name: 'Started (UTC)' },
  { name: 'What' },
  { name: 'Status', paint: (status) => statusColor(status, colors)(status) },
  { name: 'Items', align: 'right' },
  { name: 'Quarantined', align: 'right' },
  { name: 'Duration', align: 'right' },
  { name: 'Note' },
];

const command = stageCommand('runs', 'Lists the runs of a stage, newest first.', 'them').option(
  '--limit <count>',
  'at most this many',
  wholeNumber,
  20,
);

await runStageCommand<Options>(command, async ({ context, terminal, options: { limit } }) => {
  const { ledger, stage } = context;
  if (limit < 1) throw new OperatorError('--limit is how many runs to list: 1 or more.', WRONG_USAGE);
  const found = await listRuns(ledger, limit);
  const known = new Set(found.map(({ runId }) => runId));
  const refused = await refusedStarts(context, { limit, known });
  const begun = await Promise.all(
    found.map(async (run) => ({ isDry: run.parameters.dryRun, listed: await listed(ledger, run) })),
  );
  const runs = [...begun, ...refused.map((start) => ({ isDry: false, listed: listedRefusal(start) }))]
    .toSorted((one, other) => (one.listed.startedAt < other.listed.startedAt ? 1 : -1))
    .slice(0, limit);
  if (terminal.json) terminal.document(runs.map((run) => run.listed));
  else if (runs.length === 0)
    terminal.say(
      `Stage ${stage} has no runs yet.\n${stepText(['Start one', commandsOf(context).migrate({})])}`,
    );
  else terminal.say(tableText(terminal, columnsFor(terminal), runs.map(row)));
  return 0;
});

function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1e3;
}

/** What is listed of a run. */
async function listed(ledger: LedgerTable, run: Run): Promise<ListedRun> {
  const { runId, kind, step, status, startedAt, finishedAt, rehearsal, parameters, paused } = run;
  return {
    runId,
    kind,
    step,
    status,
    startedAt,
    finishedAt,
    items: await itemsInPlace(ledger, run),
    quarantined: rehearsal?.quarantined,
    durationSeconds: workedSecondsOf(run),
    note: parameters.note,
    ...(status === 'RUNNING' && paused !== undefined && { paused }),
  };
}

function listedRefusal({ name, machine, startedAt, finishedAt }: RefusedStart): ListedRun {
  const durationSeconds = secondsBetween(startedAt, finishedAt);
  return { runId: name, kind: machine, status: 'REFUSED', startedAt, finishedAt, items: 0, durationSeconds };
}

function number(value: number | undefined): string {
  return value === undefined ? '–' : count(value);
}

function row({
  isDry,
  listed: run,
}: {
  readonly isDry: boolean;
  readonly listed: ListedRun;
}): readonly string[] {
  const { runId, kind, step, status, startedAt, items, quarantined, durationSeconds } = run;
  const what = isDry ? 'dry run' : (step ?? kind);
  const time = durationSeconds === undefined ? '' : duration(durationSeconds);
  return [runId, moment(startedAt), what, status, number(items), number(quarantined), time, noteOf(run)];
}

function noteOf({ paused, note = '' }: ListedRun): string {
  if (paused === undefined) return note;
  return note === '' ? pausedText(paused) : `${pausedText(paused)}; ${note}`;
}

function statusColor(status: string, colors: Terminal['colors']): (text: string) => string {
  if (GOOD.has(status)) return colors.green;
  return UNDECIDED.has(status) ? colors.yellow : colors.red;
}
