import { attribute, type WireItem, type WireValue } from '../../../../../functions/shared/items/wire-item.ts';
import { invalid } from '../../errors.ts';
import { canonicalValue } from '../values.ts';
import type { Name, Parsed, Value } from './syntax.ts';

/** What a request's expressions stand on. */
export interface ExpressionInput {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: WireItem | undefined;
}

/** Names and values of a request, behind their placeholders. */
export interface Scope {
  readonly nameOf: (name: Name) => string;
  readonly valueOf: (value: Value) => WireValue;
}

/**
 * The placeholders of a request, checked against all its expressions.
 *
 * @throws ValidationException where one is missing, or given and not used
 */
export function scopeOf(
  input: ExpressionInput,
  expressions: readonly (Parsed<unknown> | undefined)[],
): Scope {
  const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = input;
  checkGiven('ExpressionAttributeNames', input.ExpressionAttributeNames, expressions);
  checkGiven('ExpressionAttributeValues', input.ExpressionAttributeValues, expressions);
  for (const expression of expressions) checkUsed(expression?.placeholders, names, values);
  const canonical = new Map<string, WireValue>();
  return {
    nameOf: ({ text }) => (text.startsWith('#') ? (names[text] ?? '') : text),
    valueOf({ text }) {
      const known = canonical.get(text);
      if (known !== undefined) return known;
      const value = canonicalValue(attribute(values, text) as WireValue);
      canonical.set(text, value);
      return value;
    },
  };
}

function checkUsed(
  placeholders: ReadonlySet<string> = new Set(),
  names: Readonly<Record<string, string>>,
  values: WireItem,
): void {
  for (const placeholder of placeholders) {
    const isName = placeholder.startsWith('#');
    if (Object.hasOwn(isName ? names : values, placeholder)) continue;
    const what = isName ? 'name' : 'value';
    throw invalid(
      `An expression attribute ${what} used in the document path is not defined; attribute ${what}: ${placeholder}`,
    );
  }
}

function checkGiven(
  parameter: string,
  given: object | undefined,
  expressions: readonly (Parsed<unknown> | undefined)[],
): void {
  if (given === undefined) return;
  const keys = Object.keys(given);
  if (expressions.every((expression) => expression === undefined))
    throw invalid(`${parameter} can only be specified when using expressions`);
  if (keys.length === 0) throw invalid(`${parameter} must not be empty`);
  const unused = keys.filter((key) => !expressions.some((one) => one?.placeholders.has(key)));
  if (unused.length > 0)
    throw invalid(`Value provided in ${parameter} unused in expressions: keys: {${unused.join(', ')}}`);
}
