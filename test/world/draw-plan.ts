import { wireItem, type WireItem } from '../../functions/shared/items/wire-item.ts';
import { awkwardProduct } from '../support/awkward-products.ts';
import { secretProduct } from '../support/secret-products.ts';
import { SHOP_ACTS } from './actors/shop.ts';
import { denser, several } from './draw.ts';
import {
  type Act,
  type Denial,
  DENIED,
  DENIED_ELSEWHERE,
  OPERATOR_ACTS,
  type OperatorAct,
  type Plan,
  RESTORE_ACTS,
  type SyncPlan,
  TAMPERINGS,
  TARGETS,
  type When,
} from './plan.ts';
import { TARGET } from './holdings.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import { DENSE, THEMES } from './themes/index.ts';
import { type DrawnForAll, QUIET, type Theme } from './themes/theme.ts';
import { drawTrouble } from './trouble.ts';

/** In the others anything meets anything. */
const THEME_SHARE = 0.6;
/** Most attacks need few products, and a world of few is drawn in two thirds of the time. */
const SMALL_SHARE = 0.7;
/** In the others the time is better spent on another world. */
const AGAIN_SHARE = 0.3;

/** Two clocks may differ by twice as much. */
const CLOCKS_OFF_MILLIS = 1_000;
const CLOCKS_OFF_SHARE = 0.25;

/** In the others the migration fills one table, as the shop's does. */
const SPLIT_SHARE = 0.25;

/** How much more often each actor and each kind of trouble is on. */
const DENSITY = 2.5;

const drawDense: Theme = (draw) => drawAny(draw, DENSITY);

/** @param given the theme's name, or {@link DENSE}; absent: the seed decides */
export function drawPlan(seed: number, given?: string): Plan {
  const draw = createScheduler({ seed: seed ^ 0x5eed, start: 0 });
  const workers = draw.chance(0.25) ? draw.between(2, 4) : 1;
  const plan = {
    ...drawAny(draw),
    products: drawProducts(draw, workers),
    workers,
    startsAgain: draw.chance(AGAIN_SHARE),
    clocksOffMillis: draw.chance(CLOCKS_OFF_SHARE) ? CLOCKS_OFF_MILLIS : 0,
  };
  const names = Object.keys(THEMES);
  const isThemed = draw.chance(THEME_SHARE);
  const drawn = names[draw.between(0, names.length - 1)];
  const theme = given ?? (isThemed ? drawn : undefined);
  const drawTheme = theme === DENSE ? drawDense : THEMES[theme ?? ''];
  if (given !== undefined && drawTheme === undefined) throw new Error(`There is no theme "${given}".`);
  const drawnPlan = split(
    draw,
    drawTheme === undefined ? plan : { ...plan, ...QUIET, ...drawTheme(draw), theme },
  );
  return workers === 1 ? drawnPlan : { ...drawnPlan, input: { ...drawnPlan.input, maxConcurrency: workers } };
}

/** Drawn last, so that a world with two filled tables is otherwise the same. */
function split(draw: Scheduler, plan: Omit<Plan, 'isSplit'>): Plan {
  const isSplit = draw.chance(SPLIT_SHARE);
  const { existing } = plan;
  const isSecondThere = isSplit && existing.includes(TARGET) && draw.chance(0.5);
  return { ...plan, isSplit, existing: isSecondThere ? [...existing, 'returns'] : existing };
}

function drawAny(draw: Scheduler, density = 1): Omit<Plan, DrawnForAll> {
  const isSwarm = (share: number): boolean => draw.chance(denser(share, density));
  const acts = [
    ...(isSwarm(0.5) ? several(draw, draw.pick([4, 16]), () => shopAct(draw)) : []),
    ...(isSwarm(0.2) ? [{ when: when(draw), who: 'operator', what: 'stop' } as const] : []),
    ...(isSwarm(0.3) ? several(draw, 2, () => operatorAct(draw)) : []),
    ...(isSwarm(0.1) ? [tampering(draw)] : []),
  ];
  return {
    existing: isSwarm(0.35) ? ['orders', 'products-enhanced'] : [],
    input: drawInput(draw),
    timeoutMillis: isSwarm(0.25) ? draw.pick([25_000, 40_000, 120_000]) : undefined,
    leavesTablesOpen: false,
    trouble: drawTrouble(draw, density),
    denied: isSwarm(0.1) ? drawDenial(draw) : undefined,
    acts,
    beforeSync: [],
    followUps: isSwarm(0.4) ? several(draw, 2, () => followUp(draw)) : [],
    sync: isSwarm(0.2) ? drawSync(draw) : undefined,
    isTroubledToTheEnd: isSwarm(0.5),
    isTroubledAfterwards: isSwarm(0.5),
    isHasty: isSwarm(0.5),
    isDeniedForGood: false,
    mustSucceed: false,
  };
}

function drawDenial(draw: Scheduler): Denial {
  if (draw.chance(0.3)) return draw.pick(DENIED_ELSEWHERE);
  return { operation: draw.pick(DENIED), name: draw.pick(TARGETS) };
}

/** Several workers need several pages. */
function drawProducts(draw: Scheduler, workers: number): readonly WireItem[] {
  const isSmall = workers === 1 && draw.chance(SMALL_SHARE);
  return Array.from({ length: isSmall ? draw.between(1, 4) : draw.between(3, 12) }, (_, index) =>
    drawProduct(draw, index),
  );
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
  const product = secretProduct(`p-${index}`);
  return kind === 2 ? { ...product, description: { S: 'long '.repeat(700) } } : product;
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

/** Most runs have some 200 requests, and wait for minutes where something was left open. */
function when(draw: Scheduler): When {
  if (draw.chance(0.6)) return { request: draw.between(1, 265) };
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
  what: draw.chance(0.1) ? draw.pick(RESTORE_ACTS) : draw.pick(OPERATOR_ACTS),
});

const tampering = (draw: Scheduler): Act => ({
  when: when(draw),
  who: 'tamperer',
  what: draw.pick(TAMPERINGS),
});

const followUp = (draw: Scheduler): OperatorAct =>
  draw.chance(0.2) ? draw.pick(RESTORE_ACTS) : draw.pick(OPERATOR_ACTS);
