import { denser } from './draw.ts';
import type { Scheduler } from './scheduler.ts';

/** How often each kind of trouble happens, as a probability for each request or call. 0: never. */
export interface Trouble {
  /** Refused for being too fast. Nothing is applied. */
  readonly throttled: number;
  /** Answered with a 500. Nothing is applied. */
  readonly failed: number;
  /** Applied, and the connection breaks before the answer. */
  readonly answerLost: number;
  /** The connection breaks and nothing is ever applied. */
  readonly neverSent: number;
  /** The sender waits until its time-out. The request is applied before or after that. */
  readonly late: number;
  /** The same, of what changes tables, items and objects only. */
  readonly lateWrite: number;
  /** A function ends when it sends such a change, which is applied seconds later. */
  readonly killedWriting: number;
  /** Takes seconds. */
  readonly slow: number;
  /** AWS does not behave in its ordinary way: eventual consistency, unprocessed items, conflicts. */
  readonly odd: number;
  /** From this request on, its partition, its table or its whole service refuses everything, for up to two minutes. */
  readonly outage: number;
  /** An object arrives cut. */
  readonly cut: number;
  /** A function ends in the middle of its work. For each request that it sends. */
  readonly killed: number;
  /** A sandbox stands still for up to five seconds. For each request that it sends. */
  readonly frozen: number;
  /** A function is called a second time, with the same payload. */
  readonly twice: number;
  /** The Lambda service fails. The function may have run, or be running. */
  readonly serviceFailed: number;
  /** A call begins only after minutes. */
  readonly calledLate: number;
  /** The event of an execution's end is lost. */
  readonly eventLost: number;
  /** Kinds that strike only where this matches: the request, the function, or what AWS leaves open. Absent: anywhere. */
  readonly at?: Readonly<Partial<Record<TroubleKind, RegExp>>>;
}

export type TroubleKind = Exclude<keyof Trouble, 'at'>;

export const NO_TROUBLE: Trouble = {
  throttled: 0,
  failed: 0,
  answerLost: 0,
  neverSent: 0,
  late: 0,
  lateWrite: 0,
  killedWriting: 0,
  slow: 0,
  odd: 0,
  outage: 0,
  cut: 0,
  killed: 0,
  frozen: 0,
  twice: 0,
  serviceFailed: 0,
  calledLate: 0,
  eventLost: 0,
};

/** The probabilities that a kind may get. The most frequent ones make runs fail. */
const RATES: Readonly<Record<TroubleKind, readonly [number, ...number[]]>> = {
  throttled: [0.01, 0.1, 0.3],
  failed: [0.01, 0.05],
  answerLost: [0.01, 0.05],
  neverSent: [0.01, 0.05],
  late: [0.003, 0.01, 0.03],
  lateWrite: [0.03, 0.1, 0.3],
  killedWriting: [0.02, 0.1],
  slow: [0.05, 0.3],
  odd: [0.1, 0.5],
  outage: [0.002, 0.01],
  cut: [0.05, 0.2],
  killed: [0.003, 0.01, 0.03],
  frozen: [0.01, 0.05],
  twice: [0.05, 0.3],
  serviceFailed: [0.02, 0.1],
  calledLate: [0.02, 0.1],
  eventLost: [0.5, 1],
};

/** Each kind is on in some worlds and off in the others, so that there are worlds with one kind and with several. */
export function drawTrouble(scheduler: Scheduler, density: number): Trouble {
  const isQuiet = scheduler.chance(0.1);
  const share = scheduler.pick([0.1, 0.25, 0.5]);
  const kinds = Object.keys(RATES) as TroubleKind[];
  const drawn = kinds.map((kind) => {
    const isOn = !isQuiet && scheduler.chance(denser(share, density));
    return [kind, isOn ? scheduler.pick(RATES[kind]) : 0] as const;
  });
  return { ...NO_TROUBLE, ...Object.fromEntries(drawn) };
}
