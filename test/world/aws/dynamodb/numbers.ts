import { type Decimal, formatDecimal, parseDecimal } from '../../../../functions/shared/items/decimal.ts';
import { invalid } from '../errors.ts';

/** Numbers as DynamoDB has them: decimal texts of at most 38 digits, in their one canonical spelling. */

const CANONICAL_INTEGER = /^(?:0|-?[1-9]\d{0,37})$/;
const SAFE_INTEGER = /^-?\d{1,15}$/;
const MAX_DIGITS = 38;
/** Of the first digit. */
const MIN_POWER = -130;
const MAX_POWER = 125;

/** The canonical spelling. @throws ValidationException where DynamoDB cannot hold the number */
export function canonicalNumber(text: string): string {
  return CANONICAL_INTEGER.test(text) ? text : formatChecked(parse(text));
}

function parse(text: string): Decimal {
  const decimal = parseDecimal(text);
  if (decimal === undefined) throw invalid(`The parameter cannot be converted to a numeric value: ${text}`);
  return decimal;
}

function formatChecked(decimal: Decimal): string {
  const { digits, exponent } = decimal;
  if (digits === '0') return '0';
  if (digits.length > MAX_DIGITS)
    throw invalid('Attempting to store more than 38 significant digits in a Number');
  const power = digits.length - 1 + exponent;
  if (power > MAX_POWER)
    throw invalid('Number overflow. Attempting to store a number with magnitude larger than supported range');
  if (power < MIN_POWER)
    throw invalid(
      'Number underflow. Attempting to store a number with magnitude smaller than supported range',
    );
  return formatDecimal(decimal);
}

/** Negative, 0 or positive; both are canonical. */
export function compareNumbers(one: string, other: string): number {
  if (one === other) return 0;
  if (SAFE_INTEGER.test(one) && SAFE_INTEGER.test(other)) return Number(one) - Number(other);
  const [left, right] = aligned(parse(one), parse(other));
  return left < right ? -1 : 1;
}

/** `one + sign * other`. */
export function addNumbers(one: string, other: string, sign: 1 | -1 = 1): string {
  const first = parse(one);
  const second = parse(other);
  const [left, right, exponent] = aligned(first, second);
  const sum = sign === 1 ? left + right : left - right;
  return canonicalNumber(`${sum}E${exponent}`);
}

/** Both as integers of the same power of ten. */
function aligned(one: Decimal, other: Decimal): readonly [bigint, bigint, number] {
  const exponent = Math.min(one.exponent, other.exponent);
  return [scaled(one, exponent), scaled(other, exponent), exponent];
}

function scaled({ negative, digits, exponent }: Decimal, to: number): bigint {
  const magnitude = BigInt(digits) * 10n ** BigInt(exponent - to);
  return negative ? -magnitude : magnitude;
}
