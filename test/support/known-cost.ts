import { type Cost, isCosted } from '../../functions/shared/cost/cost.ts';

/** The cost itself, of a region with prices. */
export function known<C extends object>(cost: C): Extract<C, Cost> {
  if (!isCosted(cost)) throw new Error(`The cost is unknown: ${JSON.stringify(cost)}`);
  return cost;
}
