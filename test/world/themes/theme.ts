import type { Plan } from '../plan.ts';
import type { Scheduler } from '../scheduler.ts';
import { NO_TROUBLE } from '../trouble.ts';

/**
 * Draws plans of one kind of attack, each another one: what by chance meets too seldom. It says what differs from
 * {@link QUIET}.
 */
export type Theme = (draw: Scheduler) => Partial<Plan>;

/** What no theme decides. */
export type DrawnForAll = 'products' | 'workers' | 'startsAgain' | 'clocksOffMillis' | 'isSplit';

/** Nothing goes wrong and nobody acts. */
export const QUIET: Omit<Plan, DrawnForAll> = {
  existing: [],
  input: { maxQuarantined: 1_000, allowEmpty: true },
  timeoutMillis: undefined,
  leavesTablesOpen: false,
  trouble: NO_TROUBLE,
  denied: undefined,
  isDeniedForGood: false,
  acts: [],
  beforeSync: [],
  followUps: [],
  sync: undefined,
  isTroubledToTheEnd: true,
  isTroubledAfterwards: false,
  isHasty: false,
  mustSucceed: false,
};

/** Tables that the shop uses before the first run. */
export const SHOP_TABLES = ['orders', 'products-enhanced'] as const;

export const CREATORS = [
  'createCartTable',
  'createOrdersTable',
  'createReturnsTable',
  'createProductsEnhancedTable',
] as const;

/** The request by which a function first reads its run: a worker reads its shard as well, CompleteRun all that there is. */
export function firstReadOf(functionKey: string): string {
  if (functionKey === 'completeRun') return 'Query';
  return functionKey.startsWith('create') ? 'GetItem' : 'BatchGetItem';
}
