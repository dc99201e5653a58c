import {
  type Data,
  fillIn,
  lookUp,
  placeResult,
  RuntimeFailure,
  valueAt,
} from '../../support/test-state/state-data.ts';
import type { Catcher, Choice, Retrier, Rule, Scope, State } from './definition.ts';

/** A failure as Step Functions hands it from state to state. */
export class StateFailure extends Error {
  override readonly name: string;
  override readonly cause: string | undefined;
  constructor(error: string, cause?: string) {
    super(`${error}: ${cause ?? 'no cause'}`);
    this.name = error;
    this.cause = cause;
  }
}

/** The call of a Task. */
export interface TaskCall {
  /** With its version. */
  readonly functionName: string;
  readonly payload: Data;
  readonly timeoutSeconds: number;
}

/** What a machine runs on. */
export interface Host {
  /** Calls a function and waits for its answer for so long at most. @throws StateFailure */
  readonly invoke: (call: TaskCall) => Promise<Data>;
  readonly sleep: (millis: number) => Promise<unknown>;
  /** In [0, 1). */
  readonly random: () => number;
  /** Told of each state that is entered. */
  readonly enter: (state: string) => void;
  /** Told of each state that fails in the end, with the name of its error. */
  readonly fail: (state: string, error: string) => void;
}

/** A line of states: the machine's own, a branch's, an iteration's. */
interface Line {
  readonly host: Host;
  readonly context: Data;
  /** Nobody waits for it any more, because its Map or Parallel has failed. */
  isAbandoned: boolean;
  readonly parent: Line | undefined;
}

/**
 * Runs a machine to its end.
 *
 * @returns its output
 * @throws StateFailure with Error and Cause of a Fail state, or of a failure that nothing catches
 */
export function runMachine(machine: Scope, host: Host, context: Data): Promise<Data> {
  const input = valueAt('$$.Execution.Input', undefined, context);
  return runLine(machine, { host, context, isAbandoned: false, parent: undefined }, input);
}

function isAbandoned(line: Line): boolean {
  return line.isAbandoned || (line.parent !== undefined && isAbandoned(line.parent));
}

interface Step {
  readonly output: Data;
  /** Absent at the end. */
  readonly next: string | undefined;
}

async function runLine({ StartAt, States }: Scope, line: Line, input: Data): Promise<Data> {
  let data = input;
  for (let next: string | undefined = StartAt; next !== undefined;) {
    const name: string = next;
    const state: State | undefined = States[name];
    if (state === undefined) throw new StateFailure('States.Runtime', `There is no state ${name}.`);
    line.host.enter(name);
    const step: Step = await withRuntimeFailures(() => runState([name, state], line, data));
    // Nothing comes after it, and nobody is told.
    if (isAbandoned(line)) return new Promise(() => undefined);
    data = step.output;
    next = step.next;
  }
  return data;
}

async function withRuntimeFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof RuntimeFailure ? new StateFailure('States.Runtime', error.message) : error;
  }
}

/** With its name. */
type NamedState = readonly [name: string, state: State];

async function runState(named: NamedState, line: Line, input: Data): Promise<Step> {
  const [, state] = named;
  const { context } = line;
  switch (state.Type) {
    case 'Choice':
      return { output: input, next: choose(state, input, context) };
    case 'Wait':
      await line.host.sleep(1_000 * secondsOf(state, input, context));
      return { output: input, next: state.Next };
    case 'Succeed':
      return { output: valueAt(state.OutputPath ?? '$', input, context), next: undefined };
    case 'Fail':
      throw failureOf(state, input, context);
    case 'Pass':
    case 'Task':
    case 'Map':
    case 'Parallel':
      return work(named, line, input);
  }
}

function secondsOf({ Seconds, SecondsPath }: State, input: Data, context: Data): number {
  return Seconds ?? Number(valueAt(SecondsPath ?? '', input, context));
}

function failureOf(state: State, input: Data, context: Data): StateFailure {
  const { ErrorPath, CausePath } = state;
  const error = ErrorPath === undefined ? state.Error : valueAt(ErrorPath, input, context);
  const cause = CausePath === undefined ? state.Cause : valueAt(CausePath, input, context);
  return new StateFailure(String(error), String(cause));
}

function choose({ Choices = [], Default }: State, input: Data, context: Data): string {
  const next = Choices.find((choice: Choice) => holds(choice, input, context))?.Next ?? Default;
  if (next === undefined) throw new StateFailure('States.NoChoiceMatched');
  return next;
}

function holds(rule: Rule, input: Data, context: Data): boolean {
  if (rule.And !== undefined) return rule.And.every((part) => holds(part, input, context));
  const { Variable = '', IsPresent, StringEquals, BooleanEquals } = rule;
  if (IsPresent !== undefined) return (lookUp(Variable, input, context) !== undefined) === IsPresent;
  return valueAt(Variable, input, context) === (StringEquals ?? BooleanEquals);
}

async function work([stateName, state]: NamedState, line: Line, input: Data): Promise<Step> {
  const { context } = line;
  const attempt = async (): Promise<Data> => {
    const given = state.Parameters === undefined ? input : fillIn(state.Parameters, input, context);
    const result = await resultOf(state, line, given);
    const selected =
      state.ResultSelector === undefined ? result : fillIn(state.ResultSelector, result, context);
    const placed = placeResult(selected, state.ResultPath, input);
    return valueAt(state.OutputPath ?? '$', placed, context);
  };
  try {
    return { output: await retried(state, line, attempt), next: state.Next };
  } catch (error) {
    if (!(error instanceof StateFailure)) throw error;
    const { name, cause } = error;
    line.host.fail(stateName, name);
    const catcher = catcherOf(state, error);
    if (catcher === undefined) throw error;
    const failure = { Error: name, ...(cause !== undefined && { Cause: cause }) };
    return { output: placeResult(failure, catcher.ResultPath, input), next: catcher.Next };
  }
}

function resultOf(state: State, line: Line, given: Data): Promise<Data> {
  if (state.Type === 'Task') return runTask(state, line, given);
  if (state.Type === 'Map') return runMap(state, line, given);
  if (state.Type === 'Parallel')
    return together(line, state.Branches ?? [], (branch, inner) => runLine(branch, inner, given));
  return Promise.resolve('Result' in state ? state.Result : given);
}

function runTask({ TimeoutSeconds }: State, { host }: Line, given: Data): Promise<Data> {
  const { FunctionName, Payload } = given as { readonly FunctionName: string; readonly Payload: Data };
  if (TimeoutSeconds === undefined)
    throw new StateFailure('States.Runtime', 'A Task without TimeoutSeconds waits for ever.');
  return host.invoke({ functionName: FunctionName, payload: Payload, timeoutSeconds: TimeoutSeconds });
}

async function runMap(state: State, line: Line, given: Data): Promise<Data> {
  const { context } = line;
  const { ItemProcessor, ItemsPath = '$', MaxConcurrencyPath } = state;
  const items = valueAt(ItemsPath, given, context) as readonly Data[];
  const most = MaxConcurrencyPath === undefined ? 0 : Number(valueAt(MaxConcurrencyPath, given, context));
  const iterate = (item: readonly [number, Data], inner: Omit<Line, 'context'>): Promise<Data> => {
    const itemContext = { ...(context as object), Map: { Item: { Index: item[0], Value: item[1] } } };
    const input = state.ItemSelector === undefined ? item[1] : fillIn(state.ItemSelector, given, itemContext);
    if (ItemProcessor === undefined) throw new StateFailure('States.Runtime', 'A Map without a processor.');
    return runLine(ItemProcessor, Object.assign(inner, { context: itemContext }), input);
  };
  return together(line, [...items.entries()], iterate, most);
}

/** Side by side, `most` at once (0: all). The first failure ends the wait for all the others, and no further one begins. */
async function together<T>(
  line: Line,
  parts: readonly T[],
  run: (part: T, inner: Line) => Promise<Data>,
  most = 0,
): Promise<readonly Data[]> {
  const inner: Line = { ...line, parent: line, isAbandoned: false };
  const results: Data[] = [];
  let next = 0;
  const takeTurns = async (): Promise<void> => {
    for (let index = next++; index < parts.length && !inner.isAbandoned; index = next++)
      results[index] = await run(parts[index] as T, inner);
  };
  const slots = Math.min(parts.length, most === 0 ? parts.length : most);
  try {
    await Promise.all(Array.from({ length: slots }, takeTurns));
  } catch (error) {
    inner.isAbandoned = true;
    throw error;
  }
  return results;
}

async function retried(state: State, line: Line, attempt: () => Promise<Data>): Promise<Data> {
  const counts = new Map<Retrier, number>();
  for (;;) {
    try {
      return await withRuntimeFailures(attempt);
    } catch (error) {
      const retrier =
        error instanceof StateFailure ? state.Retry?.find((one) => matches(one, error)) : undefined;
      const count = retrier === undefined ? 0 : (counts.get(retrier) ?? 0);
      if (retrier === undefined || count >= (retrier.MaxAttempts ?? 3) || isAbandoned(line)) throw error;
      counts.set(retrier, count + 1);
      await line.host.sleep(1_000 * pauseSeconds(retrier, count) * line.host.random());
    }
  }
}

/** With JitterStrategy FULL this is the longest. */
function pauseSeconds(
  { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Number.POSITIVE_INFINITY }: Retrier,
  count: number,
): number {
  return Math.min(IntervalSeconds * BackoffRate ** count, MaxDelaySeconds);
}

function catcherOf({ Catch }: State, failure: StateFailure): Catcher | undefined {
  return Catch?.find((one) => matches(one, failure));
}

/** States.ALL matches everything but what ends an execution at once. */
function matches({ ErrorEquals }: Retrier | Catcher, { name }: StateFailure): boolean {
  return ErrorEquals.includes(name) || (ErrorEquals.includes('States.ALL') && name !== 'States.Runtime');
}
