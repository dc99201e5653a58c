import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { itemsOf, sourceItem, textOf, transform, type World } from './world.ts';

const VARIANTS = ['x', 'y', 'z'];
const DELETED = 0.25;
const BAD = 0.05;

/** What the shop has written into an item of the target. */
interface Edit {
  readonly key: string;
  readonly sortKey: string;
  readonly name: string;
  readonly value: string;
}

/** A shop that writes the source, and now and then the target. */
export interface Shop {
  /** Writes or deletes one source item. `second`: of the change record. */
  changeSource(second: number): void;
  /**
   * Adds an attribute to an item of the target, or changes one. No item twice: of two edits around a deletion that is
   * undone one may be lost, and the rule names the item.
   */
  editTarget(): void;
  /** What is wrong in the target, now that everything has come to rest; `undefined`: nothing. */
  problem(): string | undefined;
}

/** @param below gives a whole number below its argument */
export function openShop(world: World, below: (end: number) => number): Shop {
  const keys = [...world.target.keys()];
  const edits: Edit[] = [];
  let versions = 1;
  const isChance = (part: number): boolean => below(1_000) < part * 1_000;
  const anyKey = (): string => keys[below(keys.length)] ?? '';
  /** Half of the time one of two values, so that the source comes back to what it was. */
  const newItem = (key: string): WireItem => {
    versions += 1;
    const n = isChance(0.5) ? `n${below(2)}` : `n${versions}`;
    return sourceItem(key, { n, vs: VARIANTS.filter(() => isChance(0.5)).join(''), isBad: isChance(BAD) });
  };
  return {
    changeSource(second) {
      const key = anyKey();
      const image = isChance(DELETED) ? undefined : newItem(key);
      if (image === world.source.get(key)) return;
      if (image === undefined) world.source.delete(key);
      else world.source.set(key, image);
      world.stream.push({ key, image, second });
    },
    editTarget() {
      const key = anyKey();
      const items = itemsOf(world, key);
      const [sortKey, item] = [...items][below(Math.max(1, items.size))] ?? [];
      const isEdited = edits.some((edit) => edit.key === key && edit.sortKey === sortKey);
      if (sortKey === undefined || item === undefined || isEdited) return;
      const edit = { key, sortKey, name: isChance(0.5) ? 'note' : 'n', value: `edit ${edits.length}` };
      items.set(sortKey, { ...item, [edit.name]: { S: edit.value } });
      edits.push(edit);
    },
    problem: () => keys.map((key) => problemOf(world, key, edits)).find((found) => found !== undefined),
  };
}

function problemOf(world: World, key: string, edits: readonly Edit[]): string | undefined {
  const source = world.source.get(key);
  const made = source && transform(source);
  const items = itemsOf(world, key);
  const own = edits.filter((edit) => edit.key === key);
  const lost = own.find(({ sortKey, name, value }) => textOf(items.get(sortKey) ?? {}, name) !== value);
  if (lost !== undefined) return `${key}/${lost.sortKey}: the shop's ${lost.value} is lost`;
  if (made?.kind === 'quarantined') return undefined;
  const wanted = new Map(made?.items.map(({ item, text }) => [textOf(item, 'SK'), text]));
  const isEdited = (name: string): boolean => own.some(({ sortKey }) => sortKey === name);
  for (const sortKey of new Set([...wanted.keys(), ...items.keys()])) {
    const item = items.get(sortKey);
    const isRight = wanted.get(sortKey) === (item && canonicalJson(item));
    if (!isRight && !isEdited(sortKey)) return `${key}/${sortKey} is not what the source says`;
  }
  return undefined;
}
