import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { MIGRATION_MARKS } from '../../../functions/shared/migration/refusal.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { textOfKey, type Version } from '../memory.ts';
import type { World } from '../world.ts';

/**
 * Whether items come from several versions of their product: a run leaves what others have changed, and with `keep` what an
 * earlier run has written. All items of one version are there, and each item is as some version has made it.
 *
 * @param items without what the shop has added
 */
export function isMixture(world: World, versions: readonly Version[], items: readonly WireItem[]): boolean {
  const made = versions.flatMap(({ item }) => (item === undefined ? [] : [itemsMadeOf(world, item)]));
  const known = new Set(made.flat().map((item) => bareText(world, item)));
  const keys = new Set(items.map(textOfKey));
  return (
    made.some((all) => all.every((item) => keys.has(textOfKey(item)))) &&
    items.every((item) => known.has(bareText(world, item)))
  );
}

function itemsMadeOf({ deployed, scheduler }: World, product: WireItem): readonly WireItem[] {
  const { config } = [...deployed.functions.values()][0] ?? {};
  const startedAt = new Date(scheduler.now()).toISOString();
  const context = { runId: 'any', startedAt, settings: config?.settings ?? {} };
  const result = deployed.migration.transform(product, context);
  return result.kind === 'items' ? result.items.map(({ item }) => item) : [];
}

/** An item without what tells one run from another. */
function bareText({ deployed: { migration } }: World, item: WireItem): string {
  const made = new Set<string>([...MIGRATION_MARKS, ...migration.madeAttributes]);
  return canonicalJson(Object.fromEntries(Object.entries(item).filter(([name]) => !made.has(name))));
}
