import { errorDetails, inputDetails, outputDetails, toJson, type EventLine } from './history.ts';
import type { Json, PreparedMachine } from './prepare-machine.ts';

/** One event of the engine's own log, as far as it is read here. */
interface EngineEvent {
  readonly type: string;
  readonly state?: { readonly name: string; readonly input?: unknown; readonly output?: unknown };
  readonly Error?: string;
  readonly Cause?: unknown;
  /** The Retry of a retry, as the definition has it. */
  readonly retry?: { readonly retrier: unknown };
}

/** What a recorder writes to. */
export interface Recording {
  readonly machine: PreparedMachine;
  readonly events: EventLine;
  /** Told of every state that is entered, before it does anything. */
  readonly onEntered?: (stateName: string, input: Json) => void;
  /** Told of every retry, with the index of the Retry that applies. */
  readonly onRetried?: (stateName: string, retryIndex: number) => void;
}

/** Resource of every task here, as the events name it. */
export const TASK_RESOURCE = { resourceType: 'lambda', resource: 'invoke' } as const;

/**
 * Turns the engine's log of one line of states into AWS's events. It ends when the engine closes the log. What happens inside a
 * task, a Map or a Parallel is recorded by who does it.
 */
export async function recordEngineEvents(
  log: AsyncIterable<EngineEvent>,
  recording: Recording,
): Promise<void> {
  for await (const event of log) {
    if (event.state === undefined) continue;
    const { name, input, output } = event.state;
    const type = recording.machine.types.get(name) ?? 'Task';
    if (event.type === 'StateEntered') {
      recording.onEntered?.(name, input as Json);
      const details = inputDetails('stateEnteredEventDetails', toJson(input as Json), { name });
      recording.events.add(`${type}StateEntered`, details);
    }
    if (event.type === 'StateRetried')
      recording.onRetried?.(name, retryIndexOf(recording.machine, name, event.retry?.retrier));
    if (event.type === 'StateExited') {
      const details = outputDetails('stateExitedEventDetails', toJson(output as Json), { name });
      recording.events.add(`${type}StateExited`, details);
    }
    if (event.type === 'StateFailed' && type === 'Task') recordFailedTask(event, recording.events);
  }
}

/** -1 where the state has no such Retry. */
function retryIndexOf({ retries }: PreparedMachine, name: string, retrier: unknown): number {
  const wanted = JSON.stringify(retrier);
  return (retries.get(name) ?? []).findIndex((one) => JSON.stringify(one) === wanted);
}

/** A failure before or after the call itself, in a path for example, is no event of its own on AWS. */
function recordFailedTask(event: EngineEvent, events: EventLine): void {
  if (events.lastType !== 'TaskStarted') return;
  const cause = event.Cause === undefined ? {} : { cause: String(event.Cause) };
  const failure = { error: event.Error, ...cause };
  if (event.Error === 'States.Timeout') {
    events.add(
      'TaskTimedOut',
      errorDetails('taskTimedOutEventDetails', { error: event.Error }, TASK_RESOURCE),
    );
  } else {
    events.add('TaskFailed', errorDetails('taskFailedEventDetails', failure, TASK_RESOURCE));
  }
}
