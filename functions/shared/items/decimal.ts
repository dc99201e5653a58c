import { ItemNotCarriableError } from '../errors.ts';

/**
 * A DynamoDB number, exactly: `digits` times ten to the power of `exponent`. `digits` has neither
 * leading nor trailing zeros; zero is `{negative: false, digits: '0', exponent: 0}`, so that equal
 * numbers have equal parts.
 */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

const ZERO: Decimal = { negative: false, digits: '0', exponent: 0 };
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Numbers that are canonical as they stand, which is nearly all that occur. Both bounds lie inside {@link MAX_PLAIN_DIGITS}. */
const CANONICAL_INTEGER = /^(?:0|-?[1-9]\d{0,37})$/;
const CANONICAL_FRACTION = /^-?(?:0|[1-9]\d{0,18})\.\d{0,18}[1-9]$/;

/** A number that needs more digits than this is written with an exponent. 1E-130 would take 130. */
const MAX_PLAIN_DIGITS = 40;

/** Reads a number in plain or scientific spelling; `undefined` where the text is no number. Any count of digits is read exactly. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = NUMBER.exec(text);
  const [, sign = '', whole = '', fraction = '', power = '0'] = match ?? [];
  const written = whole + fraction;
  if (match === null || written === '') return undefined;
  const significant = written.replace(/^0+/, '');
  const digits = significant.replace(/0+$/, '');
  if (digits === '') return ZERO;
  const exponent = Number(power) - fraction.length + (significant.length - digits.length);
  return { negative: sign === '-', digits, exponent };
}

const MAX_DIGITS = 38;
/** Powers of ten of the first digit: 1E-130 to 9.9E+125. */
const [MIN_POWER, MAX_POWER] = [-130, 125];

/**
 * Whether DynamoDB takes the text as a number.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
 */
export function isStorableNumber(text: string): boolean {
  if (CANONICAL_INTEGER.test(text)) return true;
  const { digits, exponent } = parseDecimal(text) ?? { digits: '', exponent: 0 };
  if (digits === '0') return true;
  const power = exponent + digits.length - 1;
  return digits !== '' && digits.length <= MAX_DIGITS && power >= MIN_POWER && power <= MAX_POWER;
}

/**
 * The one spelling that all spellings of the same number share: `1.50`, `1.5` and `15E-1` become
 * `1.5`, and `-0` becomes `0`. DynamoDB accepts it and stores the same value.
 *
 * @throws ItemNotCarriableError (final) where the text is no number; DynamoDB never answers with one.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
 */
export function normaliseNumber(text: string): string {
  if (CANONICAL_INTEGER.test(text) || CANONICAL_FRACTION.test(text)) return text;
  const decimal = parseDecimal(text);
  if (decimal === undefined) {
    throw new ItemNotCarriableError(
      'A number attribute does not hold a number that DynamoDB could have stored.',
    );
  }
  return formatDecimal(decimal);
}

/** Writes a number in the canonical spelling of {@link normaliseNumber}. */
export function formatDecimal(decimal: Decimal): string {
  const { digits, exponent } = decimal;
  const plainDigits = exponent >= 0 ? digits.length + exponent : Math.max(digits.length, -exponent);
  const magnitude = plainDigits <= MAX_PLAIN_DIGITS ? plain(digits, exponent) : scientific(digits, exponent);
  return decimal.negative ? `-${magnitude}` : magnitude;
}

function plain(digits: string, exponent: number): string {
  if (exponent >= 0) return digits + '0'.repeat(exponent);
  const padded = digits.padStart(1 - exponent, '0');
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

function scientific(digits: string, exponent: number): string {
  const power = exponent + digits.length - 1;
  const mantissa = digits.length === 1 ? digits : `${digits.slice(0, 1)}.${digits.slice(1)}`;
  return `${mantissa}E${power < 0 ? '-' : '+'}${Math.abs(power)}`;
}
