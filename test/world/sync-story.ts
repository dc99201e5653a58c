import type { SyncPlan } from './plan.ts';
import { outOfStep } from './check/in-step.ts';
import { stringAttribute, type WireItem } from '../../functions/shared/items/wire-item.ts';
import { expire } from './aws/dynamodb/expiry.ts';
import { filledItems, runsOf, SOURCE, tableOf } from './holdings.ts';
import { idOf } from './memory.ts';
import { type Scene, untilRest } from './scene.ts';
import { sourceInput } from './stock.ts';
import { createTable } from './world.ts';

/** Follows the first run with a sync: the shop sells, an operator compares and cuts over, and in the end it is in step. */
export async function followRun(scene: Scene, sync: SyncPlan): Promise<readonly string[]> {
  const { acts, steps } = sync;
  const { world, shop, operator, plan } = scene;
  const { scheduler, misfortunes } = world;
  if (!misfortunes.happens('sync', 'start')) return [];
  if (plan.isTroubledAfterwards) world.trouble = plan.trouble;
  for (const { millis, what } of acts)
    scheduler.after(millis, '', () => {
      if (scene.isFrozen || !misfortunes.happens('shop', what)) return;
      scheduler.wake(world.person.life, () => shop.act(what));
    });
  const started = await untilRest(scene, () => operator.sync(EMPTIED), true);
  if (started.length > 0) return started;
  for (const step of steps) {
    if (!misfortunes.happens('sync', step)) continue;
    const found = await untilRest(scene, () => operator.syncStep(step), true);
    if (found.length > 0) return found;
  }
  const found = await endSync(scene, sync);
  scene.isFrozen = false;
  return found;
}

/** The shop may sell everything. */
const EMPTIED = { allowEmpty: true } as const;

async function endSync(scene: Scene, { end, expiries = [] }: SyncPlan): Promise<readonly string[]> {
  const { operator, memory, world } = scene;
  // Everything that is under way lands, and the shop stops writing.
  await world.scheduler.run(() => false, ACTS_MILLIS);
  scene.isFrozen = true;
  const compared = await untilRest(scene, () => operator.sync({ action: 'compare', ...EMPTIED }));
  if (compared.length > 0 || isTampered(scene) || !isFollowed(scene, ['SYNCING'])) return compared;
  const gaps = outOfStep(world, memory);
  if (gaps.length > 0) return gaps;
  if (end === 'lost source') return loseSource(scene);
  const expired = new Set<string>();
  if (end === 'cutover')
    for (const millis of expiries)
      world.scheduler.after(millis, '', () => expireProduct(scene).forEach((id) => expired.add(id)));
  const input = end === 'cutover' ? { action: end, frozen: true, maxQuarantined: 1_000 } : { action: end };
  const ended = await untilRest(scene, () => operator.sync(input));
  if (ended.length > 0 || isTampered(scene)) return ended;
  const isDone = isFollowed(scene, [end === 'cutover' ? 'SWITCHED' : 'CANCELLED']);
  return isDone ? outOfStep(world, memory, expired) : [`sync: ${end} without trouble did not succeed`];
}

/** Time to live deletes a product. @returns its id */
function expireProduct({ world, memory }: Scene): readonly string[] {
  const source = tableOf(world, SOURCE);
  const row = source?.inOrder[world.scheduler.between(0, Math.max(0, source.inOrder.length - 1))];
  if (source === undefined || row === undefined) return [];
  const id = idOf(row.item);
  world.scheduler.note(`time to live deletes ${id}`);
  expire(world.aws.aws, source, row);
  memory.noteProduct(id);
  return [id];
}

/** The shop has just sold something, and the changes are not through: whatever an operator tries, the target stays. */
async function loseSource(scene: Scene): Promise<readonly string[]> {
  const { world, shop, operator } = scene;
  const { aws, scheduler } = world;
  const source = tableOf(world, SOURCE);
  if (source === undefined) return [];
  for (let changes = 0; changes < 3; changes += 1) shop.act('change product');
  await scheduler.run(() => false, scheduler.between(0, 1_000));
  const kept = new Set(source.inOrder.map(({ item }) => `PRODUCT#${idOf(item)}`));
  const isKept = (item: WireItem): boolean => kept.has(stringAttribute(item, 'PK') ?? '');
  const count = (): number => filledItems(world).filter(isKept).length;
  aws.state.tables.delete(SOURCE);
  // DynamoDB takes some time for either.
  await scheduler.run(() => false, scheduler.between(6_000, 30_000));
  const before = count();
  createTable(aws, sourceInput);
  const found: string[] = [];
  for (const action of scheduler.chance(0.5) ? ['compare', 'cutover'] : ['cutover', 'compare'])
    found.push(
      ...(await untilRest(scene, () =>
        operator.sync({ action, ...(action === 'cutover' && { frozen: true }) }),
      )),
    );
  found.push(...(await untilRest(scene, () => operator.sync({ action: 'cancel' }))));
  if (count() < before)
    found.push(`sync: ${before - count()} items of the target were deleted for a source that was lost`);
  if (!isFollowed(scene, ['CANCELLED']))
    found.push('sync: its cancellation without a source did not succeed');
  aws.state.tables.set(SOURCE, source);
  return found;
}

/** Whoever deletes tables or records of the ledger is told so, and starts over. */
const isTampered = ({ isTampered, memory }: Scene): boolean => isTampered || memory.removed.size > 0;

/** The longest that a shop goes on selling. */
const ACTS_MILLIS = 200_000;

const isFollowed = ({ world }: Scene, statuses: readonly string[]): boolean =>
  runsOf(world).some(({ kind, status }) => kind === 'sync' && statuses.includes(String(status)));
