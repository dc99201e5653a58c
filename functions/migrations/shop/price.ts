import { parseDecimal } from '../../shared/items/decimal.ts';
import type { WireValue } from '../../shared/items/wire-item.ts';
import { ItemRefusal, refuse } from '../../shared/migration/refusal.ts';

const RUPEES_TEXT = /^\d+(\.\d{1,2})?$/;
/** 100 paise are a rupee. */
const PAISE_DIGITS = 2;
/** A DynamoDB number has at most 38 significant digits and lies below 1E+126. */
const MAX_SIGNIFICANT_DIGITS = 38;
const MAX_WHOLE_DIGITS = 126;

/**
 * A price in decimal rupees as whole paise: `"165"` becomes `16500`, `"9.99"` becomes `999`. Digits
 * are moved, never multiplied, so that nothing is rounded at any size.
 *
 * @returns the digits of a whole number, at least 0
 * @throws ItemRefusal `InvalidPrice`; `subject` begins its sentence
 */
export function paiseOf(price: WireValue, subject: string): string {
  const rupees = rupeesText(price);
  const decimal = rupees === undefined ? undefined : parseDecimal(rupees);
  if (decimal === undefined) {
    return refuse(
      'InvalidPrice',
      `${subject} is neither a number nor a string of digits with at most 2 decimals.`,
    );
  }
  if (decimal.negative) return refuse('InvalidPrice', `${subject} is below 0.`);
  const { digits } = decimal;
  const exponent = digits === '0' ? 0 : decimal.exponent + PAISE_DIGITS;
  if (exponent < 0) return refuse('InvalidPrice', `${subject} has more than ${PAISE_DIGITS} decimals.`);
  if (digits.length > MAX_SIGNIFICANT_DIGITS || digits.length + exponent > MAX_WHOLE_DIGITS) {
    return refuse('InvalidPrice', `${subject} has more digits in paise than DynamoDB can store.`);
  }
  return digits + '0'.repeat(exponent);
}

function rupeesText(price: WireValue): string | undefined {
  if ('N' in price) return price.N;
  return 'S' in price && RUPEES_TEXT.test(price.S) ? price.S : undefined;
}

/** Whether a price in rupees, which may be absent or no price at all, is the one that a variant has in paise. */
export function isSamePrice(rupees: WireValue | undefined, paise: WireValue | undefined): boolean {
  if (rupees === undefined || paise === undefined || !('N' in paise)) return false;
  try {
    return paiseOf(rupees, '') === paise.N;
  } catch (error) {
    if (error instanceof ItemRefusal) return false;
    throw error;
  }
}
