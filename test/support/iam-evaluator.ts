/**
 * Decides what a role may do, for the part of IAM's policy language that this service's templates use:
 * Allow and Deny, Action and NotAction, Resource and NotResource with wildcards, the condition operators
 * of {@link operators}, and a permissions boundary. Anything else in a policy is an error, never a guess.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */

type OneOrMore<T> = T | readonly T[];

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: OneOrMore<string>;
  readonly NotAction?: OneOrMore<string>;
  readonly Resource?: OneOrMore<string>;
  readonly NotResource?: OneOrMore<string>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore<string | boolean>>>>>;
}

export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: OneOrMore<PolicyStatement>;
}

/** What a role holds. Without a boundary, its own policies decide alone. */
export interface Permissions {
  readonly policies: readonly PolicyDocument[];
  readonly boundary?: PolicyDocument | undefined;
}

/** One call, as IAM sees it. Keys of the context are matched without regard to case. */
export interface IamRequest {
  /** `service:Operation` */
  readonly action: string;
  /** ARN */
  readonly resource: string;
  readonly context?: Readonly<Record<string, OneOrMore<string>>>;
}

/** An explicit Deny wins over everything; what nothing allows is denied implicitly. */
export type Decision = 'ALLOWED' | 'DENIED_EXPLICITLY' | 'DENIED_IMPLICITLY';

const elements = new Set(['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']);

function listOf<T>(value: OneOrMore<T> | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** `*` is any run of characters, `?` exactly one; everything else is literal. */
export function matchesWildcard(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

type Test = (wanted: string, actual: string) => boolean;

const equals: Test = (wanted, actual) => wanted === actual;
const like: Test = matchesWildcard;

/** How each operator compares one wanted value with one actual value. */
const operators: Readonly<Record<string, Test>> = {
  StringEquals: equals,
  StringLike: like,
  ArnEquals: like,
  ArnLike: like,
  Bool: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
};

function contextValues(request: IamRequest, key: string): readonly string[] | undefined {
  const entry = Object.entries(request.context ?? {}).find(
    ([name]) => name.toLowerCase() === key.toLowerCase(),
  );
  return entry === undefined ? undefined : listOf(entry[1]);
}

function conditionHolds(
  operatorName: string,
  key: string,
  wanted: readonly string[],
  request: IamRequest,
): boolean {
  const actual = contextValues(request, key);
  if (operatorName === 'Null') return wanted.includes(String(actual === undefined));
  const parts = /^(ForAllValues:|ForAnyValue:)?([A-Za-z]+?)(IfExists)?$/.exec(operatorName);
  const test = operators[parts?.[2] ?? ''];
  if (parts === null || test === undefined)
    throw new Error(`The evaluator does not know the condition operator ${operatorName}.`);
  const isWanted = (value: string) => wanted.some((one) => test(one, value));
  if (parts[1] === 'ForAllValues:') return (actual ?? []).every(isWanted);
  if (actual === undefined) return parts[3] === 'IfExists';
  return actual.some(isWanted);
}

function conditionsHold(statement: PolicyStatement, request: IamRequest): boolean {
  return Object.entries(statement.Condition ?? {}).every(([operatorName, keys]) =>
    Object.entries(keys).every(([key, wanted]) =>
      conditionHolds(operatorName, key, listOf(wanted).map(String), request),
    ),
  );
}

function applies(statement: PolicyStatement, request: IamRequest): boolean {
  const unknown = Object.keys(statement).find((element) => !elements.has(element));
  if (unknown !== undefined) throw new Error(`The evaluator does not know the element ${unknown}.`);
  const action = request.action.toLowerCase();
  const isAction = (pattern: string) => matchesWildcard(pattern.toLowerCase(), action);
  const isResource = (pattern: string) => matchesWildcard(pattern, request.resource);
  const actionApplies =
    statement.NotAction === undefined
      ? listOf(statement.Action).some(isAction)
      : !listOf(statement.NotAction).some(isAction);
  const resourceApplies =
    statement.NotResource === undefined
      ? listOf(statement.Resource).some(isResource)
      : !listOf(statement.NotResource).some(isResource);
  return actionApplies && resourceApplies && conditionsHold(statement, request);
}

function decide(documents: readonly PolicyDocument[], request: IamRequest): Decision {
  const effects = documents
    .flatMap(({ Statement }) => listOf(Statement))
    .filter((statement) => applies(statement, request))
    .map(({ Effect }) => Effect);
  if (effects.includes('Deny')) return 'DENIED_EXPLICITLY';
  return effects.includes('Allow') ? 'ALLOWED' : 'DENIED_IMPLICITLY';
}

/**
 * IAM's answer to one call: denied if the boundary or a policy denies it, allowed if both allow it.
 *
 * @throws Error on an element or an operator that the evaluator does not know.
 */
export function evaluate(permissions: Permissions, request: IamRequest): Decision {
  const own = decide(permissions.policies, request);
  const limit = permissions.boundary === undefined ? own : decide([permissions.boundary], request);
  const decisions = [own, limit];
  if (decisions.includes('DENIED_EXPLICITLY')) return 'DENIED_EXPLICITLY';
  return decisions.includes('DENIED_IMPLICITLY') ? 'DENIED_IMPLICITLY' : 'ALLOWED';
}
