import { keyIdentity, keyOf, type TableKey } from '../../items/item-key.ts';
import type { WireItem } from '../../items/wire-item.ts';
import { createPipeline } from '../pipeline.ts';
import type { ReconcileKey } from './open-reconcile.ts';
import type { Reconciled } from './reconcile.ts';

/** Each key takes at least two requests, one after the other; as many keep an engine busy. */
const KEYS_IN_FLIGHT = 16;

/** Source keys that are reconciled together. */
export interface KeyBatch {
  /** Keys, or whole source items; the same one may come several times. */
  readonly keys: readonly WireItem[];
  /** Of the source table. */
  readonly sourceKey: TableKey;
  readonly repair: boolean;
  /** Whether no further key should be begun. */
  readonly isShort: () => boolean;
}

/** What became of one key of a batch, and what its requests were charged. */
export type KeyEnd = KeyResult & {
  readonly sourceKey: WireItem;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly throttles: number;
};

/** `failed`: the error that ended it; it must be reconciled again. `unstarted`: time was short. */
type KeyResult =
  | Reconciled
  | { readonly outcome: 'failed'; readonly error: unknown }
  | { readonly outcome: 'unstarted' };

/**
 * Reconciles every key once, some side by side. A key that fails holds up no other; where the fence is closed, all that
 * still write fail with its error. Never throws.
 *
 * @returns by `keyIdentity`, in the order in which the keys first came
 */
export async function reconcileBatch(
  reconcile: ReconcileKey,
  { keys, sourceKey, repair, isShort }: KeyBatch,
): Promise<ReadonlyMap<string, KeyEnd>> {
  const distinct = new Map(keys.map((key) => [keyIdentity(key, sourceKey), keyOf(key, sourceKey)]));
  const ends = new Map<string, KeyEnd>();
  const pipeline = createPipeline(KEYS_IN_FLIGHT);
  for (const [identity, key] of distinct)
    await pipeline.start(async () => {
      const cost = { readUnits: 0, writeUnits: 0, throttles: 0 };
      const result = isShort() ? UNSTARTED : await settle(reconcile({ sourceKey: key, repair }, cost));
      ends.set(identity, { ...result, ...cost, sourceKey: key });
    });
  await pipeline.finish();
  return new Map(
    [...distinct.keys()].flatMap((identity) => {
      const end = ends.get(identity);
      return end === undefined ? [] : [[identity, end] as const];
    }),
  );
}

const UNSTARTED = { outcome: 'unstarted' } as const;

async function settle(result: Promise<Reconciled>): Promise<KeyResult> {
  try {
    return await result;
  } catch (error) {
    return { outcome: 'failed', error };
  }
}
