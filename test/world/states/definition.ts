/** One state of the Amazon States Language, as far as this project's machines use it. */
export interface State {
  readonly Type: 'Pass' | 'Task' | 'Choice' | 'Wait' | 'Succeed' | 'Fail' | 'Map' | 'Parallel';
  readonly Next?: string;
  readonly End?: true;
  readonly Default?: string;
  readonly Choices?: readonly Choice[];
  readonly Parameters?: unknown;
  readonly Result?: unknown;
  readonly ResultSelector?: unknown;
  readonly ResultPath?: string | null;
  readonly OutputPath?: string;
  readonly TimeoutSeconds?: number;
  readonly Seconds?: number;
  readonly SecondsPath?: string;
  readonly ItemsPath?: string;
  readonly MaxConcurrencyPath?: string;
  readonly ItemSelector?: unknown;
  readonly ItemProcessor?: Scope;
  readonly Branches?: readonly Scope[];
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
  readonly Error?: string;
  readonly Cause?: string;
  readonly ErrorPath?: string;
  readonly CausePath?: string;
}

/** States that `Next` can move between. */
export interface Scope {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export interface Rule {
  readonly Variable?: string;
  readonly And?: readonly Rule[];
  readonly StringEquals?: string;
  readonly BooleanEquals?: boolean;
  readonly IsPresent?: boolean;
}

export type Choice = Rule & { readonly Next: string };

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
  readonly MaxDelaySeconds?: number;
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly ResultPath?: string | null;
}

const COMMON = 'Type Comment QueryLanguage Next End';
const WORKING = `${COMMON} Parameters ResultSelector ResultPath OutputPath Retry Catch`;

const FIELDS: Readonly<Record<State['Type'], string>> = {
  Pass: `${COMMON} Parameters Result ResultPath OutputPath`,
  Task: `${WORKING} Resource TimeoutSeconds`,
  Map: `${WORKING} ItemsPath MaxConcurrencyPath ItemSelector ItemProcessor`,
  Parallel: `${WORKING} Branches`,
  Choice: 'Type Comment QueryLanguage Choices Default',
  Wait: `${COMMON} Seconds SecondsPath`,
  Succeed: 'Type Comment QueryLanguage OutputPath',
  Fail: 'Type Comment QueryLanguage Error Cause ErrorPath CausePath',
};

const RULE_FIELDS = 'Variable And StringEquals BooleanEquals IsPresent Next Comment';
const RETRIER_FIELDS = 'ErrorEquals IntervalSeconds BackoffRate MaxAttempts MaxDelaySeconds JitterStrategy';
const CATCHER_FIELDS = 'ErrorEquals Next ResultPath Comment';

/**
 * Reads a machine's definition.
 *
 * @throws Error naming the first thing in it that {@link runMachine} would not do as AWS does
 */
export function readDefinition(json: string): Scope {
  const machine = JSON.parse(json) as Scope & Readonly<Record<string, unknown>>;
  known(machine, 'Comment QueryLanguage StartAt TimeoutSeconds States', 'the machine');
  checkScope(machine);
  return machine;
}

function checkScope({ States }: Scope): void {
  for (const [name, state] of Object.entries(States)) checkState(name, state);
}

function checkState(name: string, state: State): void {
  known(state, FIELDS[state.Type] ?? '', name);
  for (const rule of state.Choices ?? []) checkRule(name, rule);
  for (const retrier of state.Retry ?? []) known(retrier, RETRIER_FIELDS, name);
  for (const catcher of state.Catch ?? []) known(catcher, CATCHER_FIELDS, name);
  for (const branch of state.Branches ?? []) checkInner(branch, name);
  if (state.ItemProcessor !== undefined) checkInner(state.ItemProcessor, name);
}

function checkInner(scope: Scope, name: string): void {
  known(scope, 'StartAt States ProcessorConfig', name);
  checkScope(scope);
}

function checkRule(name: string, rule: Rule): void {
  known(rule, RULE_FIELDS, name);
  for (const part of rule.And ?? []) checkRule(name, part);
}

function known(what: object, fields: string, name: string): void {
  const names = fields.split(' ');
  const unknown = Object.keys(what).find((field) => !names.includes(field));
  if (unknown !== undefined) throw new Error(`${name}: the world does not know ${unknown}.`);
  const { QueryLanguage = 'JSONPath' } = what as { readonly QueryLanguage?: string };
  if (QueryLanguage !== 'JSONPath') throw new Error(`${name}: the world knows JSONPath alone.`);
}
