import type { Definition, Rule, Scope, State } from './definition.ts';
import { type ContextObject, fill, type Json, place, valueAt } from './state-data.ts';

/** What the run of a machine leaves behind. */
export interface Tally {
  /** Events of each kind over all histories. */
  readonly events: Map<string, number>;
  /** Events of the machine's own execution. */
  ownEvents: number;
  /** Events of the longest child execution of a DISTRIBUTED Map; 0 without one. */
  longestChildEvents: number;
  childExecutions: number;
  /** Billed: a state entered, or an execution begun. */
  transitions: number;
  /** Largest input or output of a state, bytes of UTF-8. */
  payloadBytes: number;
  /** Longest list that a Map was given. */
  mapItems: number;
}

/** Calls a modelled function; returns its answer when it would have come. */
export type Invoke = (functionKey: string, payload: Json, stateName: string) => Promise<Json>;

/** What a machine runs with. */
export interface MachineRun {
  readonly invoke: Invoke;
  /** Step Functions' own time from one state to the next. */
  readonly transit: () => Promise<void>;
  readonly wait: (seconds: number) => Promise<void>;
  readonly execution: ContextObject['Execution'];
}

interface Line extends MachineRun {
  readonly context: ContextObject;
  readonly tally: Tally;
  /** Adds to the history that this line writes into. */
  readonly note: (...events: readonly string[]) => void;
}

/** Runs a definition as Step Functions does, on the way that succeeds. */
export async function runMachine(
  definition: Definition,
  run: MachineRun,
): Promise<{ output: Json; tally: Tally }> {
  const tally: Tally = {
    events: new Map(),
    ownEvents: 0,
    longestChildEvents: 0,
    childExecutions: 0,
    transitions: 1,
    payloadBytes: 0,
    mapItems: 0,
  };
  const note = (...events: readonly string[]): void => {
    tally.ownEvents += events.length;
    count(tally, events);
  };
  const line: Line = { ...run, tally, note, context: { Execution: run.execution } };
  note('ExecutionStarted');
  const output = await runScope(definition, run.execution.Input, line);
  note('ExecutionSucceeded');
  return { output, tally };
}

function count(tally: Tally, events: readonly string[]): void {
  for (const event of events) tally.events.set(event, (tally.events.get(event) ?? 0) + 1);
}

function weigh(tally: Tally, data: Json): void {
  tally.payloadBytes = Math.max(tally.payloadBytes, Buffer.byteLength(JSON.stringify(data ?? null)));
}

async function runScope(scope: Scope, input: Json, line: Line): Promise<Json> {
  let data = input;
  for (let name: string | undefined = scope.StartAt; name !== undefined;) {
    const state: State | undefined = scope.States[name];
    if (state === undefined) throw new Error(`There is no state ${name}.`);
    if (state.Type === 'Fail') throw new Error(`The simulated run came to ${name}.`);
    line.tally.transitions += 1;
    weigh(line.tally, data);
    line.note(`${state.Type}StateEntered`);
    await line.transit();
    data = await runState(name, state, data, line);
    weigh(line.tally, data);
    line.note(`${state.Type}StateExited`);
    name = nextOf(state, data, line);
  }
  return data;
}

function nextOf(state: State, data: Json, { context }: Line): string | undefined {
  if (state.Type !== 'Choice') return state.Next;
  const holds = ({ Variable, StringEquals, BooleanEquals }: Rule): boolean =>
    valueAt(Variable, data, context) === (StringEquals ?? BooleanEquals);
  return state.Choices?.find(holds)?.Next ?? state.Default;
}

async function runState(name: string, state: State, data: Json, line: Line): Promise<Json> {
  if (state.Type === 'Choice' || state.Type === 'Succeed') return data;
  const result = await resultOf(name, state, data, line);
  const selected =
    state.ResultSelector === undefined ? result : fill(state.ResultSelector, result, line.context);
  const placed = place(selected, state.ResultPath, data);
  return state.OutputPath === undefined ? placed : valueAt(state.OutputPath, placed, line.context);
}

async function resultOf(name: string, state: State, data: Json, line: Line): Promise<Json> {
  const input = state.Parameters === undefined ? data : fill(state.Parameters, data, line.context);
  weigh(line.tally, input);
  if (state.Type === 'Task') return runTask(name, input, line);
  if (state.Type === 'Map') return runMap(state, data, line);
  if (state.Type === 'Parallel') return runParallel(state, data, line);
  if (state.Type === 'Wait') await line.wait(1);
  return state.Result ?? input;
}

async function runTask(name: string, input: Json, line: Line): Promise<Json> {
  const { FunctionName, Payload } = input as { FunctionName: string; Payload: Json };
  line.note('TaskScheduled', 'TaskStarted');
  const answer = await line.invoke(FunctionName.replace(/\.Arn$/, ''), Payload, name);
  line.note('TaskSucceeded');
  weigh(line.tally, answer);
  return { Payload: answer, StatusCode: 200 };
}

async function runParallel({ Branches = [] }: State, data: Json, line: Line): Promise<Json> {
  line.note('ParallelStateStarted');
  const results = await Promise.all(Branches.map((branch) => runScope(branch, data, line)));
  line.note('ParallelStateSucceeded');
  return results;
}

async function runMap(state: State, data: Json, line: Line): Promise<Json> {
  const { ItemProcessor: processor, ItemsPath = '$', MaxConcurrencyPath = '$' } = state;
  const items = valueAt(ItemsPath, data, line.context) as readonly Json[];
  const workers = Number(valueAt(MaxConcurrencyPath, data, line.context));
  if (processor === undefined) throw new Error('A Map without ItemProcessor.');
  line.tally.mapItems = Math.max(line.tally.mapItems, items.length);
  const isDistributed = processor.ProcessorConfig.Mode === 'DISTRIBUTED';
  line.note('MapStateStarted', ...(isDistributed ? ['MapRunStarted'] : []));
  const results: Json[] = [];
  const iterate = async (): Promise<void> => {
    while (results.length < items.length) {
      const index = results.push(null) - 1;
      const context = { ...line.context, Map: { Item: { Value: items[index] } } };
      const input = fill(state.ItemSelector, data, context);
      results[index] = isDistributed
        ? await runChild(processor, input, line)
        : await runIteration(processor, input, { ...line, context });
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, items.length) }, iterate));
  line.note(...(isDistributed ? ['MapRunSucceeded'] : []), 'MapStateSucceeded');
  return results;
}

async function runIteration(processor: Scope, input: Json, line: Line): Promise<Json> {
  line.note('MapIterationStarted');
  const output = await runScope(processor, input, line);
  line.note('MapIterationSucceeded');
  return output;
}

/** An iteration of a DISTRIBUTED Map: an execution with a history of its own. */
async function runChild(processor: Scope, input: Json, line: Line): Promise<Json> {
  const { tally } = line;
  let childEvents = 0;
  const note = (...events: readonly string[]): void => {
    childEvents += events.length;
    count(tally, events);
  };
  tally.childExecutions += 1;
  tally.transitions += 1;
  note('ExecutionStarted');
  const execution = { ...line.execution, Id: 'a child', Name: 'a child', Input: input };
  const output = await runScope(processor, input, { ...line, note, context: { Execution: execution } });
  note('ExecutionSucceeded');
  tally.longestChildEvents = Math.max(tally.longestChildEvents, childEvents);
  return output;
}
