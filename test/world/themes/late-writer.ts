import { several } from '../draw.ts';
import type { Act } from '../plan.ts';
import { NO_TROUBLE } from '../trouble.ts';
import { QUIET, SHOP_TABLES, type Theme } from './theme.ts';

/**
 * Writes that land late or whose senders die, a worker that lives long, somebody who stops the run in the middle, and a
 * shop that edits what was migrated right after the end.
 */
export const lateWriter: Theme = (draw) => {
  const stop = { when: { request: draw.between(70, 250) }, who: 'operator', what: 'stop' } as const;
  const note = (): Act => ({
    when: { millisAfterEnd: draw.between(0, 20_000) },
    who: 'shop',
    what: draw.chance(0.8) ? 'note' : 'order',
  });
  return {
    existing: draw.chance(0.5) ? SHOP_TABLES : [],
    input: {
      ...QUIET.input,
      ...(draw.chance(0.4) && { writeUnitsPerSecond: draw.pick([0.5, 1, 3]) }),
      ...(draw.chance(0.2) && { onFailure: 'hold' }),
      ...(draw.chance(0.2) && { onExisting: 'replace' }),
    },
    trouble: {
      ...NO_TROUBLE,
      killedWriting: draw.pick([0, 0.05, 0.2]),
      lateWrite: draw.pick([0, 0.1, 0.3]),
      twice: draw.pick([0, 0.3]),
    },
    acts: [...(draw.chance(0.7) ? [stop] : []), ...several(draw, 12, note)],
  };
};

const FILLING = /^migrateProductsEnhanced#\d+: BatchWriteItem/;

/** A batch lands after the commit, when the shop edits the new items. Nothing else goes wrong. */
export const lateBatch: Theme = (draw) => {
  const kind = draw.pick(['lateWrite', 'killedWriting']);
  const note = (): Act => ({
    when: { millisAfterEnd: draw.between(0, 40_000) },
    who: 'shop',
    what: 'note',
  });
  return {
    trouble: { ...NO_TROUBLE, [kind]: draw.pick([0.2, 0.5]), at: { [kind]: FILLING } },
    acts: several(draw, 16, note),
  };
};

/** A worker is slow, and its run is stopped and rolled back while the worker still writes into existing tables. */
export const longWriter: Theme = (draw) => ({
  existing: SHOP_TABLES,
  input: {
    ...QUIET.input,
    writeUnitsPerSecond: draw.pick([0.3, 0.5, 1]),
    ...(draw.chance(0.3) && { onExisting: 'replace' }),
  },
  trouble: { ...NO_TROUBLE, twice: draw.pick([0, 0.3]) },
  acts: [
    {
      when: { by: 'migrateProductsEnhanced', operation: 'PutItem', nth: draw.between(1, 12) },
      who: 'operator',
      what: 'stop',
    },
  ],
});
