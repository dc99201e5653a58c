import { listReliants } from '../ledger/reliant.ts';
import { isReadable, listRuns, readRun, type Run, tablePrefixOf } from '../ledger/run.ts';
import { listTables } from '../ledger/table-record.ts';
import type { Runtime } from '../runtime.ts';
import { describeTable } from '../aws/describe-table.ts';
import { codeVersion } from '../../migrations/shop/code-version.ts';

/** What a call of a step would work on now. */
export interface WantedStep {
  /** `functions:` key. */
  readonly step: string;
  /** The backup that it reads; absent where it makes one. */
  readonly backupId?: string;
  /** TableId of the source, where the step reads it. */
  readonly sourceTableId?: string;
}

/** The last call of a step that left something unfinished. */
export interface UnfinishedStep {
  readonly run: Run;
  /** Why it cannot go on, to follow "because"; absent where it can. */
  readonly obstacle?: string;
}

/** A backup of two days would be one of two moments, and people have looked at the tables meanwhile. */
const longestMillis = 24 * 3_600_000;
const recentRuns = 50;

/** Why a run is not gone on with that later runs rely on; absent: none does. */
export function reliedObstacle(reliants: readonly { readonly runId: string }[]): string | undefined {
  return reliants.length === 0
    ? undefined
    : `run ${reliants.map(({ runId }) => runId).join(', ')} relies on it`;
}

async function tableObstacle({ ledger, clients }: Runtime, run: Run): Promise<string | undefined> {
  for (const { name, outcome, tableId } of await listTables(ledger, run.runId)) {
    if (outcome !== 'CREATED' && outcome !== 'EXISTED') return `its table ${name} was never ready`;
    const table = await describeTable(clients.tables, name);
    if (table === undefined) return `its table ${name} is gone`;
    if (tableId !== undefined && table.TableId !== tableId)
      return `table ${name} is another one than it began with`;
  }
  return undefined;
}

function workObstacle(runtime: Runtime, run: Run, wanted: WantedStep): string | undefined {
  const { config } = runtime;
  const { backupId = run.backupId, sourceTableId } = wanted;
  if (run.failure !== undefined) return `it failed (${run.failure.error})`;
  if (run.sourceTable !== config.sourceTable || tablePrefixOf(runtime, run) !== config.tablePrefix)
    return 'the service has been deployed for other tables since';
  if (run.codeVersion !== codeVersion()) return 'the service has been deployed with other code since';
  if (run.backupId !== backupId) return `it works on backup ${run.backupId}, and the newest is ${backupId}`;
  if (run.sourceTableId !== sourceTableId)
    return `table ${run.sourceTable} is another one than it began with`;
  const age = runtime.clock.now() - Date.parse(run.startedAt);
  return age < longestMillis ? undefined : 'it began more than a day ago';
}

/**
 * The newest run of this step, where it was held: a step that was short of time goes on with it if it would do the
 * very same work on the very same tables. One that failed is never gone on with.
 */
export async function findUnfinished(
  runtime: Runtime,
  wanted: WantedStep,
): Promise<UnfinishedStep | undefined> {
  const { ledger } = runtime;
  const runs = (await listRuns(ledger, recentRuns)).filter(isReadable);
  const last = runs.find(({ kind, step }) => kind === 'manual' && step === wanted.step);
  if (last === undefined) return undefined;
  const run = await readRun(ledger, last.runId);
  if (run.status !== 'HELD') return undefined;
  const obstacle =
    workObstacle(runtime, run, wanted) ??
    reliedObstacle(await listReliants(ledger, run.runId)) ??
    (await tableObstacle(runtime, run));
  return obstacle === undefined ? { run } : { run, obstacle };
}

/** Tells that a run was left as it is, and how to be rid of it. */
export function leftSentence({ run, obstacle = 'somebody else has changed it' }: UnfinishedStep): string {
  return `It began again, because ${obstacle}: run ${run.runId} of ${run.startedAt} was not continued. What that run has done stays; to roll it back, start the rollback state machine with {"runId": "${run.runId}"}.`;
}
