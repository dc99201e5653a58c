import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A state of the compiled definition. */
export type StateDefinition = Readonly<Record<string, unknown>> & { readonly Type: string };

/** What a state does that the engine leaves to this project. */
export type Work =
  | { readonly kind: 'invoke'; readonly timeoutSeconds: number | undefined }
  | {
      readonly kind: 'map';
      /** The state's name. */
      readonly name: string;
      /** DISTRIBUTED: each iteration is an execution of its own. */
      readonly distributed: boolean;
      readonly maxConcurrency: number;
      readonly select: StateMachine | undefined;
      readonly iteration: PreparedMachine;
    }
  | { readonly kind: 'parallel'; readonly branches: readonly PreparedMachine[] };

/** A straight line of states that the engine can run, and the work behind them. */
export interface PreparedMachine {
  readonly engine: StateMachine;
  /** Work by state name, for every Task, Map and Parallel. */
  readonly work: ReadonlyMap<string, Work>;
  /** The type that each state has in the definition. */
  readonly types: ReadonlyMap<string, string>;
  readonly waits: readonly string[];
  /** The Retry of each state that has one. */
  readonly retries: ReadonlyMap<string, readonly unknown[]>;
  /** A machine that begins at another of the top states, for a redrive. */
  startingAt(stateName: string): PreparedMachine;
}

/** The source form of a machine, a Map's processor or a branch. */
export interface MachineDefinition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, StateDefinition>>;
}

/** The longest delay of a timer in milliseconds is 2^31 - 1; a longer one would fire at once. */
const LONGEST_TIMEOUT_SECONDS = 2_147_483;
const DEFAULT_MAX_CONCURRENCY = 40;
const INVOKE = 'arn:aws:states:::lambda:invoke';

/**
 * Prepares a compiled definition for the engine. The engine's own Map and Parallel go on starting iterations after one has
 * failed, hide `$$.Map` and the root's `$$.Execution` from what runs inside, and log too little to tell iterations
 * apart. So each Map and each Parallel becomes, for the engine, one Task with the same Retry, Catch and paths, and every
 * iteration and branch a machine of its own.
 *
 * @throws Error naming the state, where it needs what is not available here
 */
export function prepareMachine(definition: MachineDefinition): PreparedMachine {
  const states = Object.entries(definition.States);
  const work = new Map(states.flatMap(([name, state]) => workEntry(name, state)));
  const flat = Object.fromEntries(states.map(([name, state]) => [name, flattened(name, state)]));
  const prepared = (startAt: string): PreparedMachine => ({
    engine: engineFor({ StartAt: startAt, States: flat }),
    work,
    types: new Map(states.map(([name, state]) => [name, state.Type])),
    waits: states.filter(([, { Type }]) => Type === 'Wait').map(([name]) => name),
    retries: new Map(
      states.flatMap(([name, { Retry }]) => (Array.isArray(Retry) ? [[name, Retry as unknown[]]] : [])),
    ),
    startingAt: prepared,
  });
  return prepared(definition.StartAt);
}

function engineFor(definition: unknown): StateMachine {
  return new StateMachine(definition as StateMachineDefinition, { validationOptions: { noValidate: true } });
}

function workEntry(name: string, state: StateDefinition): [string, Work][] {
  if (state['QueryLanguage'] === 'JSONata' || 'Assign' in state)
    throw unsupported(name, 'JSONata and Assign');
  switch (state.Type) {
    case 'Task':
      return [[name, invokeWork(name, state)]];
    case 'Map':
      return [[name, mapWork(name, state)]];
    case 'Parallel':
      return [
        [
          name,
          { kind: 'parallel', branches: (state['Branches'] as MachineDefinition[]).map(prepareMachine) },
        ],
      ];
    default:
      return [];
  }
}

function invokeWork(name: string, state: StateDefinition): Work {
  if (state['Resource'] !== INVOKE) throw unsupported(name, `the resource ${String(state['Resource'])}`);
  if ('TimeoutSecondsPath' in state) throw unsupported(name, 'TimeoutSecondsPath');
  return { kind: 'invoke', timeoutSeconds: state['TimeoutSeconds'] as number | undefined };
}

function mapWork(name: string, state: StateDefinition): Work {
  const missing = [
    'ItemReader',
    'ItemBatcher',
    'ResultWriter',
    'ToleratedFailurePercentage',
    'ToleratedFailureCount',
  ];
  const used = missing.find((field) => field in state);
  if (used !== undefined) throw unsupported(name, used);
  const processor = (state['ItemProcessor'] ?? state['Iterator']) as MachineDefinition & {
    readonly ProcessorConfig?: { readonly Mode?: string };
  };
  const selector = state['ItemSelector'] ?? state['Parameters'];
  return {
    kind: 'map',
    name,
    distributed: processor.ProcessorConfig?.Mode === 'DISTRIBUTED',
    maxConcurrency: Number(state['MaxConcurrency'] ?? 0) || DEFAULT_MAX_CONCURRENCY,
    select: selector === undefined ? undefined : engineFor(selectorDefinition(name, selector)),
    iteration: prepareMachine(processor),
  };
}

/** One Pass state that makes an iteration's input of the Map's input and `$$.Map.Item`. */
function selectorDefinition(name: string, selector: unknown): unknown {
  return {
    StartAt: 'Select',
    States: { Select: withContextPaths(name, { Type: 'Pass', Parameters: selector, End: true }) },
  };
}

function flattened(name: string, state: StateDefinition): unknown {
  const { ResultPath, ...rest } = state;
  // `$` is what an absent ResultPath means; the engine takes it for an attribute called "$".
  const paths = ResultPath === undefined || ResultPath === '$' ? {} : { ResultPath };
  return withContextPaths(name, { ...asTask(rest), ...paths });
}

function asTask(state: StateDefinition): StateDefinition {
  const {
    Branches: _b,
    ItemProcessor: _p,
    Iterator: _i,
    ItemSelector: _s,
    ItemsPath,
    MaxConcurrencyPath,
    ...common
  } = state;
  const timed = { ...common, Resource: INVOKE, TimeoutSeconds: LONGEST_TIMEOUT_SECONDS };
  if (state.Type === 'Parallel') return { ...timed, Type: 'Task' };
  if (state.Type === 'Map') {
    const concurrency = MaxConcurrencyPath === undefined ? {} : { 'maxConcurrency.$': MaxConcurrencyPath };
    return {
      ...timed,
      Type: 'Task',
      Parameters: { 'items.$': ItemsPath ?? '$', 'input.$': '$', ...concurrency },
    };
  }
  const seconds = Math.min(
    Number(state['TimeoutSeconds'] ?? LONGEST_TIMEOUT_SECONDS),
    LONGEST_TIMEOUT_SECONDS,
  );
  return state.Type === 'Task' ? { ...state, TimeoutSeconds: seconds } : state;
}

/**
 * The engine puts the input and the start of each machine it runs under `$$.Execution`; the execution that the user started
 * is under `$$.Root`.
 */
function withContextPaths(stateName: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((element) => withContextPaths(stateName, element));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      typeof member === 'string' && (key.endsWith('.$') || key.endsWith('Path') || key === 'Variable')
        ? contextPath(stateName, member)
        : withContextPaths(stateName, member),
    ]),
  );
}

function contextPath(stateName: string, path: string): string {
  if (/\$\$\.(State\.(?!Name\b)|Task\b)/.test(path)) throw unsupported(stateName, path);
  return path
    .replace(/\$\$\.Execution\b/g, '$$$$.Root')
    .replace(/\$\$\.State\.Name\b/g, `$$$$.StateNames[${JSON.stringify(stateName)}]`);
}

function unsupported(stateName: string, what: string): Error {
  return new Error(`The embedded AWS cannot run the state ${stateName}: ${what} is not available here.`);
}
