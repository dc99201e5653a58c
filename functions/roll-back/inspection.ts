import type { Run } from '../shared/ledger/run.ts';
import { findTableRecord, noteLook } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';

/** What a table holds that the run did not write. */
export type Contents =
  | { readonly kind: 'nothing of the shop' }
  /** `what` follows "it holds items that are not as this run wrote them". */
  | { readonly kind: 'something of the shop'; readonly what: string }
  /** Time was short. The next turn continues. */
  | { readonly kind: 'unknown' };

/** A look into one table, in one roll back. */
export interface Inspection {
  readonly run: Run;
  readonly tableName: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** A look that goes on where an earlier turn ran out of time. */
export interface Look<Place> {
  /** Where to go on; `undefined`: at the beginning. */
  readonly place: Place | undefined;
  /** Saves where to continue. With `undefined`, the next look begins at the start. */
  save(place: Place | undefined): Promise<void>;
}

/** Begins a look, or goes on with it. What belongs to another look is left alone, and counts for nothing. */
export async function openLook<Place>(
  { ledger }: Runtime,
  { run: { runId, markedAt = 0 }, tableName: name }: Inspection,
): Promise<Look<Place>> {
  const table = { runId, name };
  const { closedToAllAt, lookedThroughFor, look } = (await findTableRecord(ledger, table)) ?? {};
  const isSame =
    look?.markedAt === markedAt &&
    look.closedToAllAt === closedToAllAt &&
    look.lookedThroughFor === lookedThroughFor;
  return {
    place: isSame ? (look.place as Place) : undefined,
    async save(place) {
      if (place !== undefined)
        await noteLook(ledger, table, { markedAt, closedToAllAt, lookedThroughFor, place });
      else if (look !== undefined) await noteLook(ledger, table, undefined);
    },
  };
}
