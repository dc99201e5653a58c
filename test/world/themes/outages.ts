import { several } from '../draw.ts';
import { type Act, OPERATOR_ACTS } from '../plan.ts';
import { NO_TROUBLE } from '../trouble.ts';
import { QUIET, SHOP_TABLES, type Theme } from './theme.ts';

/**
 * Partitions, tables and whole services refuse everything for a while. Somebody stops the run meanwhile, or rolls it back
 * afterwards, and the shop edits what was migrated.
 */
export const outages: Theme = (draw) => {
  const stop = { when: { request: draw.between(20, 250) }, who: 'operator', what: 'stop' } as const;
  const edit = (): Act => ({
    when: draw.chance(0.5)
      ? { request: draw.between(100, 300) }
      : { millisAfterEnd: draw.between(0, 40_000) },
    who: 'shop',
    what: draw.chance(0.7) ? 'note' : 'order',
  });
  return {
    existing: draw.chance(0.4) ? SHOP_TABLES : [],
    input: {
      ...QUIET.input,
      ...(draw.chance(0.3) && { writeUnitsPerSecond: draw.pick([0.5, 1, 3]) }),
      ...(draw.chance(0.2) && { onFailure: 'hold' }),
      ...(draw.chance(0.2) && { onExisting: 'replace' }),
    },
    trouble: { ...NO_TROUBLE, outage: draw.pick([0.01, 0.04]), twice: draw.pick([0, 0.2]) },
    acts: [...(draw.chance(0.5) ? [stop] : []), ...several(draw, 8, edit)],
    followUps: draw.chance(0.4) ? several(draw, 2, () => draw.pick(OPERATOR_ACTS)) : [],
    isTroubledAfterwards: draw.chance(0.5),
  };
};
