import type { NamedKey } from '../../ledger/sync-records.ts';
import type { NamedConflict, Reconciled } from './reconcile.ts';

/** A key that stays as it is, and why; without the time at which that was seen. */
export type StayingKey = Omit<NamedKey, 'seenAt'>;

const CONFLICT_REASONS: Readonly<Record<NamedConflict['kind'], string>> = {
  changed:
    'It is not as a migration wrote it, and differs from what the source item becomes now. It stays as it is.',
  added: 'No migration wrote it, and the source item does not become it. It stays as it is.',
  tooLarge:
    'It differs from what the source item becomes now, but has more attributes than a condition can name. It stays as it is. Change or delete it by hand.',
  lost: 'Others changed it while it was being deleted, and again before it was put back. The first of these changes is lost.',
};

/** An item of a target as an operator can look it up: `products-enhanced: PRODUCT#1 / METADATA`. */
export function itemText({ table, key }: Pick<NamedConflict, 'table' | 'key'>): string {
  return `${table}: ${key}`;
}

/** A target item that stays. */
export function conflictKey(conflict: NamedConflict): StayingKey {
  return { kind: 'conflict', text: itemText(conflict), reason: CONFLICT_REASONS[conflict.kind] };
}

/** A source item that cannot be transformed, under its key. Its target items stay. */
export function quarantinedKey(
  text: string,
  { code, reason }: NonNullable<Reconciled['quarantined']>,
): StayingKey {
  return { kind: 'quarantined', text, reason: `${code}: ${reason}` };
}
