import { SHOP_ACTS } from '../actors/shop.ts';
import { several } from '../draw.ts';
import { NO_TROUBLE, type Trouble } from '../trouble.ts';
import type { Theme } from './theme.ts';

/** Faults that every run must survive. */
export const PASSING: readonly [Partial<Trouble>, ...Partial<Trouble>[]] = [
  { odd: 0.9, at: { odd: /unprocessed$/ } },
  { cut: 0.5 },
  { slow: 0.3 },
  { twice: 0.1 },
  { throttled: 0.1 },
  { answerLost: 0.02 },
];

/** Nothing happens that a run may fail for, so it must succeed. */
export const passingFaults: Theme = (draw) => ({
  trouble: { ...NO_TROUBLE, ...draw.pick(PASSING) },
  mustSucceed: true,
});

/** A sync follows the run and ends as its operator wants, while the shop sells. */
export const followed: Theme = (draw) => ({
  trouble: draw.chance(0.5) ? NO_TROUBLE : { ...NO_TROUBLE, ...draw.pick(PASSING) },
  sync: {
    acts: several(draw, 10, () => ({ millis: draw.between(0, 180_000), what: draw.pick(SHOP_ACTS) })),
    steps: draw.chance(0.3) ? ['compare'] : [],
    end: draw.pick(['cutover', 'cancel', 'lost source']),
    ...(draw.chance(0.5) && { expiries: several(draw, 5, () => draw.between(0, 150_000)) }),
  },
  isTroubledAfterwards: draw.chance(0.5),
  mustSucceed: true,
});
