import { type CompiledVariant, resourcesOf } from './template-variants.ts';

/** A state of the Amazon States Language, as far as it is looked at. */
export interface State {
  readonly Type: string;
  readonly Comment?: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Default?: string;
  readonly Choices?: readonly (Rule & { readonly Next: string; readonly And?: readonly Rule[] })[];
  readonly Catch?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly Next: string;
    readonly ResultPath?: string | null;
  }[];
  readonly Retry?: readonly Retrier[];
  readonly Resource?: string;
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly TimeoutSeconds?: number;
  readonly ResultPath?: string | null;
  readonly ResultSelector?: Readonly<Record<string, unknown>>;
  readonly OutputPath?: string;
  readonly Result?: unknown;
  readonly ItemSelector?: Readonly<Record<string, unknown>>;
  readonly ItemProcessor?: Scope & { readonly ProcessorConfig: Readonly<Record<string, string>> };
  readonly MaxConcurrencyPath?: string;
  readonly Branches?: readonly Scope[];
  readonly ErrorPath?: string;
  readonly CausePath?: string;
  readonly Cause?: string;
}

/** A comparison of a Choice, as far as it is looked at. */
export interface Rule {
  readonly Variable?: string;
  readonly IsPresent?: boolean;
}

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: string;
}

/** States that `Next` can move between: the machine's own, a branch's or an iteration's. */
export interface Scope {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export interface Machine extends Scope {
  readonly Comment?: string;
  readonly QueryLanguage?: string;
  readonly TimeoutSeconds?: number;
}

/** A state with where it stands. */
export interface PlacedState {
  readonly name: string;
  readonly state: State;
  readonly where: 'machine' | 'branch' | 'iteration';
}

/** The definitions of a variant's machines, by `migrate`, `restore`, `rollback` and `sync`. */
export function machinesOf(compiled: CompiledVariant): ReadonlyMap<string, Machine> {
  const machines = resourcesOf(compiled.resolved, 'AWS::StepFunctions::StateMachine').map(
    ([, { Properties }]) => {
      const name = String(Properties['StateMachineName']).split('-').at(-1) ?? '';
      return [name, JSON.parse(String(Properties['DefinitionString'])) as Machine] as const;
    },
  );
  return new Map(machines);
}

/** Every scope of a machine, itself first. */
export function scopesOf(
  scope: Scope,
  where: PlacedState['where'] = 'machine',
): readonly (readonly [Scope, PlacedState['where']])[] {
  const inner = Object.values(scope.States).flatMap((state) => [
    ...(state.ItemProcessor === undefined ? [] : scopesOf(state.ItemProcessor, 'iteration')),
    ...(state.Branches ?? []).flatMap((branch) => scopesOf(branch, 'branch')),
  ]);
  return [[scope, where], ...inner];
}

/** Every state of a machine, wherever it stands. */
export function statesOf(machine: Machine): readonly PlacedState[] {
  return scopesOf(machine).flatMap(([scope, where]) =>
    Object.entries(scope.States).map(([name, state]) => ({ name, state, where })),
  );
}

/** Names of the states that may come after a state, within its scope. */
export function successorsOf(state: State): readonly string[] {
  return [
    ...(state.Next === undefined ? [] : [state.Next]),
    ...(state.Default === undefined ? [] : [state.Default]),
    ...(state.Choices ?? []).map(({ Next }) => Next),
    ...(state.Catch ?? []).map(({ Next }) => Next),
  ];
}

/** Whether a scope ends at a state. */
export function isEnd(state: State): boolean {
  return state.End === true || state.Type === 'Succeed' || state.Type === 'Fail';
}

/** Key of the function that a Task calls: `products-migration-dev-<key>:<version>` -> `<key>`. */
export function functionKeyOf(state: State): string {
  const arn = String(state.Parameters?.['FunctionName']);
  return (
    /:function:products-migration-[a-z0-9]+-(\w+):\d+$/.exec(arn)?.[1] ??
    `not a version of a function: ${arn}`
  );
}
