import { NO_TROUBLE, type Trouble } from '../trouble.ts';
import type { Theme } from './theme.ts';

/** Faults that every run must survive. */
const PASSING: readonly [Partial<Trouble>, ...Partial<Trouble>[]] = [
  { odd: 0.9, at: { odd: /unprocessed$/ } },
  { cut: 0.5 },
  { slow: 0.3 },
  { twice: 0.5 },
  { throttled: 0.1 },
  { answerLost: 0.02 },
];

/** Nothing happens that a run may fail for, so it must succeed. */
export const passingFaults: Theme = (draw) => ({
  trouble: { ...NO_TROUBLE, ...draw.pick(PASSING) },
  mustSucceed: true,
});
