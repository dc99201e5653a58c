import { commandsOf, type StagePlace, stepText } from '../shared/commands.ts';
import { InvalidInputError } from '../shared/errors.ts';
import { listReliants, type Reliant } from '../shared/ledger/reliant.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RollBackOrder } from './request.ts';

const MAX_NAMED = 5;

/** `run b and 2 more`: the latest run, and how many others there are. */
export function reliantsText([newest, ...others]: readonly Reliant[]): string {
  return others.length === 0
    ? `run ${newest?.runId ?? '?'}`
    : `run ${newest?.runId ?? '?'} and ${others.length} more`;
}

function tableNames(reliants: readonly Reliant[]): string {
  const names = [...new Set(reliants.flatMap(({ tables }) => tables.map(({ name }) => name)))];
  const shown = names.slice(0, MAX_NAMED).join(', ');
  return names.length > MAX_NAMED ? `${shown}, ...` : shown;
}

/** Repeats what was typed, so that a typing mistake is visible. */
const typed = (confirm: string | undefined): string =>
  confirm === undefined ? '' : ` "confirm" was "${confirm}".`;

/** Who relies on a run, and what an operator has confirmed. */
export interface Confirmation {
  /** Newest first, none of them rolled back. */
  readonly reliants: readonly Reliant[];
  readonly confirm: string | undefined;
  readonly place: StagePlace;
}

/**
 * Says why an operator's roll back does not start, with the command to paste. `undefined` if it may start.
 */
export function missingConfirmation(
  { runId, status }: Pick<Run, 'runId' | 'status'>,
  { reliants, confirm, place }: Confirmation,
): InvalidInputError | undefined {
  const [newest] = reliants;
  const { rollBack } = commandsOf(place);
  if (newest !== undefined) {
    if (confirm === newest.runId) return undefined;
    const relies = reliants.length === 1 ? 'relies' : 'rely';
    return new InvalidInputError(
      `Run ${runId} cannot be rolled back without a confirmation, because ${reliantsText(reliants)} succeeded since and ${relies} on these of its tables: ${tableNames(reliants)}.${typed(confirm)} Nothing was changed. A roll back would back up each table that is relied on first.`,
      stepText(['To roll the run back anyway', rollBack(runId, newest.runId)]),
    );
  }
  if (status !== 'SUCCEEDED' || confirm === runId) return undefined;
  return new InvalidInputError(
    `Run ${runId} succeeded, and the shop may use its tables.${typed(confirm)} Nothing was changed. A roll back would back up each table first.`,
    stepText(['To roll the run back anyway', rollBack(runId, runId)]),
  );
}

/**
 * Asks an operator to confirm a roll back that destroys something in use. An automatic roll back needs no confirmation,
 * because it keeps whatever later runs rely on.
 *
 * @throws InvalidInputError with the command to paste; not retried.
 */
export async function requireConfirmation(runtime: Runtime, order: RollBackOrder, run: Run): Promise<void> {
  if (order.reason !== 'operator') return;
  const reliants = await listReliants(runtime.ledger, run.runId);
  const { confirm } = order;
  const refusal = missingConfirmation(run, { reliants, confirm, place: runtime.config });
  if (refusal !== undefined) throw refusal;
}

/** Stored when the run is marked and overwritten by the next mark, so it counts for one roll back only. */
export function confirmedFact({ reason, confirm = '' }: RollBackOrder): Pick<Run, 'confirmed'> {
  return { confirmed: reason === 'operator' ? confirm : '' };
}
