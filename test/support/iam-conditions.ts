/** Conditions of IAM policies, for the operators that this service's policies use. Any other is an error, never a guess. */

type OneOrMore<T> = T | readonly T[];

/** `Condition` of a statement: keys and wanted values, by operator. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, OneOrMore<string | boolean>>>>>;

/** What IAM knows about a request, by key. Keys are matched without regard to case. */
export type RequestContext = Readonly<Record<string, OneOrMore<string>>>;

/** One value or several, as policies write them. */
export function listOf<T>(value: OneOrMore<T> | undefined): readonly T[] {
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

/** Compares the six parts of an ARN separately. A `*` in the first five does not match a colon. */
function isArnLike(pattern: string, arn: string): boolean {
  const partsOf = (text: string) => [...text.split(':', 5), text.split(':').slice(5).join(':')];
  const actual = partsOf(arn);
  return partsOf(pattern).every((part, index) => matchesWildcard(part, actual[index] ?? ''));
}

type Test = (wanted: string, actual: string) => boolean;

const equals: Test = (wanted, actual) => wanted === actual;

/** How each operator compares one wanted value with one actual value. */
const operators: Readonly<Record<string, Test>> = {
  StringEquals: equals,
  StringLike: matchesWildcard,
  ArnEquals: isArnLike,
  ArnLike: isArnLike,
  Bool: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
};

/** These hold if the comparison does not, or if there is nothing to compare. */
const negated: Readonly<Record<string, Test>> = {
  StringNotEquals: equals,
  StringNotLike: matchesWildcard,
  ArnNotEquals: isArnLike,
  ArnNotLike: isArnLike,
};

function valuesOf(context: RequestContext, key: string): readonly string[] | undefined {
  const entry = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase());
  return entry === undefined ? undefined : listOf(entry[1]);
}

/** One operator on one key. */
interface Comparison {
  readonly operator: string;
  readonly wanted: readonly string[];
  /** `undefined` if the request does not have the key. */
  readonly actual: readonly string[] | undefined;
}

function holds({ operator, wanted, actual }: Comparison): boolean {
  if (operator === 'Null') return wanted.includes(String(actual === undefined));
  const [, set, name = '', ifExists] =
    /^(ForAllValues:|ForAnyValue:)?([A-Za-z]+?)(IfExists)?$/.exec(operator) ?? [];
  const not = negated[name];
  if (not !== undefined && set === undefined)
    return !(actual ?? []).some((value) => wanted.some((one) => not(one, value)));
  const test = operators[name];
  if (test === undefined) throw new Error(`The evaluator does not know the condition operator ${operator}.`);
  const isWanted = (value: string) => wanted.some((one) => test(one, value));
  if (set === 'ForAllValues:') return (actual ?? []).every(isWanted);
  if (actual === undefined) return ifExists !== undefined;
  return actual.some(isWanted);
}

/** Whether every condition holds. @throws Error on an operator that is not known here */
export function conditionsHold(conditions: Conditions = {}, context: RequestContext = {}): boolean {
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) =>
      holds({ operator, wanted: listOf(wanted).map(String), actual: valuesOf(context, key) }),
    ),
  );
}
