import { runsAtWork, violations } from './check/check.ts';
import type { Told } from './check/consumption.ts';
import type { Operator } from './actors/operator.ts';
import type { Shop } from './actors/shop.ts';
import { runsOf } from './holdings.ts';
import type { Memory } from './memory.ts';
import type { Plan } from './plan.ts';
import { NO_TROUBLE } from './trouble.ts';
import type { World } from './world.ts';

/** Everybody who acts in one world. */
export interface Scene {
  readonly world: World;
  readonly plan: Plan;
  readonly memory: Memory;
  readonly shop: Shop;
  readonly operator: Operator;
  isTampered: boolean;
  readonly told: Told;
  /** Nobody acts any more: the last run must succeed. */
  isLast: boolean;
  /** Nobody acts while a sync is ended, which must succeed. */
  isFrozen: boolean;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** No request and no call lands later than this. */
const LATEST_MILLIS = 300_000;
/** How soon a hasty operator goes on. */
const HASTE_MILLIS = 30_000;
/** What went wrong during a run may go on for so long while it is recovered. */
const RECOVERY_MILLIS = 180_000;
const MOST_MINUTES = 720;

/** Lets something begin, waits for its end, and then without trouble until everything is at rest; then judges. */
export async function untilRest(
  scene: Scene,
  begin: () => Promise<unknown>,
  isHasty = false,
): Promise<readonly string[]> {
  const { world, memory } = scene;
  const { scheduler } = world;
  let isBegun = false;
  void begin().then(
    () => (isBegun = true),
    () => (isBegun = true),
  );
  const isQuiet = (): boolean => isBegun && !isAnyRunning(world);
  const outcome = await scheduler.run(isQuiet, 24 * HOUR);
  if (outcome !== 'done') return [`4: an execution has not ended in a day (${runningIn(world)})`];
  const isAtRest = (): boolean => !isAnyRunning(world) && isLedgerAtRest(scene);
  if (!isHasty && scene.plan.isTroubledToTheEnd) await scheduler.run(isAtRest, RECOVERY_MILLIS);
  world.trouble = NO_TROUBLE;
  const allow = (): void => void (world.refusal = () => undefined);
  if (!scene.plan.isDeniedForGood) allow();
  if (isHasty) {
    await scheduler.run(() => false, scheduler.between(0, HASTE_MILLIS));
    return [];
  }
  // What is late lands.
  await scheduler.run(() => false, LATEST_MILLIS);
  // It must stay at rest for a minute: a function may go on after its execution was stopped, and an act may be due at its
  // next request.
  let wasAtRest = false;
  for (let minutes = 0; !(wasAtRest && isAtRest()) && minutes < MOST_MINUTES; minutes += 1) {
    wasAtRest = isAtRest();
    await scheduler.run(() => false, MINUTE);
  }
  allow();
  if (!isAtRest()) return [`4: the ledger is not at rest after half a day (${runningIn(world)})`];
  return violations({
    world,
    memory,
    isTampered: scene.isTampered,
    told: scene.told,
    isRepeated: scene.plan.timeoutMillis !== undefined,
  });
}

const isAnyRunning = ({ aws }: World): boolean =>
  [...aws.state.executions.values()].some(({ status }) => status === 'RUNNING');

const isLedgerAtRest = ({ world, isTampered }: Scene): boolean =>
  runsAtWork(world, isTampered).length === 0 &&
  runsOf(world).every(
    ({ status, opening, reporting }) =>
      !(status === 'SUCCEEDED' && opening === 'PENDING') && reporting !== 'PENDING',
  );

function runningIn(world: World): string {
  const executions = [...world.aws.state.executions.values()].filter(({ status }) => status === 'RUNNING');
  const runs = runsOf(world).map(({ runId, status }) => `${String(runId)} ${String(status)}`);
  return [...executions.map(({ name }) => name), ...runs].join(', ');
}
