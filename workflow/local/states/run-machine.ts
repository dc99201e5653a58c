import { setMaxListeners } from 'node:events';
import { REGION } from '../account.ts';
import { outputDetails, toJson } from './history.ts';
import type { Line } from './line.ts';
import type { Json, PreparedMachine, Work } from './prepare-machine.ts';
import { TASK_RESOURCE, recordEngineEvents } from './record-engine-events.ts';
import { runMap } from './run-map.ts';
import { runParallel } from './run-parallel.ts';
import { StateError, abandoned, stateErrorOf } from './state-error.ts';

/** Step Functions' limit for the input or output of a state, in UTF-8 bytes. */
export const MAX_PAYLOAD_BYTES = 262_144;

/**
 * Runs one line of states to its end and returns its output.
 *
 * @throws StateError: the error that no Catch of the line took, or {@link abandoned}
 */
export async function runMachine(machine: PreparedMachine, input: Json, line: Line): Promise<Json> {
  if (line.signal.aborted) throw abandoned();
  const run = machine.engine.run(input as never, {
    context: contextOf(machine, line),
    overrides: overridesOf(machine, line),
  });
  // A Map's iterations all listen to one signal, and there may be more of them than the warning's limit of 10.
  setMaxListeners(0, line.signal);
  line.signal.addEventListener('abort', run.abort, { once: true });
  const recorded = recordEngineEvents(run.eventLogs, { machine, ...line });
  try {
    return await run.result;
  } catch (thrown) {
    throw line.signal.aborted ? abandoned() : stateErrorOf(thrown);
  } finally {
    line.signal.removeEventListener('abort', run.abort);
    await recorded;
  }
}

function contextOf(machine: PreparedMachine, line: Line): Record<string, unknown> {
  return {
    Root: line.execution,
    StateMachine: line.stateMachine,
    StateNames: Object.fromEntries([...machine.types.keys()].map((name) => [name, name])),
    ...(line.map !== undefined && { Map: line.map }),
  };
}

type Overrides = NonNullable<Parameters<PreparedMachine['engine']['run']>[1]>['overrides'];

function overridesOf(machine: PreparedMachine, line: Line): NonNullable<Overrides> {
  const handlers = [...machine.work].map(
    ([name, work]) => [name, (input: Json) => perform(work, input, line)] as const,
  );
  const pause = (names: Iterable<string>) =>
    Object.fromEntries([...names].map((name) => [name, line.pauseMillis ?? 0]));
  return {
    taskResourceLocalHandlers: Object.fromEntries(handlers) as never,
    ...(line.pauseMillis !== undefined && {
      waitTimeOverrides: pause(machine.waits),
      retryIntervalOverrides: pause(machine.work.keys()),
    }),
  };
}

/**
 * Does the work of one state. The engine calls it again after an abort during a pause, and continues what it has begun:
 * hence the refusals.
 */
async function perform(work: Work, input: Json, line: Line): Promise<Json> {
  if (line.signal.aborted) throw abandoned();
  // The engine's log, which is read asynchronously, shall have told that the state was entered.
  await new Promise(setImmediate);
  if (line.signal.aborted) throw abandoned();
  refuseOversize(input, 'The state/task was given an input');
  const output = await (work.kind === 'invoke' ? invokeTask(work, input, line) : nested(work, input, line));
  if (line.signal.aborted) throw abandoned();
  refuseOversize(output, 'The state/task returned a result');
  return output;
}

/** @throws StateError that no Catch sees, for more than a state may be given or return */
function refuseOversize(value: Json, what: string): void {
  if (Buffer.byteLength(toJson(value)) <= MAX_PAYLOAD_BYTES) return;
  const cause = `${what} with a size exceeding the maximum number of bytes service limit.`;
  throw new StateError('States.DataLimitExceeded', cause, true);
}

function nested(work: Exclude<Work, { kind: 'invoke' }>, input: Json, line: Line): Promise<Json> {
  return work.kind === 'map'
    ? runMap(work, input, line, runMachine)
    : runParallel(work, input, line, runMachine);
}

async function invokeTask(work: Work & { kind: 'invoke' }, parameters: Json, line: Line): Promise<Json> {
  const limit = work.timeoutSeconds === undefined ? {} : { timeoutInSeconds: work.timeoutSeconds };
  line.events.add('TaskScheduled', {
    member: 'taskScheduledEventDetails',
    fields: { ...TASK_RESOURCE, region: REGION, parameters: toJson(parameters), ...limit },
  });
  line.events.add('TaskStarted', { member: 'taskStartedEventDetails', fields: TASK_RESOURCE });
  const startedAt = performance.now();
  const output = await line.invoke(parameters);
  const timedOut = performance.now() - startedAt >= (work.timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  if (!line.signal.aborted && !timedOut) {
    line.events.add(
      'TaskSucceeded',
      outputDetails('taskSucceededEventDetails', toJson(output), TASK_RESOURCE),
    );
  }
  return output;
}
