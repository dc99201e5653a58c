import { count } from '../../counted.ts';
import type { MigratedCounts } from '../reported-counts.ts';

/** How many items of each kind, over all tables: `1 METADATA, 4 VARIANT`. Empty where nothing is in place. */
export function kindsText({ byTarget = {} }: Pick<MigratedCounts, 'byTarget'>): string {
  const counts = new Map<string, number>();
  for (const [kind, items] of Object.values(byTarget).flatMap(Object.entries<number>))
    counts.set(kind, (counts.get(kind) ?? 0) + items);
  return [...counts].map(([kind, items]) => `${count(items)} ${kind}`).join(', ');
}
