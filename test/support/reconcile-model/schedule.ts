import { reconcile } from '../../../functions/shared/copy/reconcile/reconcile.ts';
import type { ReconcileIo } from '../../../functions/shared/copy/reconcile/reconcile-io.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { seededRandom } from '../../../workflow/local/gateway/seeded-random.ts';
import { type Actor, type Send, startActor } from './actor.ts';
import type { Delivery, Happenings, Method } from './method.ts';
import { openShop, type Shop } from './shop.ts';
import {
  emptyWorld,
  itemsFrom,
  itemsOf,
  requestsOf,
  RULES,
  sourceItem,
  TABLE,
  textOf,
  type World,
} from './world.ts';

const KEYS = ['a', 'b', 'c'];
const CHANGES_BEFORE = 3;
const CONSUMERS = 3;
const DEATHS = 0.06;
const REDELIVERED = 0.15;
const ANSWER_LOST = 0.05;
/** The newest consumer goes on so often, and the others stand still meanwhile. */
const NEWEST_FIRST = 0.75;
const STEPS_A_SECOND = 4;
const MAX_STEPS = 10_000;

/**
 * Plays one random schedule: a shop writes the source, a load puts a backup of it, consumers take the stream's records
 * out of order and more than once, a compare walks over all keys, the shop edits items of the target, and workers die.
 * One request is carried out at a time.
 *
 * @returns what is wrong at the end; `undefined`: nothing
 */
export async function playSchedule(
  seed: number,
  method: Method,
  happenings: Happenings,
): Promise<string | undefined> {
  const schedule = new Schedule(seed, method, happenings);
  await schedule.play();
  return schedule.shop.problem();
}

type Action = 'change' | 'edit' | 'load' | 'take' | 'step' | 'compare' | 'pending' | 'land';

interface Consumer {
  readonly actor: Actor;
  readonly delivery: Delivery;
}

class Schedule {
  readonly shop: Shop;
  private readonly keys: readonly string[];
  private readonly world: World;
  private readonly toLoad: WireItem[] = [];
  private readonly consumers: Consumer[] = [];
  private readonly redelivered: Delivery[] = [];
  private readonly pending = new Set<string>();
  /** Requests of the dead. */
  private readonly underway: Actor[] = [];
  private loader: Actor | undefined;
  private comparer: Actor | undefined;
  private isCompared = false;
  private isAtEnd = false;
  /** Absent: there is no mapping yet. */
  private nextRecord: number | undefined;
  private steps = 0;
  private changesLeft: number;
  private editsLeft: number;
  private readonly random: () => number;
  private readonly method: Method;
  private readonly happenings: Happenings;

  constructor(seed: number, method: Method, happenings: Happenings) {
    this.random = seededRandom(seed);
    this.method = method;
    this.happenings = happenings;
    this.changesLeft = happenings.shopWrites;
    this.editsLeft = happenings.edits;
    this.keys = KEYS.slice(0, happenings.keys ?? 2);
    this.world = emptyWorld(this.keys);
    this.shop = openShop(this.world, (end) => this.below(end));
  }

  async play(): Promise<void> {
    this.begin();
    for (; this.steps < MAX_STEPS; this.steps += 1) {
      const actions = this.possible();
      const action = actions[this.below(actions.length)];
      if (action !== undefined) await this.act(action);
      else if (!this.comparesOnceMore()) return;
    }
    throw new Error('The schedule does not end.');
  }

  private below(end: number): number {
    return Math.floor(this.random() * end);
  }

  /** A backup is taken, a part of it is loaded, and the source changes before the mapping begins. */
  private begin(): void {
    for (const key of this.keys) {
      const item = sourceItem(key, { n: 'n0', vs: 'xy', isBad: false });
      this.world.source.set(key, item);
      if (this.random() < 0.5) this.toLoad.push(item);
      else for (const made of itemsFrom(item)) itemsOf(this.world, key).set(textOf(made, 'SK'), made);
    }
    for (let n = 0; n < CHANGES_BEFORE; n += 1) this.shop.changeSource(0);
    if (this.method.comparesFirst !== true) this.nextRecord = this.below(this.world.stream.length + 1);
  }

  private possible(): readonly Action[] {
    const { consumers, nextRecord, redelivered } = this;
    const actions: Action[] = [];
    const isDelivered = nextRecord === undefined || nextRecord >= this.world.stream.length;
    const hasRoom = consumers.length < CONSUMERS;
    if (this.changesLeft > 0) actions.push('change');
    if (this.changesLeft > 0 && this.editsLeft > 0) actions.push('edit');
    if (this.toLoad.length > 0) actions.push('load', 'load');
    else if (!this.isCompared) actions.push('compare', 'compare');
    if (hasRoom && !(isDelivered && redelivered.length === 0)) actions.push('take', 'take');
    if (hasRoom && this.pending.size > 0) actions.push('pending');
    if (consumers.length > 0) actions.push('step', 'step', 'step', 'step');
    if (this.underway.length > 0) actions.push('land');
    return actions;
  }

  private async act(action: Action): Promise<void> {
    if (action === 'change') {
      this.changesLeft -= 1;
      this.shop.changeSource(Math.floor(this.steps / STEPS_A_SECOND) + 1);
    } else if (action === 'edit') {
      this.editsLeft -= 1;
      this.shop.editTarget();
    } else if (action === 'load') await this.stepLoader();
    else if (action === 'compare') await this.stepComparer();
    else if (action === 'take') await this.take();
    else if (action === 'step') await this.stepConsumer();
    else if (action === 'pending') await this.takePending();
    else this.underway.splice(this.below(this.underway.length), 1)[0]?.apply();
  }

  private comparesOnceMore(): boolean {
    if (this.isAtEnd || this.happenings.comparesAtTheEnd !== true) return false;
    this.isAtEnd = true;
    this.isCompared = false;
    return true;
  }

  /** Carries out the request that the worker waits for. @returns whether the worker lives */
  private async step(actor: Actor): Promise<boolean> {
    const { isCertain = false, isRepeatable = false, isWrite = false } = actor.traits;
    const mayDie = !isCertain && !this.isAtEnd;
    if (mayDie && this.random() < DEATHS) {
      if (isWrite && this.happenings.landsLate === true) this.underway.push(actor);
      else if (isRepeatable && this.random() < 0.5) actor.apply();
      return false;
    }
    // The answer is lost, and the worker will send the same again.
    if (isRepeatable && this.random() < ANSWER_LOST) actor.apply();
    else await actor.step();
    return true;
  }

  /** The run's load puts what is absent, item by item, and starts over where it dies. */
  private async stepLoader(): Promise<void> {
    const [source = {}] = this.toLoad;
    this.loader ??= await startActor(async (send) => {
      const requests = requestsOf(this.world, send);
      for (const item of itemsFrom(source)) await requests.putIf(TABLE, item);
    });
    const isAlive = await this.step(this.loader);
    if (this.loader.isDone) this.toLoad.shift();
    if (!isAlive || this.loader.isDone) this.loader = undefined;
  }

  private async stepComparer(): Promise<void> {
    this.comparer ??= await startActor((send) => this.compareAll(send));
    const isAlive = await this.step(this.comparer);
    if (this.comparer.isDone) {
      this.isCompared = true;
      this.nextRecord ??= this.world.stream.length;
    }
    if (!isAlive || this.comparer.isDone) this.comparer = undefined;
  }

  /** Looks at each key, and repairs what differs. */
  private async compareAll(send: Send): Promise<void> {
    for (const key of this.keys) {
      const request = { sourceKey: { id: { S: key } }, maxTries: 1 };
      const looked = await reconcile(this.requests(send, { key }), RULES, {
        ...request,
        repair: false,
      });
      if (looked.outcome !== 'equal') await this.reconcile(send, { key });
    }
  }

  private requests(send: Send, delivery: Delivery): ReconcileIo {
    const { distort, ignoresConditions = false } = this.method;
    const requests = requestsOf(this.world, send, !ignoresConditions);
    return distort === undefined ? requests : distort(requests, delivery);
  }

  private async reconcile(send: Send, delivery: Delivery): Promise<void> {
    const { maxTries = 3, forgetsPending = false } = this.method;
    const request = { sourceKey: { id: { S: delivery.key } }, repair: true, maxTries };
    const { outcome } = await reconcile(this.requests(send, delivery), RULES, request);
    if (outcome === 'pending' && !forgetsPending) this.pending.add(delivery.key);
  }

  private async take(): Promise<void> {
    const isNew = (this.nextRecord ?? Infinity) < this.world.stream.length;
    const again = !isNew || this.random() < 0.5 ? this.redelivered.shift() : undefined;
    const delivery = again ?? this.world.stream[this.nextRecord ?? 0];
    if (delivery === undefined) return;
    if (again === undefined) this.nextRecord = (this.nextRecord ?? 0) + 1;
    await this.consume(delivery);
    if (this.random() < REDELIVERED) this.redelivered.push(delivery);
  }

  private async takePending(): Promise<void> {
    const [key = ''] = this.pending;
    this.pending.delete(key);
    await this.consume({ key });
  }

  private async consume(delivery: Delivery): Promise<void> {
    const { apply } = this.method;
    const isRecord = delivery.second !== undefined;
    const work = (send: Send): Promise<void> =>
      apply === undefined || !isRecord ? this.reconcile(send, delivery) : apply(this.world, send, delivery);
    this.consumers.push({ actor: await startActor(work), delivery });
  }

  private async stepConsumer(): Promise<void> {
    const count = this.consumers.length;
    const index = this.random() < NEWEST_FIRST ? count - 1 : this.below(count);
    const consumer = this.consumers[index];
    if (consumer === undefined) return;
    const isAlive = await this.step(consumer.actor);
    if (isAlive && !consumer.actor.isDone) return;
    this.consumers.splice(index, 1);
    if (!isAlive) this.redelivered.push(consumer.delivery);
  }
}
