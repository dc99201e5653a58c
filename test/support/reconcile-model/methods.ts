import type { ReconcileIo } from '../../../functions/shared/copy/reconcile/reconcile-io.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { Send } from './actor.ts';
import type { Delivery, Method } from './method.ts';
import { itemsOf, textOf, transform, type World } from './world.ts';

/** The rule. */
export const RECONCILE: Method = {};

/** The rule with its second look alone. */
export const UNCONDITIONAL: Method = { ignoresConditions: true };

/** Believes that the source is still as it was read before the write. */
function withoutSecondLook(io: ReconcileIo): ReconcileIo {
  let source: Promise<WireItem | undefined> | undefined;
  return {
    ...io,
    readTarget(table, sourceKey) {
      source = undefined;
      return io.readTarget(table, sourceKey);
    },
    readSource: (sourceKey) => (source ??= io.readSource(sourceKey)),
  };
}

/** Believes the image of the change record. */
function byImage(io: ReconcileIo, { image, second }: Delivery): ReconcileIo {
  return second === undefined ? io : { ...io, readSource: () => Promise.resolve(image) };
}

const stamps = new WeakMap<World, Map<string, number>>();

/** Writes the image of the record where no newer one has been written; a deletion leaves its time behind. */
async function byTimeStamp(world: World, send: Send, { key, image, second = 0 }: Delivery): Promise<void> {
  const made = image && transform(image);
  if (made?.kind === 'quarantined') return;
  const wanted = new Map(made?.items.map(({ item }) => [textOf(item, 'SK'), item]));
  const existing = await send(() => [...itemsOf(world, key).keys()]);
  const written = stamps.get(world) ?? new Map<string, number>();
  stamps.set(world, written);
  for (const sortKey of new Set([...wanted.keys(), ...existing]))
    await send(() => {
      const name = `${key}/${sortKey}`;
      if ((written.get(name) ?? -1) >= second) return;
      written.set(name, second);
      const item = wanted.get(sortKey);
      if (item === undefined) itemsOf(world, key).delete(sortKey);
      else itemsOf(world, key).set(sortKey, item);
    });
}

/** What others do, and what the rule becomes where one part of it is left out. */
export const SIMPLIFICATIONS: Readonly<Record<string, Method>> = {
  'the images of change records are written': { ignoresConditions: true, distort: byImage },
  'the images are written by time stamp, with tombstones': { apply: byTimeStamp },
  'the source is read and then written, without a condition and a second look': {
    ignoresConditions: true,
    distort: withoutSecondLook,
  },
  'the condition is all there is, without a second look': { distort: withoutSecondLook },
  'one try is enough, and what is pending after it is forgotten': { maxTries: 1, forgetsPending: true },
  'the compare ends before the mapping begins': { comparesFirst: true },
};
