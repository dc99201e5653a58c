import { SHOP_ACTS } from '../actors/shop.ts';
import { several } from '../draw.ts';
import type { Act, OperatorAct } from '../plan.ts';
import { QUIET, type Theme } from './theme.ts';

/** What may come between a plan and its run. */
const BETWEEN: readonly [OperatorAct, ...OperatorAct[]] = [
  'compare',
  'start again',
  'roll back with confirmation',
  'roll back the first with confirmation',
  'migrate alone',
  'back up alone',
];

/** Milliseconds after the first execution: between a plan and what comes next. */
const AFTER_PLAN = [360_000, 720_000] as const;

const COMPARE: typeof BETWEEN = ['compare'];

/** A run is planned, and carried out after a sync, a compare or other runs, while the shop sells. */
export const planned: Theme = (draw) => {
  const change = (): Act => ({
    when: {
      millisAfterEnd: draw.chance(0.5)
        ? draw.between(...AFTER_PLAN)
        : draw.between(0, draw.pick([3_000, 60_000])),
    },
    who: 'shop',
    what: draw.pick(SHOP_ACTS),
  });
  const isFollowed = draw.chance(0.5);
  // A compare changes nothing, so the plan is carried out.
  const isCompared = !isFollowed && draw.chance(0.2);
  return {
    input: { ...QUIET.input, ...(draw.chance(0.7) && { onExisting: 'replace' }) },
    acts: draw.chance(0.7) ? several(draw, 8, change) : [],
    beforeSync: ['plan'],
    sync: isFollowed
      ? {
          acts: several(draw, 10, () => ({ millis: draw.between(0, 180_000), what: draw.pick(SHOP_ACTS) })),
          steps: draw.chance(0.3) ? ['compare'] : [],
          end: draw.pick(['cutover', 'cancel', 'cancel']),
        }
      : undefined,
    followUps: [
      ...(isFollowed && draw.chance(0.6)
        ? []
        : several(draw, 2, () => draw.pick(isCompared ? COMPARE : BETWEEN))),
      'resume the plan',
    ],
    mustSucceed: isCompared,
  };
};
