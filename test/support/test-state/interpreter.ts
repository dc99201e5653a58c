import { type Data, fillIn, lookUp, placeResult, RuntimeFailure, valueAt } from './state-data.ts';

/** One state of the Amazon States Language, as far as it is interpreted here. */
export interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly InputPath?: string;
  readonly OutputPath?: string;
  readonly ResultPath?: string | null;
  readonly Parameters?: Data;
  readonly ResultSelector?: Data;
  readonly ItemsPath?: string;
  readonly MaxConcurrencyPath?: string;
  readonly Choices?: readonly Rule[];
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
  readonly ItemProcessor?: Inner;
  readonly Branches?: readonly Inner[];
}

export interface Inner {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, unknown>>;
}

interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
  readonly MaxDelaySeconds?: number;
}

interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly ResultPath?: string | null;
}

interface Rule {
  readonly Next?: string;
  readonly Variable?: string;
  readonly And?: readonly Rule[];
  readonly StringEquals?: string;
  readonly BooleanEquals?: boolean;
  readonly IsPresent?: boolean;
}

export interface MockedError {
  readonly error: string;
  readonly cause?: string;
}

/** The input of a state's test. */
export interface Trial {
  readonly state: State;
  readonly input: Data;
  readonly context: Data;
  readonly result?: Data;
  readonly failure?: MockedError;
  readonly retryCount: number;
}

/** The result, in the words of the API. */
export interface Verdict {
  readonly status: 'SUCCEEDED' | 'RETRIABLE' | 'CAUGHT_ERROR' | 'FAILED';
  readonly nextState?: string;
  /** JSON */
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
  readonly inspectionData: {
    readonly errorDetails?: {
      readonly retryIndex?: number;
      readonly catchIndex?: number;
      readonly retryBackoffIntervalSeconds?: number;
    };
  };
}

/** Runs one state as the Amazon States Language says, without the engine that this project runs on. */
export function interpret(trial: Trial): Verdict {
  try {
    return trial.state.Type === 'Choice' ? choose(trial) : work(trial);
  } catch (thrown) {
    if (!(thrown instanceof RuntimeFailure)) throw thrown;
    return { status: 'FAILED', error: thrown.name, cause: thrown.message, inspectionData: {} };
  }
}

function choose({ state, input, context }: Trial): Verdict {
  const rule = state.Choices?.find((one) => holds(one, input, context));
  const nextState = rule?.Next ?? state.Default;
  if (nextState === undefined)
    return { status: 'FAILED', error: 'States.NoChoiceMatched', inspectionData: {} };
  return { status: 'SUCCEEDED', nextState, output: JSON.stringify(input), inspectionData: {} };
}

function holds(rule: Rule, input: Data, context: Data): boolean {
  if (rule.And !== undefined) return rule.And.every((part) => holds(part, input, context));
  const { Variable = '' } = rule;
  if (rule.IsPresent !== undefined)
    return (lookUp(Variable, input, context) !== undefined) === rule.IsPresent;
  const value = valueAt(Variable, input, context);
  if (rule.StringEquals !== undefined) return value === rule.StringEquals;
  if (rule.BooleanEquals !== undefined) return value === rule.BooleanEquals;
  throw new RuntimeFailure(`The fake TestState does not know the rule ${JSON.stringify(rule)}.`);
}

function work(trial: Trial): Verdict {
  const { state, context } = trial;
  const given = valueAt(state.InputPath ?? '$', trial.input, context);
  if (state.Parameters !== undefined) fillIn(state.Parameters, given, context);
  if (state.Type === 'Map' && !Array.isArray(valueAt(state.ItemsPath ?? '$', given, context)))
    throw new RuntimeFailure('The items of a Map must be an array.');
  if (state.MaxConcurrencyPath !== undefined) valueAt(state.MaxConcurrencyPath, given, context);
  if (trial.failure !== undefined) return fail(trial, trial.failure);
  const selected =
    state.ResultSelector === undefined ? trial.result : fillIn(state.ResultSelector, trial.result, context);
  const placed = placeResult(selected, state.ResultPath, trial.input);
  return succeed(valueAt(state.OutputPath ?? '$', placed, context), state.Next);
}

function succeed(output: Data, nextState: string | undefined): Verdict {
  const next = nextState === undefined ? {} : { nextState };
  return { status: 'SUCCEEDED', output: JSON.stringify(output), ...next, inspectionData: {} };
}

function fail({ state, input, retryCount }: Trial, { error, cause }: MockedError): Verdict {
  const told = { error, ...(cause !== undefined && { cause }) };
  const retryIndex = state.Retry?.findIndex((retrier) => names(retrier, error, state)) ?? -1;
  const retrier = state.Retry?.[retryIndex];
  if (retrier !== undefined && retryCount < (retrier.MaxAttempts ?? 3)) {
    const errorDetails = { retryIndex, retryBackoffIntervalSeconds: intervalOf(retrier, retryCount) };
    return { status: 'RETRIABLE', ...told, inspectionData: { errorDetails } };
  }
  const catchIndex = state.Catch?.findIndex((catcher) => names(catcher, error, state)) ?? -1;
  const catcher = state.Catch?.[catchIndex];
  if (catcher === undefined) return { status: 'FAILED', ...told, inspectionData: {} };
  const failure = { Error: error, ...(cause !== undefined && { Cause: cause }) };
  const output = JSON.stringify(placeResult(failure, catcher.ResultPath, input));
  const errorDetails = { catchIndex };
  return {
    status: 'CAUGHT_ERROR',
    ...told,
    nextState: catcher.Next,
    output,
    inspectionData: { errorDetails },
  };
}

function names(
  { ErrorEquals }: { readonly ErrorEquals: readonly string[] },
  error: string,
  { Type }: State,
): boolean {
  const isTaskFailure =
    Type === 'Task' && error !== 'States.Timeout' && ErrorEquals.includes('States.TaskFailed');
  return ErrorEquals.includes(error) || ErrorEquals.includes('States.ALL') || isTaskFailure;
}

/** The longest interval that jitter may choose. */
function intervalOf(
  { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = 31_622_400 }: Retrier,
  count: number,
): number {
  return Math.min(IntervalSeconds * BackoffRate ** count, MaxDelaySeconds);
}
