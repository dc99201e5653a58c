import type { NamedKey } from '../../ledger/sync-names.ts';
import type { Difference, NamedConflict } from './due-writes.ts';
import type { Reconciled } from './reconcile.ts';
import { counted } from '../../counted.ts';

/** A key that stays as it is, and why; without the time at which that was seen. */
export type StayingKey = Omit<NamedKey, 'seenAt'>;

const CONFLICT_REASONS: Readonly<Record<NamedConflict['kind'], string>> = {
  changed:
    'It is not as a migration wrote it, and differs from what the source item becomes now. It stays as it is.',
  added: 'No migration wrote it, and the source item does not become it. It stays as it is.',
  tooLarge:
    'It differs from what the source item becomes now, but has more attributes than a condition can name. It stays as it is. Delete it by hand, and a compare writes it again.',
  ofOther:
    'A migration of another source wrote it, and the source has no item that it belongs to. It stays as it is.',
  lost: 'Others changed it while it was being deleted, and again before it was put back. The first of these changes is lost.',
};

/** An item of a target as an operator can look it up: `products-enhanced: PRODUCT#1 / METADATA`. */
export function itemText({ table, key }: Pick<NamedConflict, 'table' | 'key'>): string {
  return `${table}: ${key}`;
}

/** A target item that stays. One that a migration wrote and cannot change is no edit of the shop: it differs. */
export function conflictKey(conflict: NamedConflict): StayingKey {
  const key = { text: itemText(conflict), reason: CONFLICT_REASONS[conflict.kind] };
  return conflict.kind === 'tooLarge'
    ? { kind: 'differing', isByHand: true, ...key }
    : { kind: 'conflict', ...key };
}

/** A source item that cannot be transformed, under its key. Its target items stay. */
export function quarantinedKey(
  text: string,
  { code, reason }: NonNullable<Reconciled['quarantined']>,
): StayingKey {
  return { kind: 'quarantined', text, reason: `${code}: ${reason}` };
}

const DIFFERENCE_TEXTS: Readonly<Record<Difference['kind'], string>> = {
  missing: 'is missing',
  different: 'is not what the source item becomes now',
  extra: 'is there although the source item does not become it',
};

/** A source item whose target items differ and are not repaired, under its key. */
export function differingKey(text: string, differences: readonly Difference[]): StayingKey {
  const [first, ...others] = differences;
  if (first === undefined) return { kind: 'differing', text, reason: 'It changed at every look.' };
  const more =
    others.length === 0
      ? ''
      : ` ${counted(others.length, 'more item of it differs', 'more items of it differ')}.`;
  return { kind: 'differing', text, reason: `${itemText(first)} ${DIFFERENCE_TEXTS[first.kind]}.${more}` };
}
