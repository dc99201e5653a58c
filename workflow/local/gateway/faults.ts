import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsRequest, ServiceName } from './aws-request.ts';
import type { LoggedRequest } from './request-log.ts';
import { seededRandom } from './seeded-random.ts';

/** The parsed body of a DynamoDB, Step Functions or EventBridge request; `undefined` for the other services. */
export type RequestBody = AwsRequest['json'];

/** Which requests a fault or a kill is for; every given field must match. */
export interface RequestFilter {
  readonly service?: ServiceName;
  readonly operation?: string | readonly string[];
  readonly table?: string;
  /** S3 object key, or the name or ARN of a function, state machine, execution, topic or bulk operation: whole, or a pattern. */
  readonly key?: string | RegExp;
  /** The Lambda function that sends the request. */
  readonly functionName?: string;
  /** `body` is that of a JSON protocol, parsed. */
  readonly where?: (request: LoggedRequest, body: RequestBody) => boolean;
}

/** When a fault happens: at the `nth` matching request and those after it, at a seeded rate, or at every one. */
export interface FaultSchedule {
  /** Counts matching requests from 1. Alone it means that one request only. */
  readonly nth?: number;
  /** 0 to 1. */
  readonly rate?: number;
  /** Seed of `rate` and of `share`; the same requests in the same order then meet the same faults. */
  readonly seed?: number;
  /** Happens at most this often; 1 if `nth` is given, else without bound. */
  readonly times?: number;
}

/** What goes wrong. */
export type FaultEffect =
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly status?: number;
      readonly message?: string;
      /** Further fields besides the message, in a JSON protocol, such as the reasons of a cancelled transaction. */
      readonly details?: Readonly<Record<string, unknown>>;
    }
  /** The service's own word for "too fast". */
  | { readonly kind: 'throttle' }
  /** BatchWriteItem applies all but this share of its items, 0 to 1, and hands the share back. */
  | { readonly kind: 'unprocessed'; readonly share: number }
  /** No answer, the connection stays open; nothing is applied. */
  | { readonly kind: 'hang' }
  /** The connection is destroyed; nothing is applied. */
  | { readonly kind: 'reset' }
  /** Applied, then the connection is destroyed. */
  | { readonly kind: 'answerLost' }
  /** Applied; half the body arrives under the full content-length. */
  | { readonly kind: 'bodyCut' }
  /** One byte of the answer is another, or, with target `stored`, one byte of what S3 keeps. */
  | { readonly kind: 'bodyChanged'; readonly target?: 'answer' | 'stored' }
  /**
   * Kept back, and applied when it is released: after `millis`, when {@link FaultHandle.release} is called, or with
   * `clear`. Its sender waits for the answer, loses its connection at once, or is ended at once.
   */
  | { readonly kind: 'held'; readonly millis?: number; readonly sender?: 'waits' | 'reset' | 'killed' }
  /**
   * Carried out twice, as Lambda may call a function: side by side, or the second time once the first was answered and
   * the fault is released as `held` is. The sender gets the answer of the first.
   */
  | { readonly kind: 'twice'; readonly second: 'atOnce' | 'later'; readonly millis?: number };

/** One fault to inject. */
export type Fault = RequestFilter & FaultSchedule & FaultEffect;

/** Ends the Lambda worker that sends the `nth` matching request, before or after the request is applied. */
export interface Kill extends RequestFilter {
  readonly nth: number;
  readonly when?: 'before' | 'after';
}

/** An injected fault or kill. */
export interface FaultHandle {
  /** How many requests matched its filter. */
  readonly matched: number;
  /** How many requests it struck. */
  readonly struck: number;
  remove(): void;
  /** Lets every request go that it holds, and each one that it strikes from now on. */
  release(): void;
  /** Resolves when every request that it has kept back or repeated so far has been carried out. */
  settled(): Promise<void>;
}

/** Injects faults: for tests, and for `npm start -- --break`, which shows a roll back. */
export interface Faults {
  add(fault: Fault): FaultHandle;
  killAt(kill: Kill): FaultHandle;
  /** Takes everything away again, and releases every request that is held. */
  clear(): void;
}

/** A fault and what it keeps for the requests that it strikes. */
export type StruckFault = FaultEffect & {
  readonly random: () => number;
  /** Resolves when a request that is struck now may continue. */
  readonly released: () => Promise<unknown>;
  /** Remembers a request that continues without its sender. */
  readonly track: (carriedOut: Promise<unknown>) => void;
};

/** What strikes one request. */
export interface Strike {
  readonly fault: StruckFault | undefined;
  readonly kill: 'before' | 'after' | undefined;
}

/** The side of {@link Faults} that the dispatcher asks. */
export interface FaultInjector extends Faults {
  strike(request: LoggedRequest, body: RequestBody): Strike;
}

interface Armed<T> extends FaultHandle {
  readonly what: T;
  readonly random: () => number;
  matched: number;
  struck: number;
  readonly gate: PromiseWithResolvers<void>;
  readonly track: (carriedOut: Promise<unknown>) => void;
}

/** An injector without faults. */
export function createFaults(): FaultInjector {
  const faults = new Set<Armed<Fault>>();
  const kills = new Set<Armed<Kill>>();
  return {
    add: (fault) => arm(faults, fault, fault.seed),
    killAt: (kill) => arm(kills, kill, undefined),
    clear() {
      for (const fault of faults) fault.release();
      faults.clear();
      kills.clear();
    },
    strike(request, body) {
      const due = [...faults].filter((armed) => isDue(armed, armed.what, { request, body }));
      const kill = [...kills].find((armed) => isDue(armed, { ...armed.what, times: 1 }, { request, body }));
      const fault = due[0];
      if (fault !== undefined) fault.struck += 1;
      if (kill !== undefined) kill.struck += 1;
      return {
        fault: fault && struckBy(fault),
        kill: kill && (kill.what.when ?? 'before'),
      };
    },
  };
}

function struckBy({ what, random, gate, track }: Armed<Fault>): StruckFault {
  const millis = 'millis' in what ? what.millis : undefined;
  const released = (): Promise<unknown> =>
    millis === undefined ? gate.promise : Promise.race([gate.promise, sleep(millis)]);
  return { ...what, random, released, track };
}

function arm<T>(armed: Set<Armed<T>>, what: T, seed = 1): Armed<T> {
  const gate = Promise.withResolvers<void>();
  const underWay: Promise<unknown>[] = [];
  const handle: Armed<T> = {
    what,
    matched: 0,
    struck: 0,
    random: seededRandom(seed),
    gate,
    remove: () => armed.delete(handle),
    release: () => gate.resolve(),
    // Nobody waits for its answer, so nobody is told that it was refused.
    track: (carriedOut) => void underWay.push(carriedOut.catch(() => undefined)),
    settled: async () => void (await Promise.all(underWay)),
  };
  armed.add(handle);
  return handle;
}

/** What a filter looks at. */
interface Subject {
  readonly request: LoggedRequest;
  readonly body: RequestBody;
}

/** Counts the request where it matches, and tells whether it is struck. */
function isDue(armed: Armed<unknown>, fault: RequestFilter & FaultSchedule, subject: Subject): boolean {
  if (!matches(fault, subject)) return false;
  armed.matched += 1;
  const { nth, rate, times = nth === undefined ? Number.POSITIVE_INFINITY : 1 } = fault;
  // Drawn for every match, struck or not, so that one seed always means the same schedule.
  const drawn = rate === undefined || armed.random() < rate;
  return drawn && armed.matched >= (nth ?? 1) && armed.struck < times;
}

function matches(filter: RequestFilter, { request, body }: Subject): boolean {
  const { service, operation, table, key, functionName, where } = filter;
  if (service !== undefined && service !== request.service) return false;
  if (operation !== undefined && ![operation].flat().includes(request.operation)) return false;
  if (table !== undefined && !request.tables.includes(table)) return false;
  if (functionName !== undefined && functionName !== request.functionName) return false;
  if (typeof key === 'string' && key !== request.key) return false;
  if (key instanceof RegExp && !key.test(request.key ?? '')) return false;
  return where === undefined || where(request, body);
}
