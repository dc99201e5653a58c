import { attribute, type WireItem, type WireValue } from '../../../../../functions/shared/items/wire-item.ts';
import { invalid } from '../../errors.ts';
import { compareValues, equalValues, typeOf } from '../values.ts';
import type { Scope } from './scope.ts';
import type { Comparator, Condition, Operand } from './syntax.ts';

/** Whether the condition holds for the item; without an item, for one without attributes. */
export function holds(condition: Condition, item: WireItem, scope: Scope): boolean {
  const on = (part: Condition): boolean => holds(part, item, scope);
  const valueOf = (operand: Operand): WireValue | undefined => evaluate(operand, item, scope);
  switch (condition.kind) {
    case 'and':
      return condition.parts.every(on);
    case 'or':
      return condition.parts.some(on);
    case 'not':
      return !on(condition.part);
    case 'exists':
      return valueOf(condition.name) !== undefined;
    case 'notExists':
      return valueOf(condition.name) === undefined;
    case 'beginsWith':
      return beginsWith(valueOf(condition.name), valueOf(condition.prefix));
    case 'compare':
      return compares(condition.comparator, valueOf(condition.left), valueOf(condition.right));
    case 'between':
      return (
        compares('>=', valueOf(condition.of), valueOf(condition.from)) &&
        compares('<=', valueOf(condition.of), valueOf(condition.to))
      );
    case 'in': {
      const value = valueOf(condition.of);
      return condition.among.some((one) => compares('=', value, valueOf(one)));
    }
  }
}

function evaluate(operand: Operand, item: WireItem, scope: Scope): WireValue | undefined {
  if (operand.kind === 'value') return scope.valueOf(operand);
  return attribute(item, scope.nameOf(operand));
}

function beginsWith(value: WireValue | undefined, prefix: WireValue | undefined): boolean {
  if (value === undefined || prefix === undefined) return false;
  if ('S' in value && 'S' in prefix) return value.S.startsWith(prefix.S);
  if ('B' in value && 'B' in prefix) {
    const wanted = Buffer.from(prefix.B, 'base64');
    return Buffer.from(value.B, 'base64').subarray(0, wanted.length).equals(wanted);
  }
  return false;
}

/** A comparison with an attribute that is not there holds only for `<>`. */
function compares(
  comparator: Comparator,
  left: WireValue | undefined,
  right: WireValue | undefined,
): boolean {
  if (left === undefined || right === undefined) return comparator === '<>';
  if (comparator === '=') return equalValues(left, right);
  if (comparator === '<>') return !equalValues(left, right);
  const order = compareValues(left, right);
  if (order === undefined) return false;
  if (comparator === '<') return order < 0;
  if (comparator === '<=') return order <= 0;
  return comparator === '>' ? order > 0 : order >= 0;
}

const ORDERED: ReadonlySet<string> = new Set(['S', 'N', 'B']);

/** @throws ValidationException where a value has no order, or a prefix is no text and no binary */
export function checkOperands(condition: Condition, scope: Scope): void {
  switch (condition.kind) {
    case 'and':
    case 'or':
      for (const part of condition.parts) checkOperands(part, scope);
      return;
    case 'not':
      return checkOperands(condition.part, scope);
    case 'beginsWith':
      return checkType(condition.prefix, scope, new Set(['S', 'B']));
    case 'compare':
      if (condition.comparator === '=' || condition.comparator === '<>') return;
      checkType(condition.left, scope, ORDERED);
      return checkType(condition.right, scope, ORDERED);
    case 'between':
      return checkBounds(condition.from, condition.to, scope);
  }
}

function checkBounds(from: Operand, to: Operand, scope: Scope): void {
  checkType(from, scope, ORDERED);
  checkType(to, scope, ORDERED);
  if (from.kind !== 'value' || to.kind !== 'value') return;
  const [low, high] = [scope.valueOf(from), scope.valueOf(to)];
  if (typeOf(low) !== typeOf(high))
    throw invalid('The BETWEEN operator requires same data type for lower and upper bounds');
  if ((compareValues(low, high) ?? 0) > 0)
    throw invalid('The BETWEEN operator requires upper bound to be greater than or equal to lower bound');
}

function checkType(operand: Operand, scope: Scope, allowed: ReadonlySet<string>): void {
  if (operand.kind !== 'value') return;
  const type = typeOf(scope.valueOf(operand));
  if (!allowed.has(type))
    throw invalid(`Incorrect operand type for operator or function; operand type: ${type}`);
}
