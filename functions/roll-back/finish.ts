import { awsCommandsOf, type Step, stepText } from '../shared/commands.ts';
import { tableArnOf } from '../shared/tables/close-table.ts';
import { filledTable, filledTablesOf } from '../shared/tables/run-tables.ts';
import { rolledBackItems } from '../shared/runs/count-shards.ts';
import { buildReport } from '../shared/runs/build-report.ts';
import { RunClosedError } from '../shared/errors.ts';
import { finishOpening } from '../shared/runs/finish-opening.ts';
import { RUN_LAYOUT } from '../shared/files/layout.ts';
import { forgetReliance } from '../shared/ledger/reliant.ts';
import { isSyncStatus, type SyncStatus } from '../shared/ledger/sync-facts.ts';
import type { Remains } from '../shared/ledger/run-facts.ts';
import { isRestore, type Run, type RunStatus } from '../shared/ledger/run.ts';
import { listShards } from '../shared/ledger/shard.ts';
import { readRecords, type RunRecords } from '../shared/ledger/run-records.ts';
import { transition } from '../shared/ledger/transition.ts';
import { endingOf, isOrdered } from '../shared/runs/ending.ts';
import { nextStepOf } from '../shared/runs/next-step.ts';
import { publishReport } from '../shared/runs/publish-report.ts';
import type { Report, ReportedFailure } from '../shared/runs/report.ts';
import { lookAtTables } from '../shared/runs/report-tables.ts';
import { shownSamples } from '../shared/runs/report-samples.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RollBackTurn } from '../shared/state.ts';
import type { ReadableFailure } from '../shared/runs/caught-failure.ts';
import { cutMessage, joinMessage, splitMessage } from '../shared/message.ts';
import { printable } from '../shared/printable.ts';
import { existedText, goneItems, type TakenBack } from './existed-text.ts';

/** Step Functions accepts causes of 32,768 characters, but the console shows far fewer well. */
const MAX_CAUSE_BYTES = 4_000;

/** A run's report, and where it ran. */
interface Reported {
  readonly report: Report;
  /** By name of each table that the run fills: what its roll back has counted there. */
  readonly filled: ReadonlyMap<string, TakenBack>;
  readonly place: Place;
}

type Place = Pick<Runtime, 'config' | 'accountId'>;

/** Statuses that a run of the ledger can end with. */
type EndStatus = Exclude<RunStatus, 'RUNNING' | 'ROLLING_BACK' | SyncStatus>;

const OUTCOME_TEXTS = { DELETED: 'deleted', KEPT: 'kept', CREATED: 'left in place' } as const;

function tablesText(run: Run, reported: Reported): string {
  const { report } = reported;
  const described = report.tables.map((table) => {
    const { name, outcome, remark } = table;
    const what = outcome === 'EXISTED' ? existedText(run, table, reported) : OUTCOME_TEXTS[outcome];
    return { what, shown: remark === undefined ? name : `${name} (${remark})` };
  });
  const parts = Map.groupBy(described, ({ what }) => what);
  return parts.size === 0
    ? 'No table had been created.'
    : `Tables: ${[...parts].map(([what, ones]) => `${what}: ${ones.map(({ shown }) => shown).join(', ')}`).join('; ')}.`;
}

/** @throws Error if the run has not ended */
function endStatus({ runId, status }: Run): EndStatus {
  if (status !== 'RUNNING' && status !== 'ROLLING_BACK' && !isSyncStatus(status)) return status;
  throw new Error(`Run ${runId} is ${status}: it has no end that a roll back could report.`);
}

/** Ends the text with a full stop, so that another sentence can follow. */
const sentence = (text: string): string => (/[.!?)]$/.test(text) ? text : `${text}.`);

/** Only a restore may write to the source, and only if it was allowed to. */
const sourceText = (run: Run): string =>
  isRestore(run) ? '' : ` Table ${run.sourceTable} was not written to.`;

function causeText(run: Run, reported: Reported, result: Remains): string {
  const { report, place } = reported;
  const { backup, reportUri } = report;
  const remains = result.remaining.length === 0 ? '' : ` Still there: ${result.remaining.join(' | ')}.`;
  const backupText = backup === null ? 'No backup was completed.' : `The backup is kept at ${backup.uri}.`;
  const reportText = reportUri === null ? '' : ` Report: ${reportUri}`;
  const { said } = splitMessage(run.failure?.cause ?? '');
  const text = `${sentence(said)} ${tablesText(run, reported)}${remains}${sourceText(run)} ${backupText}${reportText}`;
  return cutMessage(
    joinMessage({ said: printable(text), nextStep: stepOf(place, run, result) }),
    MAX_CAUSE_BYTES,
  );
}

/** What to do now: first what the errors in the way ask for, then the tables of the run that are still there. */
function stepOf(place: Place, run: Run, { remainingTables, steps }: Remains): string {
  const { deleteTable } = awsCommandsOf(place.config);
  const deletions = remainingTables.map((name): Step => [
    `Look into table ${name}, which others may write to again, and delete it only if nobody needs it`,
    deleteTable(tableArnOf(place, { name })),
  ]);
  const step = nextStepOf(endingOf(run, endStatus(run)), place.config) ?? [];
  return [steps, deletions.length === 0 ? [] : stepText(...deletions), step].flat().join('\n');
}

async function endReport(runtime: Runtime, run: Run, result: Remains): Promise<Report> {
  const status = endStatus(run);
  const { run: now, ...ledger } = await readRecords(runtime.ledger, run.runId);
  const failure = status === 'ROLLED_BACK' && isOrdered(run) ? null : failureOf(runtime, run, result);
  const finishedAt = Date.parse(run.finishedAt ?? new Date(runtime.clock.now()).toISOString());
  const found = await lookAtTables(runtime, run.runId, ledger.tables);
  return buildReport(runtime, now, ledger, { status, failure, finishedAt, found });
}

function failureOf(place: Place, run: Run, result: Remains): ReportedFailure {
  const { error = 'UnknownError', cause = '', state } = run.failure ?? {};
  const nextStep = [...result.remaining.map(printable), stepOf(place, run, result)].join('\n');
  return { error, cause: splitMessage(cause).said, nextStep, ...(state === undefined ? {} : { state }) };
}

const NOTHING_REMAINS: Remains = { remaining: [], remainingTables: [], steps: [] };

/** Writes the end status and releases the lock in one transaction, then the report. */
export async function finishRollBack(
  runtime: Runtime,
  { run, relies }: Pick<RunRecords, 'run' | 'relies'>,
  result: Remains,
): Promise<RollBackTurn> {
  const to = result.remaining.length === 0 ? 'ROLLED_BACK' : 'ROLLBACK_FAILED';
  const remains = to === 'ROLLBACK_FAILED' ? result : undefined;
  const finishedAt = new Date(runtime.clock.now()).toISOString();
  const facts = { finishedAt, ...(remains && { remains }) };
  const writer = `end:${run.recoveryOwner ?? ''}:${run.markedAt ?? 0}`;
  const forgotten = to === 'ROLLED_BACK' ? await forgetReliance(runtime.ledger, run.runId, relies) : [];
  const remove = ['claim', ...(remains ? [] : (['remains'] as const))] as const;
  const change = { run, to, lock: 'release', writer, facts, remove } as const;
  const ended = await transition(runtime.ledger, change, forgotten);
  if (ended === undefined)
    throw new RunClosedError(
      `Run ${run.runId} was ended by somebody else while it was being rolled back. This execution changes nothing more.`,
    );
  const report = await publishReport(runtime, ended, () => endReport(runtime, ended, result));
  return turnFor(ended, await reportedOf(runtime, ended, report), result);
}

async function reportedOf(runtime: Runtime, run: Run, report: Report): Promise<Reported> {
  const walks = await listShards(runtime.ledger, run.runId, 'RollBack');
  const countedIn = (name: string): TakenBack => {
    const { number } = filledTable(runtime, run, name);
    const own = walks.filter(({ shard }) => shard === number);
    const back = rolledBackItems(own);
    return { ...back, keptKeys: shownSamples(back.keptKeys), gone: goneItems(own) };
  };
  const filled = new Map(filledTablesOf(runtime, run).map(({ name }) => [name, countedIn(name)]));
  return { report, filled, place: runtime };
}

function turnFor(run: Run, reported: Reported, result: Remains): RollBackTurn {
  const { report } = reported;
  const error = run.failure?.error ?? 'UnknownError';
  return {
    done: true,
    waitSeconds: 0,
    end: endOf(run),
    error,
    cause: causeText(run, reported, result),
    report,
  };
}

function endOf(run: Run): RollBackTurn['end'] {
  return run.status === 'PLANNED' ? 'SUCCEEDED' : (run.status as RollBackTurn['end']);
}

/** The answer for a run that has ended or is held. It changes nothing. */
export async function endedTurn(runtime: Runtime, run: Run): Promise<RollBackTurn> {
  if (run.kind === 'compare') return leftTurn(`Compare ${run.runId} is ${run.status}`, null);
  if (run.status === 'SUCCEEDED' || run.status === 'PLANNED') {
    await finishOpening(runtime, run);
    return leftTurn(`Run ${run.runId} succeeded`, await existingReport(runtime, run));
  }
  // The answer to the end may have been lost.
  const { remains = NOTHING_REMAINS } = run.status === 'ROLLBACK_FAILED' ? run : {};
  const build = (): Promise<Report> => endReport(runtime, run, remains);
  const isFresh = run.reporting === 'PENDING' || run.status === 'HELD';
  const report = isFresh ? await publishReport(runtime, run, build) : await build();
  return turnFor(run, await reportedOf(runtime, run, report), remains);
}

const leftTurn = (what: string, report: unknown): RollBackTurn => ({
  done: true,
  waitSeconds: 0,
  end: 'SUCCEEDED',
  error: '',
  cause: `${what}; nothing was rolled back.`,
  report,
});

/** The report as CompleteRun wrote it. It is built again if CompleteRun died before writing it. */
async function existingReport(runtime: Runtime, run: Run): Promise<unknown> {
  const stored = await runtime.objects.get(RUN_LAYOUT.report(run.runId));
  if (stored !== undefined && run.reporting !== 'PENDING') return JSON.parse(stored.body.toString('utf8'));
  return publishReport(runtime, run, async () => {
    const { run: now, ...ledger } = await readRecords(runtime.ledger, run.runId);
    const finishedAt = Date.parse(run.finishedAt ?? run.startedAt);
    const found = await lookAtTables(runtime, run.runId, ledger.tables);
    const end = { status: endStatus(run), failure: null, finishedAt, found };
    return buildReport(runtime, now, ledger, end);
  });
}

/**
 * This execution has not begun a run, or no longer has one. There is nothing to roll back, and nothing changes.
 *
 * @param nextStep where the error names none of its own
 */
export function refusedTurn({ error, cause }: ReadableFailure, nextStep: string): RollBackTurn {
  const message = joinMessage({ nextStep, ...splitMessage(cause) });
  return { done: true, waitSeconds: 0, end: 'REFUSED', error, cause: message, report: null };
}
