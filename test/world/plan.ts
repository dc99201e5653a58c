import { awkwardProduct } from '../support/awkward-products.ts';
import { secretProduct } from '../support/secret-products.ts';
import { wireItem, type WireItem } from '../../functions/shared/items/wire-item.ts';
import { SHOP_ACTS, type ShopAct } from './actors/shop.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import { drawTrouble, NO_TROUBLE, type Trouble } from './trouble.ts';

/** What an operator does. */
export const OPERATOR_ACTS = [
  'stop',
  'start again',
  'resume',
  'roll back',
  'roll back with confirmation',
  'roll back the first with confirmation',
  'migrate alone',
  'create a table alone',
  'back up alone',
] as const;

export type OperatorAct = (typeof OPERATOR_ACTS)[number];

/** Kinds of ledger records that somebody deletes. */
export const RECORDS = ['LOCK', 'RUN', 'SHARD#', 'FILE#', 'TABLE#'] as const;

/** What somebody does behind the service's back. */
export const TAMPERINGS = [...RECORDS, 'delete a table', 'replace a table'] as const;

export type Tampering = (typeof TAMPERINGS)[number];

/** Requests that a permission is missing for. */
const DENIED = [
  'DeleteTable',
  'ListTagsOfResource',
  'Scan',
  'DescribeTable',
  'CreateTable',
  'BatchWriteItem',
  'PutItem',
  'DeleteItem',
  'GetResourcePolicy',
  'DeleteResourcePolicy',
] as const;

/** A missing permission. */
export interface Denial {
  readonly operation: (typeof DENIED)[number];
  readonly table: string;
}

const TARGETS = ['cart', 'orders', 'returns', 'products-enhanced'] as const;

/** When somebody acts: at the nth request of a function, after these milliseconds, or so long after the first execution. */
export type When =
  | { readonly request: number }
  | { readonly millis: number }
  | { readonly millisAfterEnd: number };

export type Act = { readonly when: When } & (
  | { readonly who: 'shop'; readonly what: ShopAct }
  | { readonly who: 'operator'; readonly what: OperatorAct }
  | { readonly who: 'tamperer'; readonly what: Tampering }
);

/** A sync behind the first run, if that succeeds. */
export interface SyncPlan {
  /** What the shop does while the sync follows, each so many milliseconds after its start. */
  readonly acts: readonly { readonly millis: number; readonly what: ShopAct }[];
  /** What an operator does meanwhile, one after the other. */
  readonly steps: readonly ('compare' | 'stop' | 'cutover' | 'roll back' | 'start again')[];
  readonly end: 'cutover' | 'cancel';
}

/** Everything that is decided before a world begins. */
export interface Plan {
  readonly products: readonly WireItem[];
  /** Names of targets that the shop uses already. */
  readonly existing: readonly string[];
  readonly input: Readonly<Record<string, unknown>>;
  readonly timeoutMillis: number | undefined;
  readonly trouble: Trouble;
  /** During the first run. */
  readonly denied: Denial | undefined;
  readonly acts: readonly Act[];
  /** What an operator does once everything is at rest, one after the other. */
  readonly followUps: readonly OperatorAct[];
  readonly sync: SyncPlan | undefined;
  /** Whether there is trouble during the follow-ups as well. */
  readonly isTroubledAfterwards: boolean;
  /** Whether the operator does not wait until everything that is late has landed. */
  readonly isHasty: boolean;
}

export function drawPlan(seed: number): Plan {
  const draw = createScheduler({ seed: seed ^ 0x5eed, start: 0 });
  const plan = drawAny(draw);
  return draw.chance(0.25) ? { ...plan, ...drawLateWriter(draw) } : plan;
}

/**
 * Writes that land late or whose senders die, a worker that lives long, somebody who stops the run in the middle, and a
 * shop that edits what was migrated right after the end. By chance these meet too seldom.
 */
function drawLateWriter(draw: Scheduler): Partial<Plan> {
  const stop = { when: { request: draw.between(90, 330) }, who: 'operator', what: 'stop' } as const;
  const note = (): Act => ({
    when: { millisAfterEnd: draw.between(0, 20_000) },
    who: 'shop',
    what: draw.chance(0.8) ? 'note' : 'order',
  });
  return {
    existing: draw.chance(0.5) ? ['orders', 'products-enhanced'] : [],
    input: {
      maxQuarantined: 1_000,
      ...(draw.chance(0.4) && { writeUnitsPerSecond: draw.pick([0.5, 1, 3]) }),
      ...(draw.chance(0.2) && { onFailure: 'hold' }),
      ...(draw.chance(0.2) && { onExisting: 'replace' }),
    },
    timeoutMillis: undefined,
    denied: undefined,
    sync: undefined,
    trouble: {
      ...NO_TROUBLE,
      killedWriting: draw.pick([0, 0.05, 0.2]),
      lateWrite: draw.pick([0, 0.1, 0.3]),
      twice: draw.pick([0, 0.3]),
    },
    acts: [...(draw.chance(0.7) ? [stop] : []), ...several(draw, 12, note)],
  };
}

function drawAny(draw: Scheduler): Plan {
  const isSwarm = (share: number): boolean => draw.chance(share);
  const acts = [
    ...(isSwarm(0.5) ? several(draw, draw.pick([4, 16]), () => shopAct(draw)) : []),
    ...(isSwarm(0.2) ? [{ when: when(draw), who: 'operator', what: 'stop' } as const] : []),
    ...(isSwarm(0.3) ? several(draw, 2, () => operatorAct(draw)) : []),
    ...(isSwarm(0.1) ? [tampering(draw)] : []),
  ];
  return {
    products: drawProducts(draw),
    existing: isSwarm(0.35) ? ['orders', 'products-enhanced'] : [],
    input: drawInput(draw),
    timeoutMillis: isSwarm(0.25) ? draw.pick([25_000, 40_000, 120_000]) : undefined,
    trouble: drawTrouble(draw),
    denied: isSwarm(0.1) ? { operation: draw.pick(DENIED), table: draw.pick(TARGETS) } : undefined,
    acts,
    followUps: isSwarm(0.4) ? several(draw, 2, () => followUp(draw)) : [],
    sync: isSwarm(0.2) ? drawSync(draw) : undefined,
    isTroubledAfterwards: isSwarm(0.5),
    isHasty: isSwarm(0.5),
  };
}

function several<T>(draw: Scheduler, most: number, one: () => T): readonly T[] {
  return Array.from({ length: draw.between(1, most) }, one);
}

function drawProducts(draw: Scheduler): readonly WireItem[] {
  return Array.from({ length: draw.between(3, 12) }, (_, index) => drawProduct(draw, index));
}

function drawProduct(draw: Scheduler, index: number): WireItem {
  const kind = draw.between(0, 9);
  if (kind === 0) return awkwardProduct(index);
  // It cannot be transformed.
  if (kind === 1)
    return wireItem([
      ['id', { S: `p-${index}` }],
      ['price', { S: 'free' }],
    ]);
  return secretProduct(`p-${index}`);
}

function drawInput(draw: Scheduler): Readonly<Record<string, unknown>> {
  return {
    maxQuarantined: draw.chance(0.9) ? 1_000 : 0,
    allowEmpty: true,
    ...(draw.chance(0.25) && { onFailure: 'hold' }),
    ...(draw.chance(0.1) && { dryRun: true }),
    ...(draw.chance(0.2) && { onExisting: 'replace' }),
    // Slow enough for a worker to live longer than whoever waits for it.
    ...(draw.chance(0.25) && { writeUnitsPerSecond: draw.pick([0.5, 1, 2, 10]) }),
    ...(draw.chance(0.1) && { keepClosed: true }),
    ...(draw.chance(0.1) && { readUnitsPerSecond: draw.between(1, 50) }),
    ...(draw.chance(0.3) && { maxConcurrency: draw.between(1, 3) }),
  };
}

/** Most runs have some 300 requests, and wait for minutes where something was left open. */
function when(draw: Scheduler): When {
  if (draw.chance(0.6)) return { request: draw.between(1, 350) };
  if (draw.chance(0.4)) return { millis: draw.between(0, draw.pick([3_000, 120_000])) };
  return { millisAfterEnd: draw.between(0, draw.pick([3_000, 20_000, 70_000])) };
}

function drawSync(draw: Scheduler): SyncPlan {
  const act = () => ({ millis: draw.between(0, 180_000), what: draw.pick(SHOP_ACTS) });
  const step = () => draw.pick(['compare', 'stop', 'cutover', 'roll back', 'start again'] as const);
  return {
    acts: several(draw, 10, act),
    steps: draw.chance(0.5) ? several(draw, 2, step) : [],
    end: draw.pick(['cutover', 'cancel']),
  };
}

const shopAct = (draw: Scheduler): Act => ({
  when: when(draw),
  who: 'shop',
  what: draw.chance(0.3) ? 'note' : draw.pick(SHOP_ACTS),
});

const operatorAct = (draw: Scheduler): Act => ({
  when: when(draw),
  who: 'operator',
  what: draw.pick(OPERATOR_ACTS),
});

const tampering = (draw: Scheduler): Act => ({
  when: when(draw),
  who: 'tamperer',
  what: draw.pick(TAMPERINGS),
});

const followUp = (draw: Scheduler): OperatorAct => draw.pick(OPERATOR_ACTS);
