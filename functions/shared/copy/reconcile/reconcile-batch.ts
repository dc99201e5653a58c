import { inOneSpelling } from '../../items/canonical-json.ts';
import { keyIdentity, keyOf, type TableKey } from '../../items/item-key.ts';
import type { WireItem } from '../../items/wire-item.ts';
import { sideBySide } from '../pipeline.ts';
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
  const ends = new Map<string, KeyEnd>();
  for (const key of keys) ends.set(keyIdentity(key, sourceKey), unstarted(keyOf(key, sourceKey)));
  await sideBySide(KEYS_IN_FLIGHT, [...ends], async ([identity, end]) => {
    if (isShort()) return;
    const cost = { readUnits: 0, writeUnits: 0, throttles: 0 };
    const result = await settle(reconcile({ sourceKey: end.sourceKey, repair }, cost));
    ends.set(identity, { ...result, ...cost, sourceKey: end.sourceKey });
  });
  return ends;
}

/** In one spelling: DynamoDB takes a number in any, but a binary in one alone. */
function unstarted(key: WireItem): KeyEnd {
  return { outcome: 'unstarted', sourceKey: inOneSpelling(key), readUnits: 0, writeUnits: 0, throttles: 0 };
}

async function settle(result: Promise<Reconciled>): Promise<KeyResult> {
  try {
    return await result;
  } catch (error) {
    return { outcome: 'failed', error };
  }
}
