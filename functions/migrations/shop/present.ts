import { attribute, type WireItem, type WireValue, wireItem } from '../../shared/items/wire-item.ts';

/** The attribute's value; `undefined` where it is missing or NULL, which means the same everywhere in the transform. */
export function present(item: WireItem, name: string): WireValue | undefined {
  const value = attribute(item, name);
  return value === undefined || isNull(value) ? undefined : value;
}

/** Whether a value says no more than a missing one. */
export function isNull(value: WireValue): boolean {
  return 'NULL' in value;
}

/** The attributes that stay as they are; of those in `made`, a NULL gives way to what is made. */
export function keptAttributes(
  source: WireItem,
  { isMoved, made }: { readonly isMoved: (name: string) => boolean; readonly made: ReadonlySet<string> },
): WireItem {
  return wireItem(
    Object.entries(source).filter(([name, value]) => !isMoved(name) && !(made.has(name) && isNull(value))),
  );
}
