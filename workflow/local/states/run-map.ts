import { randomUUID } from 'node:crypto';
import { createHistory, MAX_EVENTS, type EventLine } from './history.ts';
import type { Json, PreparedMachine, Work } from './prepare-machine.ts';
import type { Line } from './line.ts';
import { StateError, stateErrorOf } from './state-error.ts';

type MapWork = Work & { readonly kind: 'map' };
type Run = (machine: PreparedMachine, input: Json, line: Line) => Promise<Json>;

/** What the prepared Map hands over: its items, its own input, and MaxConcurrency where that comes from a path. */
interface MapInput {
  readonly items: Json;
  readonly input: Json;
  readonly maxConcurrency?: number;
}

/**
 * Runs a Map: at most MaxConcurrency iterations at once, in order. The first failure stops the others; what their functions
 * have begun goes on, as on AWS.
 *
 * @throws StateError: the first iteration's, or States.ExceedToleratedFailureThreshold in DISTRIBUTED mode
 */
export async function runMap(work: MapWork, given: Json, line: Line, run: Run): Promise<Json> {
  const { items, input, maxConcurrency = 0 } = given as unknown as MapInput;
  if (!Array.isArray(items))
    throw new StateError('States.Runtime', 'The items of a Map must be an array.', true);
  line.events.add('MapStateStarted', {
    member: 'mapStateStartedEventDetails',
    fields: { length: items.length },
  });
  const failure = new AbortController();
  const signal = AbortSignal.any([line.signal, failure.signal]);
  const results = Array.from<Json>({ length: items.length });
  let next = 0;
  let last: EventLine = line.events;
  async function iterate(): Promise<void> {
    while (next < results.length) {
      const index = next;
      next += 1;
      const map = { Item: { Index: index, Value: (items as Json[])[index] ?? null } };
      const iteration: Line = { ...withoutListener(line), map, signal, events: line.events.branch() };
      results[index] = await runIteration(work, input, iteration, run);
      last = iteration.events;
    }
  }
  const iterating = Array.from(
    { length: Math.min(maxConcurrency || work.maxConcurrency, items.length) },
    iterate,
  );
  try {
    await Promise.all(iterating);
  } catch (thrown) {
    failure.abort();
    await Promise.allSettled(iterating);
    if (!line.signal.aborted) line.events.add('MapStateFailed');
    throw work.distributed ? toleranceExceeded() : thrown;
  }
  line.events.continueAfter(last);
  line.events.add('MapStateSucceeded');
  return results;
}

function withoutListener({ onEntered: _onEntered, onRetried: _onRetried, ...line }: Line): Line {
  return line;
}

async function runIteration(work: MapWork, mapInput: Json, line: Line, run: Run): Promise<Json> {
  const index = line.map?.Item.Index ?? 0;
  const event = (type: string) =>
    line.events.add(type, {
      member: `mapIteration${type.slice(12)}EventDetails`,
      fields: { name: work.name, index },
    });
  event('MapIterationStarted');
  try {
    const input = await selectInput(work, mapInput, line);
    const output = await run(work.iteration, input, work.distributed ? asExecution(line, input) : line);
    event('MapIterationSucceeded');
    return output;
  } catch (thrown) {
    event(line.signal.aborted ? 'MapIterationAborted' : 'MapIterationFailed');
    throw thrown;
  }
}

async function selectInput(work: MapWork, mapInput: Json, line: Line): Promise<Json> {
  if (work.select === undefined) return line.map?.Item.Value ?? null;
  const context = { Root: line.execution, StateMachine: line.stateMachine, Map: line.map };
  try {
    return await work.select.run(mapInput as never, { context }).result;
  } catch (thrown) {
    throw stateErrorOf(thrown);
  }
}

/** A child of a DISTRIBUTED Map: an execution with its own id, name, input and history. It fails once that is full. */
function asExecution(line: Line, input: Json): Line {
  const name = randomUUID();
  const Id = `${line.execution.Id.replace(/:[^:]+$/, '')}/Map:${name}`;
  const execution = { ...line.execution, Id, Name: name, Input: input, StartTime: new Date().toISOString() };
  const full = new AbortController();
  const history = createHistory((count) => void (count === MAX_EVENTS - 1 && full.abort()));
  const signal = AbortSignal.any([line.signal, full.signal]);
  return { ...line, execution, map: undefined, events: history.root, signal };
}

function toleranceExceeded(): StateError {
  const cause = 'The specified tolerated failure threshold was exceeded';
  return new StateError('States.ExceedToleratedFailureThreshold', cause);
}
