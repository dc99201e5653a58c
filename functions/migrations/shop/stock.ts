import { parseDecimal } from '../../shared/items/decimal.ts';
import type { WireItem, WireValue } from '../../shared/items/wire-item.ts';
import { present } from './present.ts';
import { refuse } from '../../shared/migration/refusal.ts';

/** What a variant's stock comes from; `quantity` as the source spells it. */
export interface StockLevel {
  readonly quantity: string;
  readonly lowStockThreshold: string;
}

/**
 * A count of pieces as the source spells it.
 *
 * @throws ItemRefusal `InvalidVariant` where it is no whole number of at least 0; `subject` begins its sentence
 */
export function wholeNumberOf(value: WireValue, subject: string): string {
  const decimal = 'N' in value ? parseDecimal(value.N) : undefined;
  if (!('N' in value) || decimal === undefined || decimal.negative || decimal.exponent < 0) {
    return refuse('InvalidVariant', `${subject} is no whole number of at least 0 (type N).`);
  }
  return value.N;
}

/** What a product or a variant says of its own stock: `stockQuantity`, else `stock`. */
export function statedStock(item: WireItem): WireValue | undefined {
  return present(item, 'stockQuantity') ?? present(item, 'stock');
}

/** Whether nothing is left. A value that is no number counts as absent. */
export function isSoldOut(stock: WireValue): boolean {
  return 'N' in stock && parseDecimal(stock.N)?.digits === '0';
}

/** `out_of_stock` at 0, `low_stock` at or below the threshold; both are whole numbers of any size. */
export function stockStatus({
  quantity,
  lowStockThreshold,
}: StockLevel): 'in_stock' | 'low_stock' | 'out_of_stock' {
  const pieces = wholeNumber(quantity);
  if (pieces === 0n) return 'out_of_stock';
  return pieces <= wholeNumber(lowStockThreshold) ? 'low_stock' : 'in_stock';
}

function wholeNumber(text: string): bigint {
  const decimal = parseDecimal(text);
  return decimal === undefined ? 0n : BigInt(decimal.digits) * 10n ** BigInt(decimal.exponent);
}
