import type { SyncPlan } from './plan.ts';
import { outOfStep } from './check/in-step.ts';
import { runsOf } from './holdings.ts';
import { type Scene, untilRest } from './scene.ts';

/** Follows the first run with a sync: the shop sells, an operator compares and cuts over, and in the end it is in step. */
export async function followRun(scene: Scene, { acts, steps, end }: SyncPlan): Promise<readonly string[]> {
  const { world, shop, operator, plan } = scene;
  const { scheduler, misfortunes } = world;
  if (!misfortunes.happens('sync', 'start')) return [];
  if (plan.isTroubledAfterwards) world.trouble = plan.trouble;
  for (const { millis, what } of acts)
    scheduler.after(millis, '', () => {
      if (scene.isFrozen || !misfortunes.happens('shop', what)) return;
      scheduler.wake(world.person.life, () => shop.act(what));
    });
  const started = await untilRest(scene, () => operator.sync({}), true);
  if (started.length > 0) return started;
  for (const step of steps) {
    if (!misfortunes.happens('sync', step)) continue;
    const found = await untilRest(scene, () => operator.syncStep(step), true);
    if (found.length > 0) return found;
  }
  const found = await endSync(scene, end);
  scene.isFrozen = false;
  return found;
}

async function endSync(scene: Scene, end: SyncPlan['end']): Promise<readonly string[]> {
  const { operator, memory, world } = scene;
  // Everything that is under way lands, and the shop stops writing.
  await world.scheduler.run(() => false, ACTS_MILLIS);
  scene.isFrozen = true;
  const compared = await untilRest(scene, () => operator.sync({ action: 'compare' }));
  if (compared.length > 0 || isTampered(scene) || !isFollowed(scene, ['SYNCING'])) return compared;
  const gaps = outOfStep(world, memory);
  if (gaps.length > 0) return gaps;
  const input = end === 'cutover' ? { action: end, frozen: true, maxQuarantined: 1_000 } : { action: end };
  const ended = await untilRest(scene, () => operator.sync(input));
  if (ended.length > 0 || isTampered(scene)) return ended;
  const isDone = isFollowed(scene, [end === 'cutover' ? 'SWITCHED' : 'CANCELLED']);
  return isDone ? outOfStep(world, memory) : [`sync: ${end} without trouble did not succeed`];
}

/** Whoever deletes tables or records of the ledger is told so, and starts over. */
const isTampered = ({ isTampered, memory }: Scene): boolean => isTampered || memory.removed.size > 0;

/** The longest that a shop goes on selling. */
const ACTS_MILLIS = 200_000;

const isFollowed = ({ world }: Scene, statuses: readonly string[]): boolean =>
  runsOf(world).some(({ kind, status }) => kind === 'sync' && statuses.includes(String(status)));
