import { listRuns, type Run } from '../../functions/shared/ledger/run.ts';
import { runStageCommand, type StageOptions, stageCommand, wholeNumber } from './command.ts';
import { count, duration, moment } from './format.ts';
import { itemsInPlace } from './items-in-place.ts';
import { type Column, tableText } from './plain-table.ts';
import { processTerminal, type Terminal } from './terminal.ts';

interface Options extends StageOptions {
  readonly limit: number;
  readonly json?: boolean;
}

interface ListedRun {
  readonly run: Run;
  /** In place now; `undefined` where it is not known. */
  readonly items: number | undefined;
}

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

const command = stageCommand('runs', 'Lists the runs of a stage, newest first.')
  .option('--limit <count>', 'at most so many', wholeNumber, 20)
  .option('--json', 'print the runs as one JSON document');

await runStageCommand<Options>(command, async ({ ledger, stage }, options) => {
  const terminal = processTerminal(options);
  const found = await listRuns(ledger, options.limit);
  const runs = await Promise.all(
    found.map(async (run): Promise<ListedRun> => ({ run, items: await itemsInPlace(ledger, run) })),
  );
  if (options.json === true) terminal.document(runs.map(listed));
  else if (runs.length === 0)
    terminal.say(`Stage ${stage} has no runs yet. Start one with: npm run migrate -- --stage ${stage}`);
  else terminal.say(tableText(terminal, columnsFor(terminal), runs.map(row)));
  return 0;
});

/** What is listed of a run. */
function listed({ run, items }: ListedRun) {
  const { runId, kind, step, status, startedAt, finishedAt, rehearsal, parameters } = run;
  return {
    runId,
    kind,
    step,
    status,
    startedAt,
    finishedAt,
    items,
    quarantined: rehearsal?.quarantined,
    durationSeconds:
      finishedAt === undefined ? undefined : (Date.parse(finishedAt) - Date.parse(startedAt)) / 1e3,
    note: parameters.note,
  };
}

function number(value: number | undefined): string {
  return value === undefined ? '–' : count(value);
}

function row(one: ListedRun): readonly string[] {
  const { runId, kind, step, status, startedAt, items, quarantined, durationSeconds, note } = listed(one);
  const { run } = one;
  const what = run.parameters.dryRun ? 'dry run' : (step ?? kind);
  const time = durationSeconds === undefined ? '' : duration(durationSeconds);
  return [runId, moment(startedAt), what, status, number(items), number(quarantined), time, note ?? ''];
}

function statusColor(status: string, colors: Terminal['colors']): (text: string) => string {
  if (status === 'SUCCEEDED' || status === 'PLANNED') return colors.green;
  if (status === 'RUNNING' || status === 'HELD') return colors.yellow;
  return colors.red;
}
