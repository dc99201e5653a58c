import { attribute, type WireItem } from '../items/wire-item.ts';

/** A source item that is not migrated, and why. */
export interface Quarantined {
  readonly kind: 'quarantined';
  /** One of the migration's own codes, or one of the engine's, which functions/migrations/README.md lists. */
  readonly code: string;
  /** For an operator; names the item by its key and attributes by their names, and holds no other value. */
  readonly sentence: string;
}

/** Thrown inside a transform only; the engine turns it into {@link Quarantined}. */
export class ItemRefusal extends Error {
  override readonly name = 'ItemRefusal';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Sends the source item to quarantine. @throws ItemRefusal always */
export function refuse(code: string, sentence: string): never {
  throw new ItemRefusal(code, sentence);
}

/** One line of a quarantine file: `{"code","sentence","item"}`, the item as it was read, with its line feed. */
export function quarantineLine(item: WireItem, { code, sentence }: Quarantined): string {
  return `${JSON.stringify({ code, sentence, item })}\n`;
}

/** Attributes that the engine gives every migrated item: who wrote it, and what it was like then. */
export const MIGRATION_MARKS = ['migrationRun', 'migrationDigest'] as const;

/** @throws ItemRefusal `ReservedAttribute` where a source has attributes that its item gets from the migration */
export function refuseReserved(reserved: readonly string[], attributes: WireItem, label: string): void {
  const found = reserved.filter((name) => {
    const value = attribute(attributes, name);
    return value !== undefined && !('NULL' in value);
  });
  if (found.length === 0) return;
  refuse('ReservedAttribute', `${label} has ${found.join(', ')}, which the new data model uses itself.`);
}
