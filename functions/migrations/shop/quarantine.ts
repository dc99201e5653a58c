import type { WireItem } from '../../shared/items/wire-item.ts';
import type { TransformCode } from './quarantine-codes.ts';

/** Why a product is not migrated: a reason of the transform's own, or one that any schema has. */
export type QuarantineCode = TransformCode | 'ReservedAttribute' | 'ItemTooLarge' | 'KeyTooLong';

/** A product that is not migrated, and why. */
export interface Quarantined {
  readonly kind: 'quarantined';
  readonly code: QuarantineCode;
  /** For an operator; names the product by its id and attributes by their names, and holds no other value. */
  readonly sentence: string;
}

/** Thrown inside the transform only; `productToItems` turns it into {@link Quarantined}. */
export class ProductRefusal extends Error {
  override readonly name = 'ProductRefusal';
  readonly code: QuarantineCode;

  constructor(code: QuarantineCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Gives the product up. @throws ProductRefusal always */
export function refuse(code: QuarantineCode, sentence: string): never {
  throw new ProductRefusal(code, sentence);
}

/** One line of a quarantine file: `{"code","sentence","item"}`, the item as it was read, with its line feed. */
export function quarantineLine(product: WireItem, { code, sentence }: Quarantined): string {
  return `${JSON.stringify({ code, sentence, item: product })}\n`;
}
