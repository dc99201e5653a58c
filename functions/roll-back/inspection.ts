import type { ScanMeter } from '../shared/copy/scan.ts';
import type { Run } from '../shared/ledger/run.ts';
import { findTableRecord, noteLook } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';

/** What a table holds that the run did not write. */
export type Contents =
  | { readonly kind: 'nothing of the shop' }
  /** `what` follows "it holds items that are not as this run wrote them". */
  | { readonly kind: 'something of the shop'; readonly what: string }
  /** The time ran out. The next turn continues. */
  | { readonly kind: 'unknown' };

/** The inspection of one table in one roll back. */
export interface Inspection {
  readonly run: Run;
  readonly tableName: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** What all looks into the table were charged, those of earlier turns included. */
  readonly meter: ScanMeter;
}

/** An inspection that continues where an earlier turn ran out of time. */
export interface Look<Place> {
  /** Where to continue, or `undefined` to start at the beginning. */
  readonly place: Place | undefined;
  /** Saves where to continue. With `undefined`, the next inspection starts at the beginning. */
  save(place: Place | undefined): Promise<void>;
}

/** Begins an inspection or continues it. What another inspection saved is ignored. */
export async function openLook<Place>(
  { ledger }: Runtime,
  { run: { runId, markedAt = 0 }, tableName: name, meter }: Inspection,
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
      const { readUnits: lookReadUnits } = meter;
      if (place !== undefined)
        await noteLook(ledger, table, {
          look: { markedAt, closedToAllAt, lookedThroughFor, place },
          lookReadUnits,
        });
      else if (look !== undefined) await noteLook(ledger, table, { lookReadUnits });
    },
  };
}
