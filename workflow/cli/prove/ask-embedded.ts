import { createHistory } from '../../local/states/history.ts';
import type { Line } from '../../local/states/line.ts';
import {
  type Json,
  type MachineDefinition,
  prepareMachine,
  type StateDefinition,
} from '../../local/states/prepare-machine.ts';
import { runMachine } from '../../local/states/run-machine.ts';
import { StateError, stateErrorOf } from '../../local/states/state-error.ts';
import { type Edge, type Mock, type Outcome, provenExecution, provenMachine } from './edge.ts';
import { innerMachines } from './edges.ts';

/** What the embedded engine does with an edge: it runs the state, with every state that may follow as the end. */
export async function askEmbedded(edge: Edge): Promise<Outcome> {
  const { state, input, mock, retryCount = 0 } = edge;
  const entered: string[] = [];
  const retried: number[] = [];
  const line: Line = {
    execution: provenExecution,
    stateMachine: provenMachine,
    map: undefined,
    events: createHistory(() => undefined).root,
    signal: new AbortController().signal,
    invoke: async () => answerOf(mock),
    pauseMillis: 0,
    onEntered: (name) => void entered.push(name),
    onRetried: (_name, index) => void retried.push(index),
  };
  const { output, error } = await runToEnd(prepareMachine(machineAround(edge)), input, line);
  const retryIndex = retried[retryCount];
  if (retryIndex !== undefined) return { status: 'RETRIABLE', retryIndex };
  const next = entered.find((name) => name !== state);
  if (next === undefined) return { status: 'FAILED', ...(error !== undefined && { error }) };
  const isCaught = mock !== undefined && 'error' in mock;
  return { status: isCaught ? 'CAUGHT_ERROR' : 'SUCCEEDED', next, output: output ?? null };
}

async function runToEnd(
  machine: ReturnType<typeof prepareMachine>,
  input: Json,
  line: Line,
): Promise<{ readonly output?: Json; readonly error?: string }> {
  try {
    // Once through JSON, as between two states on AWS: what is undefined is not there.
    const output = JSON.parse(JSON.stringify(await runMachine(machine, input, line))) as Json;
    return { output };
  } catch (thrown) {
    return { error: stateErrorOf(thrown).name };
  }
}

function answerOf(mock: Mock | undefined): Json {
  if (mock === undefined) return null;
  if ('result' in mock) return mock.result;
  throw new StateError(mock.error, mock.cause);
}

/** The state alone; what follows it ends the machine. */
function machineAround({ state, definition, mock }: Edge): MachineDefinition {
  const ends = followersOf(definition).map((name) => [name, { Type: 'Succeed' }] as const);
  return {
    StartAt: state,
    States: { [state]: withMockInside(definition, mock), ...Object.fromEntries(ends) },
  };
}

function followersOf({ Next, Default, Choices, Catch }: StateDefinition): readonly string[] {
  const listed = [...((Choices ?? []) as { Next: string }[]), ...((Catch ?? []) as { Next: string }[])];
  return [Next, Default, ...listed.map((one) => one.Next)].filter((name) => typeof name === 'string');
}

/** A Map or a Parallel answers as its mock does once each iteration or branch does. */
function withMockInside(definition: StateDefinition, mock: Mock | undefined): StateDefinition {
  if (innerMachines(definition).length === 0 || mock === undefined) return definition;
  const inside: StateDefinition =
    'result' in mock
      ? { Type: 'Pass', Result: {}, End: true }
      : { Type: 'Fail', Error: mock.error, ...(mock.cause !== undefined && { Cause: mock.cause }) };
  const mocked = (machine: MachineDefinition) => ({ ...machine, StartAt: 'Mock', States: { Mock: inside } });
  const { ItemProcessor, Branches } = definition;
  return {
    ...definition,
    ...(ItemProcessor !== undefined && { ItemProcessor: mocked(ItemProcessor as MachineDefinition) }),
    ...(Branches !== undefined && { Branches: (Branches as MachineDefinition[]).map(mocked) }),
  };
}
