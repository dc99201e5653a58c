import { seededRandom } from '../../workflow/local/gateway/seeded-random.ts';

/** Somebody who waits: a sandbox, an execution, a person. */
export interface Life {
  /** Ended or killed: nothing reaches it any more. What it has sent goes on without it. */
  isOver: boolean;
  /** Frozen until then (virtual milliseconds): what arrives waits. */
  frozenUntil: number;
}

export const newLife = (): Life => ({ isOver: false, frozenUntil: 0 });

/** Says what happens; a function where the words take time, which is asked only where somebody reads the trace. */
export type Words = string | (() => string);

interface Event {
  readonly at: number;
  readonly order: number;
  readonly what: Words;
  readonly act: () => void;
}

/** What a run of the scheduler ended with. */
export type Outcome = 'done' | 'nothing left' | 'out of time';

/**
 * Virtual time and the only source of chance. One event happens at a time. What it wakes runs until everybody waits again,
 * and only then comes the next event. So one seed gives one course of events.
 */
export interface Scheduler {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Whether something of this probability happens. Never asks for chance where there is none. */
  chance(probability: number): boolean;
  /** A whole number in [least, most]. */
  between(least: number, most: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
  newId(): string;
  /** Something that happens after these milliseconds. */
  after(millis: number, what: Words, act: () => void): void;
  /** Hands something to somebody who waits. `act` is not called where the life is over. */
  wake(life: Life, act: () => void): void;
  sleep(life: Life, millis: number): Promise<void>;
  /** Goes on until it is done, for this many virtual milliseconds at most. */
  run(isDone: () => boolean, millis: number): Promise<Outcome>;
  /** Says what happened, for the trace. */
  note(what: Words): void;
  /** Events so far. */
  count(): number;
}

export interface SchedulerOptions {
  readonly seed: number;
  /** Epoch milliseconds. */
  readonly start: number;
  /** Receives a line for each event. */
  readonly trace?: ((line: string) => void) | undefined;
}

export function createScheduler({ seed, start, trace }: SchedulerOptions): Scheduler {
  const random = seededRandom(seed);
  const queue = createQueue();
  let now = start;
  let order = 0;
  let ids = 0;
  let isAwake = false;

  const note = (what: Words): void => trace?.(`${now - start} ${typeof what === 'string' ? what : what()}`);
  const add = (at: number, what: Words, act: () => void): void => {
    order += 1;
    queue.add({ at, order, what, act });
  };
  const wake = (life: Life, act: () => void): void => {
    if (life.isOver) return;
    if (life.frozenUntil > now) {
      add(life.frozenUntil, 'thaws', () => wake(life, act));
      return;
    }
    isAwake = true;
    act();
  };
  const happen = (event: Event): void => {
    now = Math.max(now, event.at);
    if (event.what !== '') note(event.what);
    event.act();
  };

  return {
    now: () => now,
    random,
    note,
    wake,
    chance: (probability) => probability > 0 && random() < probability,
    between: (least, most) => least + Math.floor(random() * (most - least + 1)),
    pick: (choices) => choices[Math.floor(random() * choices.length)] ?? choices[0],
    newId: () => `id-${(ids += 1).toString(36)}-${Math.floor(random() * 0x7fffffff).toString(36)}`,
    after: (millis, what, act) => add(now + Math.max(0, millis), what, act),
    sleep: (life, millis) =>
      new Promise((resolve) => {
        add(now + Math.max(0, millis), '', () => wake(life, resolve));
      }),
    count: () => order,
    async run(isDone, millis) {
      const until = now + millis;
      // Whoever has just been set off runs first.
      await nextTurn();
      while (!isDone()) {
        const event = queue.next();
        if (event === undefined) return 'nothing left';
        if (event.at > until) {
          queue.add(event);
          now = until;
          return 'out of time';
        }
        isAwake = false;
        happen(event);
        if (isAwake) await nextTurn();
      }
      return 'done';
    },
  };
}

interface Queue {
  add(event: Event): void;
  next(): Event | undefined;
}

const isBefore = (one: Event, other: Event): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);

/** Returns when nobody has anything left to do but wait. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}

/** A binary heap. */
function createQueue(): Queue {
  const heap: Event[] = [];
  const sink = (last: Event): void => {
    let place = 0;
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      const isRight = right !== undefined && left !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || !isBefore(child, last)) break;
      heap[place] = child;
      place = 2 * place + (isRight ? 2 : 1);
    }
    heap[place] = last;
  };
  return {
    add(event) {
      let place = heap.length;
      for (; place > 0; place = (place - 1) >> 1) {
        const parent = heap[(place - 1) >> 1];
        if (parent === undefined || !isBefore(event, parent)) break;
        heap[place] = parent;
      }
      heap[place] = event;
    },
    next() {
      const [first] = heap;
      const last = heap.pop();
      if (last !== undefined && last !== first) sink(last);
      return first;
    },
  };
}
