import {
  attribute,
  wireItem,
  type WireItem,
  type WireValue,
} from '../../../../../functions/shared/items/wire-item.ts';
import { invalid } from '../../errors.ts';
import { addNumbers } from '../numbers.ts';
import { canonicalValue, typeOf } from '../values.ts';
import type { Scope } from './scope.ts';
import type { Name, Term, Update } from './syntax.ts';

/** The item after the update. Every operand is read from the item before it. @throws ValidationException */
export function applyUpdate(update: Update, item: WireItem, scope: Scope): WireItem {
  const changes = new Map<string, WireValue | undefined>();
  const change = (name: Name, value: WireValue | undefined): void => {
    changes.set(scope.nameOf(name), value);
  };
  for (const { name, to } of update.set) change(name, evaluateTerm(to, item, scope));
  for (const name of update.remove) change(name, undefined);
  for (const { name, value } of update.add)
    change(name, added(attribute(item, scope.nameOf(name)), scope.valueOf(value)));
  const kept = Object.entries(item).filter(([name]) => !changes.has(name));
  for (const [name, value] of changes) if (value !== undefined) kept.push([name, value]);
  return wireItem(kept);
}

/** The attributes that an update changes. @throws ValidationException where one is changed twice */
export function changedNames(update: Update, scope: Scope): readonly string[] {
  const { set, remove, add } = update;
  const names = [...set.map(({ name }) => name), ...remove, ...add.map(({ name }) => name)].map(scope.nameOf);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw invalid(
      `Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [${twice}], path two: [${twice}]`,
    );
  return names;
}

/** @throws ValidationException where a value has a type that its place in the update never takes */
export function checkUpdateOperands({ set, add }: Update, scope: Scope): void {
  for (const { to } of set) checkTerm(to, scope);
  for (const { value } of add) added(undefined, scope.valueOf(value));
}

function checkTerm(term: Term, scope: Scope): void {
  if (term.kind === 'ifNotExists') return checkTerm(term.otherwise, scope);
  if (term.kind !== 'sum' && term.kind !== 'listAppend') return;
  const [operator, type] = term.kind === 'sum' ? (['+', 'N'] as const) : (['list_append', 'L'] as const);
  for (const operand of [term.first, term.second]) {
    checkTerm(operand, scope);
    if (operand.kind === 'value' && typeOf(scope.valueOf(operand)) !== type)
      throw wrongType(operator, scope.valueOf(operand));
  }
}

function evaluateTerm(term: Term, item: WireItem, scope: Scope): WireValue {
  switch (term.kind) {
    case 'value':
      return scope.valueOf(term);
    case 'name':
      return existing(attribute(item, scope.nameOf(term)));
    case 'ifNotExists':
      return attribute(item, scope.nameOf(term.name)) ?? evaluateTerm(term.otherwise, item, scope);
    case 'listAppend':
      return appended(evaluateTerm(term.first, item, scope), evaluateTerm(term.second, item, scope));
    case 'sum':
      return sum(evaluateTerm(term.first, item, scope), evaluateTerm(term.second, item, scope), term.sign);
  }
}

function existing(value: WireValue | undefined): WireValue {
  if (value === undefined)
    throw invalid('The provided expression refers to an attribute that does not exist in the item');
  return value;
}

function wrongType(operator: string, value: WireValue): Error {
  return invalid(
    `An operand in the update expression has an incorrect data type: ${operator}, ${typeOf(value)}`,
  );
}

function appended(first: WireValue, second: WireValue): WireValue {
  if (!('L' in first)) throw wrongType('list_append', first);
  if (!('L' in second)) throw wrongType('list_append', second);
  return { L: [...first.L, ...second.L] };
}

function sum(first: WireValue, second: WireValue, sign: 1 | -1): WireValue {
  if (!('N' in first)) throw wrongType('+', first);
  if (!('N' in second)) throw wrongType('+', second);
  return { N: addNumbers(first.N, second.N, sign) };
}

/** ADD: a number to a number, or members to a set. */
function added(before: WireValue | undefined, value: WireValue): WireValue {
  if ('N' in value) return sum(before ?? { N: '0' }, value, 1);
  const type = typeOf(value);
  if (type !== 'SS' && type !== 'NS' && type !== 'BS') throw wrongType('ADD', value);
  if (before === undefined) return value;
  if (typeOf(before) !== type) throw wrongType('ADD', before);
  const members = new Set([...membersOf(before), ...membersOf(value)]);
  return canonicalValue({ [type]: [...members] } as unknown as WireValue);
}

function membersOf(set: WireValue): readonly string[] {
  return Object.values(set)[0] as readonly string[];
}
