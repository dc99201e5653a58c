import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { MIGRATION_MARKS } from '../../../functions/shared/migration/refusal.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { Unmarked } from '../../support/shop-marks.ts';
import { textOfKey, type Version } from '../memory.ts';
import type { World } from '../world.ts';

export interface Place {
  readonly runId: string;
  /** Of a product. */
  readonly versions: readonly Version[];
  /** What the product has become. */
  readonly found: readonly Unmarked[];
  /** A sync, or a later run that replaces, may have changed items of the run one by one. */
  readonly isChangedSince: boolean;
}

/**
 * Whether items come from several versions of their product: a run leaves what others have changed, and with `keep` what an
 * earlier run has written. All items of one version are there, what the run itself has written is of that one, and each
 * other item is as some version has made it.
 */
export function isMixture(world: World, { runId, versions, found, isChangedSince }: Place): boolean {
  const made = versions.flatMap(({ item }) => (item === undefined ? [] : [itemsMadeOf(world, item)]));
  const known = new Set(made.flat().map((item) => bareText(world, item)));
  const keys = new Set(found.map(({ item }) => textOfKey(item)));
  const own = found.filter(
    ({ item, isMarked }) => !isChangedSince && !isMarked && stringAttribute(item, 'migrationRun') === runId,
  );
  const isThere = (all: readonly WireItem[]): boolean =>
    all.length > 0 && all.every((item) => keys.has(textOfKey(item)));
  const isOwn = (all: readonly WireItem[]): boolean => {
    const texts = new Set(all.map((item) => bareText(world, item)));
    return own.every(({ item }) => texts.has(bareText(world, item)));
  };
  return (
    made.some((all) => isThere(all) && isOwn(all)) &&
    found.every(({ item }) => known.has(bareText(world, item)))
  );
}

/** What the product becomes. Nothing, if it cannot be transformed. */
export function itemsMadeOf({ deployed, scheduler }: World, product: WireItem): readonly WireItem[] {
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
