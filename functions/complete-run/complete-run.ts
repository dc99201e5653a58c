import { warnOfDeadWorkers } from '../shared/copy/unseen-deletion.ts';
import { buildReport, type RunLedger } from '../shared/runs/build-report.ts';
import { RunClosedError } from '../shared/errors.ts';
import { assertOpen, isCommittedBy } from '../shared/ledger/fence.ts';
import { noteReliance } from '../shared/ledger/reliance.ts';
import type { Run, RunStatus } from '../shared/ledger/run.ts';
import { readRecords } from '../shared/ledger/run-records.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { transition } from '../shared/ledger/transition.ts';
import { finishOpening } from '../shared/runs/finish-opening.ts';
import { finishProtection } from '../shared/runs/finish-protection.ts';
import { publishReport } from '../shared/runs/publish-report.ts';
import { openLine } from '../shared/tables/open-table.ts';
import { untilQuiet } from '../shared/ledger/quiet.ts';
import type { Report, ReportStatus } from '../shared/runs/report.ts';
import { lookAtTables } from '../shared/runs/report-tables.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { catchingUpWarnings } from './catching-up.ts';
import { readCommitFacts } from './commit-facts.ts';
import { judge } from './judge.ts';

/**
 * The last step: judges, commits, opens and protects the new tables, writes the report and returns it. Called again after
 * its commit, because an answer was lost, it repeats the rest and returns the same.
 *
 * @throws VerificationFailedError, RunClosedError; neither is retried, and before the commit the run is rolled back.
 */
export async function completeRun(runtime: Runtime, input: RunStepInput): Promise<Report> {
  const known = await readRecords(runtime.ledger, input.runId);
  if (isCommittedBy(known.run, input)) return afterCommit(runtime, known.run, known);
  assertOpen(known.run, input.executionArn);
  await warnOfDeadWorkers(runtime, known);
  // Where it is quiet, nothing writes there any more: the run is judged by what this look has found.
  const quiet = await untilQuiet(runtime, input, known);
  // Another call of this step may have committed meanwhile.
  if (isCommittedBy(quiet.run, input)) return afterCommit(runtime, quiet.run, quiet);
  assertOpen(quiet.run, input.executionArn);
  return afterCommit(runtime, await commit(runtime, quiet.run, quiet), quiet);
}

/** States that note whose items they found in a table. */
const FILLING = ['MigrateProducts', 'BulkLoad'] as const;

/** An operator who never starts a sync has to open them. */
function keptClosedWarnings(runtime: Runtime, run: Run, ledger: RunLedger): readonly string[] {
  const closed = ledger.tables.filter(({ access }) => access === 'CLOSED');
  const [first] = closed;
  if (run.parameters.keepClosed !== true || first === undefined) return [];
  const names = closed.map(({ name }) => name).toSorted();
  const [tables, them] = names.length === 1 ? ['table', 'it'] : ['tables', 'them'];
  // A run keeps its warnings: this one must be true of tables that are open or gone, too.
  return [
    `Because keepClosed was given, the run has left ${tables} ${names.join(', ')} closed to everybody but the migration. A sync opens ${them} when it switches to ${them}, and DynamoDB may refuse the shop for four more minutes. To open ${first.name} without a sync: ${openLine(runtime, first)}`,
  ];
}

/** After the commit nothing is rolled back. A failure becomes a warning in the report. */
async function afterCommit(runtime: Runtime, run: Run, { tables }: RunLedger): Promise<Report> {
  if (run.status === 'SUCCEEDED') {
    // First, because the shop waits for it; then the settings, which may take minutes.
    await finishOpening(runtime, run, tables);
    await finishProtection(runtime, run, tables);
  }
  return publishReport(runtime, run, () => reportOf(runtime, run));
}

async function reportOf(runtime: Runtime, { runId, status }: Run): Promise<Report> {
  const { run, ...ledger } = await readRecords(runtime.ledger, runId);
  const finishedAt = Date.parse(run.finishedAt ?? new Date(runtime.clock.now()).toISOString());
  const found = await lookAtTables(runtime, runId, ledger.tables);
  const end = { status: status as ReportStatus, failure: null, finishedAt, found };
  return buildReport(runtime, run, ledger, end);
}

/** Judges and commits: end status, verification, the runs relied on and release of the lock in one transaction. */
async function commit(runtime: Runtime, run: Run, ledger: RunLedger): Promise<Run> {
  const to: RunStatus = run.parameters.dryRun ? 'PLANNED' : 'SUCCEEDED';
  const finishedAt = new Date(runtime.clock.now()).toISOString();
  const verification = judge(await readCommitFacts(runtime, run, ledger));
  // Tables that are kept closed are opened when a sync has switched to them.
  const opening = run.parameters.keepClosed === true ? {} : ({ opening: 'PENDING' } as const);
  const verified = verification && ({ verification, ...opening, protection: 'PENDING' } as const);
  await warnRun(runtime.ledger, run, [
    ...catchingUpWarnings(runtime, run, ledger),
    ...keptClosedWarnings(runtime, run, ledger),
  ]);
  const reliance = await noteReliance(
    runtime.ledger,
    { runId: run.runId, committedAt: finishedAt },
    { tables: ledger.tables, shards: FILLING.flatMap((state) => ledger.shards.get(state) ?? []) },
  );
  const change = {
    run,
    to,
    lock: 'release',
    writer: `complete:${run.executionArn}`,
    facts: { finishedAt, ...verified, ...reliance.facts },
  } as const;
  const committed = await transition(runtime.ledger, change, reliance.actions);
  if (committed === undefined)
    throw new RunClosedError(`Run ${run.runId} was closed by somebody else before it could be committed.`);
  return committed;
}
