import { commandsOf, type StagePlace, stepText } from '../shared/commands.ts';
import { someOf } from '../shared/counted.ts';
import { InvalidInputError } from '../shared/errors.ts';
import { listReliants, type Reliant } from '../shared/ledger/reliant.ts';
import type { Run } from '../shared/ledger/run.ts';
import { listTables } from '../shared/ledger/table-record.ts';
import { findSwitches, type SwitchedTable, usedSinceText } from '../shared/runs/switched.ts';
import { filledTablesOf } from '../shared/tables/run-tables.ts';
import { withOwnPrefix } from '../shared/tables/target-conflicts.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RollBackOrder } from './request.ts';

/** `run b and 2 more`: the latest run, and how many others there are. */
export function reliantsText([newest, ...others]: readonly Reliant[], kind = 'run'): string {
  const named = `${kind} ${newest?.runId ?? '?'}`;
  return others.length === 0 ? named : `${named} and ${others.length} more`;
}

function tableNames(reliants: readonly Reliant[]): string {
  return someOf([...new Set(reliants.flatMap(({ tables }) => tables.map(({ name }) => name)))]);
}

/** Repeats what was typed, so that a typing mistake is visible. */
const typed = (confirm: string | undefined): string =>
  confirm === undefined ? '' : ` "confirm" was "${confirm}".`;

/** What the question says. */
export interface Question {
  /** Newest first, none of them rolled back. */
  readonly reliants: readonly Reliant[];
  /** Tables of the run that the shop has switched to. */
  readonly switches: readonly SwitchedTable[];
  /** Tables that existed before the run and that it has filled. */
  readonly existing: readonly string[];
  /** What the operator typed. */
  readonly confirm: string | undefined;
  readonly place: StagePlace;
}

/** The id that an operator's roll back must name; `undefined`: none. */
export function neededConfirmation(
  { runId, status }: Pick<Run, 'runId' | 'status'>,
  [newest]: readonly Reliant[],
): string | undefined {
  return newest?.runId ?? (status === 'SUCCEEDED' ? runId : undefined);
}

/** Says why an operator's roll back does not start, with the command to paste. */
export function unconfirmed(
  { runId, sourceTable }: Pick<Run, 'runId' | 'sourceTable'>,
  needed: string,
  { reliants, switches, existing, confirm, place }: Question,
): InvalidInputError {
  const { rollBack } = commandsOf(place);
  const used = switches.map(
    (one) =>
      `${usedSinceText(one)}, and table ${sourceTable} is as of that time: what the shop has written since is only there. `,
  );
  const [why, backup] =
    reliants.length === 0
      ? [`Run ${runId} succeeded, and its tables may be in use.`, backedUpText(existing)]
      : [reliedText(runId, reliants, switches), 'each table that is relied on first'];
  return new InvalidInputError(
    `${used.join('')}${why}${typed(confirm)} Nothing was changed. A roll back would back up ${backup}.`,
    stepText(['To roll the run back anyway', rollBack(runId, needed)]),
  );
}

/** A table that stays needs no backup: only what is as the run wrote it is deleted there. */
function backedUpText(existing: readonly string[]): string {
  if (existing.length === 0) return 'each table first';
  return `each table that it deletes first. Items that the run has written into ${existing.join(', ')}, which existed before, would be deleted without a backup`;
}

function reliedText(runId: string, reliants: readonly Reliant[], switches: readonly SwitchedTable[]): string {
  const relies = reliants.length === 1 ? 'relies' : 'rely';
  // Of a sync, the sentence before has said what it has come to.
  const isSync = switches.some(({ switched }) => switched.syncId === reliants[0]?.runId);
  const who = isSync ? reliantsText(reliants, 'sync') : `${reliantsText(reliants)} succeeded since and`;
  return `Run ${runId} cannot be rolled back without a confirmation, because ${who} ${relies} on these of its tables: ${tableNames(reliants)}.`;
}

/**
 * Asks an operator to confirm a roll back that destroys something in use. An automatic roll back needs no confirmation,
 * because it keeps whatever later runs rely on.
 *
 * @throws InvalidInputError with the command to paste; not retried.
 */
export async function requireConfirmation(runtime: Runtime, order: RollBackOrder, run: Run): Promise<void> {
  if (order.reason !== 'operator') return;
  const { ledger, config } = runtime;
  const { confirm } = order;
  const reliants = await listReliants(ledger, run.runId);
  const needed = neededConfirmation(run, reliants);
  if (needed === undefined || confirm === needed) return;
  const tables = await listTables(ledger, run.runId);
  const switches = await withOwnPrefix(runtime, run, findSwitches(runtime, tables));
  const filled = new Set(filledTablesOf(runtime, run).map(({ name }) => name));
  const existing = tables.flatMap(({ name, outcome }) =>
    outcome === 'EXISTED' && filled.has(name) ? name : [],
  );
  throw unconfirmed(run, needed, { reliants, switches, existing, confirm, place: config });
}

/** Stored when the run is marked and overwritten by the next mark, so it counts for one roll back only. */
export function confirmedFact({ reason, confirm = '' }: RollBackOrder): Pick<Run, 'confirmed'> {
  return { confirmed: reason === 'operator' ? confirm : '' };
}
