import { DescribeExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { type Command, commandsOf, type Input, type StagePlace, type Step } from '../commands.ts';
import type { Run } from '../ledger/run.ts';
import { correctInput, typedInput } from './again-input.ts';
import type { ReadableFailure } from './caught-failure.ts';
import { nextStepOf } from './next-step.ts';

/** What a look at an execution needs. */
interface AgainScope {
  readonly clients: { readonly sfn: SFNClient };
  readonly config: StagePlace;
}

/** An execution that was refused before it had begun a run. */
interface RefusedExecution {
  readonly machine: string;
  readonly execution: { readonly id: string; readonly name: string };
}

/** What to do after an execution was refused: the same once more, with what was typed. */
export async function startAgain(
  scope: AgainScope,
  { machine, execution }: RefusedExecution,
  { error }: ReadableFailure,
): Promise<string> {
  const again = typedInput(await executionInput(scope, execution.id));
  const ending = { status: 'REFUSED', runId: execution.name, error, again } as const;
  return nextStepOf({ ...ending, isRestore: machine === 'restore' }, scope.config) ?? '';
}

/**
 * What an execution was started with. The state of a failed one does not carry it, because it may be of any size.
 * `undefined` where nothing answers, which may be why the execution failed.
 */
export async function executionInput(
  { clients }: Pick<AgainScope, 'clients'>,
  executionArn: string,
): Promise<unknown> {
  try {
    const { input = '' } = await clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
    return JSON.parse(input) as unknown;
  } catch {
    return undefined;
  }
}

/** What to do after an action of the machine `sync` was refused: the same once more, with what was typed. */
export function syncAgain(
  place: StagePlace,
  typed: unknown,
  { error }: Pick<ReadableFailure, 'error'>,
): Step {
  const { action } = typedInput(typed);
  if (error === 'InvalidInputError')
    return correctInput(action === 'compare' || action === 'cutover' ? action : 'sync');
  return ['Fix the reported cause, then start again', typedSync(place, typed)];
}

/** Starts an action of the machine `sync` with what was typed, and these fields changed. */
export function typedSync(place: StagePlace, typed: unknown, changed: Input = {}): Command {
  const { action = 'start', ...others } = typedInput(typed);
  const fields: Input = { ...others, ...changed };
  const { runId } = fields;
  const { startSync, compare, cutOver, cancelSync } = commandsOf(place);
  switch (action) {
    case 'compare':
      return compare(fields);
    case 'cutover':
      return cutOver(fields);
    case 'cancel':
      return cancelSync(typeof runId === 'string' ? runId : undefined);
    default:
      return startSync(fields);
  }
}

/** The input that asks for the same sync or compare again: of the same migration, with the caps and confirmations typed. */
export function syncInputOf({ follows, parameters }: Pick<Run, 'follows' | 'parameters'>): Input {
  const { confirm, confirmSource, readUnitsPerSecond, writeUnitsPerSecond } = parameters;
  return { runId: follows?.runId, confirm, confirmSource, readUnitsPerSecond, writeUnitsPerSecond };
}
