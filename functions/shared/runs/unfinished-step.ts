import { commandsOf, type StagePlace } from '../commands.ts';
import { listReliants } from '../ledger/reliant.ts';
import { findNewest, isReadable, readRun, type Run } from '../ledger/run.ts';
import { tablePrefixOf } from '../ledger/run-settings.ts';
import { listTables } from '../ledger/table-record.ts';
import type { Runtime } from '../runtime.ts';
import { describeTable } from '../aws/describe-table.ts';

/** What a call of a step would work on now. */
export interface WantedStep {
  /** `functions:` key. */
  readonly step: string;
  /** The backup that it reads. Absent if it makes one. */
  readonly backupId?: string;
  /** TableId of the source, where the step reads it. */
  readonly sourceTableId?: string;
}

/** The last call of a step that left something unfinished. */
export interface UnfinishedStep {
  readonly run: Run;
  /** Why it cannot continue, to follow "because". Absent if it can. */
  readonly obstacle?: string;
}

/** A backup made over two days would mix two states of the table, and people have used the tables meanwhile. */
const LONGEST_MILLIS = 24 * 3_600_000;

/** Why a run that later runs rely on is not continued. Absent: none relies on it. */
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
      return `table ${name} is not the one that it began with`;
  }
  return undefined;
}

function workObstacle(runtime: Runtime, run: Run, wanted: WantedStep): string | undefined {
  const { config } = runtime;
  const { backupId = run.backupId, sourceTableId } = wanted;
  if (run.failure !== undefined) return `it failed (${run.failure.error})`;
  if (run.sourceTable !== config.sourceTable || tablePrefixOf(runtime, run) !== config.tablePrefix)
    return 'the service has been deployed for other tables since';
  if (run.backupId !== backupId) return `it works on backup ${run.backupId}, and the newest is ${backupId}`;
  if (run.sourceTableId !== sourceTableId)
    return `table ${run.sourceTable} is not the one that it began with`;
  const age = runtime.clock.now() - Date.parse(run.startedAt);
  return age < LONGEST_MILLIS ? undefined : 'it began more than a day ago';
}

/**
 * The newest run of this step, if it is held. A step that was short of time continues it if it would do the same work on
 * the same tables. A run that failed is never continued.
 */
export async function findUnfinished(
  runtime: Runtime,
  wanted: WantedStep,
): Promise<UnfinishedStep | undefined> {
  const { ledger } = runtime;
  const last = await findNewest(
    ledger,
    (run) => isReadable(run) && run.kind === 'manual' && run.step === wanted.step,
  );
  if (last === undefined) return undefined;
  const run = await readRun(ledger, last.runId);
  if (run.status !== 'HELD') return undefined;
  const obstacle =
    workObstacle(runtime, run, wanted) ??
    reliedObstacle(await listReliants(ledger, run.runId)) ??
    (await tableObstacle(runtime, run));
  return obstacle === undefined ? { run } : { run, obstacle };
}

/** Says that a run was left as it is, and how to roll it back. */
export function leftSentence(
  { run, obstacle = 'somebody else has changed it' }: UnfinishedStep,
  place: StagePlace,
): string {
  return `It began again, because ${obstacle}: run ${run.runId} of ${run.startedAt} was not continued. What that run has done stays; to roll it back: ${commandsOf(place).rollBack(run.runId).line}`;
}
