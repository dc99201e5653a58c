import type { Inner, MockedError, State, Trial } from './interpreter.ts';
import type { Data } from './state-data.ts';

/** A TestState request as it is received. */
export interface TestStateRequest {
  readonly definition?: string;
  readonly roleArn?: string;
  readonly input?: string;
  readonly inspectionLevel?: string;
  readonly stateName?: string;
  readonly context?: string;
  readonly mock?: {
    readonly result?: string;
    readonly errorOutput?: Partial<MockedError>;
    readonly fieldValidationMode?: string;
  };
  readonly stateConfiguration?: {
    readonly retrierRetryCount?: number;
    readonly errorCausedByState?: string;
    readonly mapIterationFailureCount?: number;
  };
}

/** The API's refusal of a request. */
export class ValidationException extends Error {
  override readonly name = 'ValidationException';
}

const known = new Set([
  'definition',
  'roleArn',
  'input',
  'inspectionLevel',
  'stateName',
  'context',
  'mock',
  'stateConfiguration',
]);
const mockable = ['Task', 'Map', 'Parallel'];
const maxBytes = 262_144;

function check(isRight: boolean, sentence: string): void {
  if (!isRight) throw new ValidationException(sentence);
}

function parse(text: string | undefined, field: string): Data {
  check(Buffer.byteLength(text ?? '') <= maxBytes, `${field} is longer than ${maxBytes} bytes`);
  try {
    return JSON.parse(text ?? '{}') as Data;
  } catch {
    throw new ValidationException(`${field} is not JSON`);
  }
}

/** Reads what a request asks to interpret. @throws ValidationException for what TestState does not accept */
export function readRequest(request: TestStateRequest): Trial {
  const foreign = Object.keys(request).find((field) => !known.has(field));
  check(foreign === undefined, `TestState has no field ${foreign}`);
  check(['INFO', 'DEBUG', 'TRACE'].includes(request.inspectionLevel ?? 'INFO'), 'inspectionLevel is unknown');
  const state = stateOf(request);
  checkMock(request, state);
  checkContext(request);
  checkConfiguration(request, state);
  const { mock, stateConfiguration } = request;
  return {
    state,
    input: parse(request.input, 'input'),
    context: parse(request.context, 'context'),
    retryCount: stateConfiguration?.retrierRetryCount ?? 0,
    ...(mock?.result !== undefined && { result: parse(mock.result, 'mock.result') }),
    ...(mock?.errorOutput !== undefined && { failure: mock.errorOutput as MockedError }),
  };
}

/** A definition is one state. With `stateName` it is a whole machine that contains that state. */
function stateOf({ definition, stateName }: TestStateRequest): State {
  check(definition !== undefined, 'definition is required');
  const read = parse(definition, 'definition') as State & Partial<Inner>;
  if (stateName === undefined) {
    check(typeof read.Type === 'string', 'The definition of a single state needs a Type');
    return read;
  }
  check(
    read.StartAt !== undefined && read.States !== undefined,
    'With stateName, the definition must be a machine',
  );
  check(
    read.States?.[stateName] !== undefined,
    `There is no state ${stateName} on the top level of the definition`,
  );
  return read.States?.[stateName] as State;
}

function checkMock({ mock, roleArn }: TestStateRequest, state: State): void {
  const { Type } = state;
  if (mock === undefined) {
    check(Type !== 'Map' && Type !== 'Parallel', `A ${Type} can only be tested with a mock`);
    check(Type !== 'Task' || roleArn !== undefined, 'A Task without a mock needs a roleArn');
    return;
  }
  check(mockable.includes(Type), 'A mock can only be specified for Task, Map, or Parallel states');
  check(roleArn === undefined, 'A roleArn is for a Task without a mock');
  check(
    (mock.result === undefined) !== (mock.errorOutput === undefined),
    'A mock is a result or an errorOutput',
  );
  check(
    mock.errorOutput === undefined || (mock.errorOutput.error ?? '') !== '',
    'errorOutput.error is required',
  );
  if (mock.result !== undefined)
    checkResult(parse(mock.result, 'mock.result'), mock.fieldValidationMode ?? 'STRICT', state);
}

function checkResult(result: Data, mode: string, { Type, Branches }: State): void {
  check(['STRICT', 'PRESENT', 'NONE'].includes(mode), 'fieldValidationMode is unknown');
  if (Type === 'Map') check(Array.isArray(result), 'The result of a Map is an array');
  if (Type === 'Parallel')
    check(
      Array.isArray(result) && result.length === Branches?.length,
      'The result of a Parallel has one element for each branch',
    );
  if (Type !== 'Task' || mode === 'NONE') return;
  const { Payload } = result as { Payload?: Data };
  check(typeof Payload === 'string', 'mock.result does not fit lambda:invoke: Payload must be a string');
}

function checkContext({ context, mock }: TestStateRequest): void {
  if (context === undefined) return;
  check(mock !== undefined, 'A context can only be specified with a mock');
  const parsed = parse(context, 'context');
  check(typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed), 'A context is an object');
  check(!('Map' in (parsed as object)), 'Map cannot be part of the context');
}

function checkConfiguration({ mock, stateConfiguration = {} }: TestStateRequest, state: State): void {
  const { retrierRetryCount, errorCausedByState, mapIterationFailureCount } = stateConfiguration;
  const isError = mock?.errorOutput !== undefined;
  check(retrierRetryCount === undefined || isError, 'retrierRetryCount needs a mocked error');
  check(retrierRetryCount === undefined || state.Retry !== undefined, 'retrierRetryCount needs a Retry');
  const inside = [
    ...(state.ItemProcessor === undefined ? [] : [state.ItemProcessor]),
    ...(state.Branches ?? []),
  ];
  const names = inside.flatMap(({ States }) => Object.keys(States));
  check(
    errorCausedByState === undefined || (isError && names.includes(errorCausedByState)),
    `There is no state ${errorCausedByState} inside for the error to come from`,
  );
  check(
    mapIterationFailureCount === undefined || (isError && state.Type === 'Map'),
    'mapIterationFailureCount is for a failing Map',
  );
}
