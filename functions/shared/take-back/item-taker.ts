import type { BackedUpProduct } from '../backup/read-products.ts';
import { createPipeline } from '../pipeline.ts';
import { retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';
import { keyIdentity, keyOf, keyText, targetKeyNames } from '../tables/item-key.ts';
import { haveSameDigest, isAsMigrated, isOfRun } from '../transform/as-written.ts';
import { productToItems } from '../transform/product-to-items.ts';
import type { TransformContext } from '../transform/transform-types.ts';
import type { ConditionalOutcome } from '../wire/item-table.ts';
import { readItemsByKey } from '../wire/read-items.ts';
import { changeOf, unchangedCondition } from '../wire/unchanged.ts';
import { updateIf } from '../wire/update-if.ts';
import type { WireItem } from '../wire/wire-item.ts';
import { readUndo, type UndoItems } from './undo-file.ts';

/** Items that were looked at. */
export interface TakeBackCounts {
  /** Added by the run, and gone now. */
  readonly deleted: number;
  /** Replaced by the run, and as before now. */
  readonly restored: number;
  /** Written by the run and changed by somebody since. */
  readonly kept: number;
}

/** Takes back the items of products. */
export interface ItemTaker {
  /** Returns when all that can be taken back of these products is. */
  takeBack(products: readonly BackedUpProduct[]): Promise<void>;
  /** What has been done since the last call. */
  take(): { readonly counts: TakeBackCounts; readonly keptKeys: readonly string[] };
  /** Epoch milliseconds. */
  now(): number;
}

export interface TakerScope {
  readonly tableName: string;
  readonly context: TransformContext;
  readonly deadline: number;
  readonly check: () => Promise<void>;
}

const WRITES_IN_FLIGHT = 16;
const MAX_SAMPLES = 20;

/** A taker for one run's items. */
export function createItemTaker(runtime: Runtime, scope: TakerScope): ItemTaker {
  const { clock, items, objects, clients } = runtime;
  const { tableName, context, deadline, check } = scope;
  const { runId } = context;
  const update = updateIf(clients.dynamo);
  const undoByStem = new Map<string, Promise<UndoItems>>();
  let counts: Record<keyof TakeBackCounts, number> = { deleted: 0, restored: 0, kept: 0 };
  let keptKeys: string[] = [];

  const guarded = (attempt: () => Promise<ConditionalOutcome>): Promise<ConditionalOutcome> =>
    retry({ clock, deadline }, async () => {
      await check();
      return attempt();
    });
  const undoOf = (stem: string): Promise<UndoItems> => {
    const undo = undoByStem.get(stem) ?? readUndo({ objects, runId, stem });
    undoByStem.set(stem, undo);
    return undo;
  };
  const note = (outcome: 'deleted' | 'restored', standing: WireItem, isTaken: boolean): void => {
    counts[isTaken ? outcome : 'kept'] += 1;
    if (!isTaken && keptKeys.length < MAX_SAMPLES) keptKeys.push(keyText(standing));
  };
  const putBack = async (standing: WireItem, old: WireItem): Promise<void> => {
    const change = changeOf({ from: standing, to: old }, targetKeyNames);
    const outcome = change && (await guarded(() => update({ tableName, key: keyOf(standing), change })));
    note(
      'restored',
      standing,
      isWritten(outcome, (found) => found !== undefined && haveSameDigest(found, old)),
    );
  };
  const remove = async (standing: WireItem): Promise<void> => {
    const condition = unchangedCondition(standing);
    const outcome = condition && (await guarded(() => items.deleteIf(tableName, keyOf(standing), condition)));
    note(
      'deleted',
      standing,
      isWritten(outcome, (found) => found === undefined),
    );
  };
  const takeOne = async (standing: WireItem, stem: string): Promise<void> => {
    if (!isAsMigrated(standing)) return note('deleted', standing, false);
    const old = (await undoOf(stem)).get(keyIdentity(standing));
    return old === undefined ? remove(standing) : putBack(standing, old);
  };

  return {
    now: () => clock.now(),
    async takeBack(products) {
      const stems = stemsByKey(products, context);
      const standing = await readItemsByKey(
        {
          items,
          tableName,
          retry: (attempt) => retry({ clock, deadline }, attempt),
          onRead: () => undefined,
        },
        [...stems.values()].map(({ key }) => key),
      );
      const pipeline = createPipeline(WRITES_IN_FLIGHT);
      try {
        for (const item of standing.filter((one) => isOfRun(one, runId))) {
          await pipeline.start(() => takeOne(item, stems.get(keyIdentity(item))?.stem ?? ''));
        }
        await pipeline.finish();
      } finally {
        await pipeline.settle();
      }
    },
    take() {
      const taken = { counts, keptKeys };
      counts = { deleted: 0, restored: 0, kept: 0 };
      keptKeys = [];
      return taken;
    },
  };
}

/** Written, or found as it would be: an answer was lost. `undefined`: too large for an expression, so nothing was tried. */
function isWritten(
  outcome: ConditionalOutcome | undefined,
  isAsWanted: (standing: WireItem | undefined) => boolean,
): boolean {
  return outcome !== undefined && (outcome.written || isAsWanted(outcome.standing));
}

/** Every key that the run may have written for these products, and the data file that its product lies in. */
function stemsByKey(products: readonly BackedUpProduct[], context: TransformContext) {
  const entries = products.flatMap(({ product, stem }) => {
    const result = productToItems(product, context);
    const items = result.kind === 'items' ? result.items : [];
    return items.map((item) => [keyIdentity(item), { key: keyOf(item), stem }] as const);
  });
  return new Map(entries);
}
