import { isChanging } from '../../functions/shared/aws/in-doubt.ts';
import type { Caller, WorldAws, WorldRequest, WorldService } from './aws/request.ts';
import type { Life, Scheduler } from './scheduler.ts';
import type { Misfortunes } from './misfortunes.ts';
import { createOutages, type Met, withUnprocessed } from './outages.ts';

/** Who sends requests. */
export interface Sender {
  readonly life: Life;
  readonly caller: Caller;
  /** What may happen to its requests. Requests of the test itself have no trouble. */
  readonly isTroubled: boolean;
  /** Requests under way, oldest first. */
  readonly underWay: Set<Flight>;
}

/** One request between its sender and AWS. */
export interface Flight {
  readonly sentAt: number;
  readonly landsAt: number;
  /** It has landed, or never will. */
  isOver: boolean;
}

/** One attempt at a request. */
export interface Attempt {
  readonly service: WorldService;
  readonly operation: string;
  readonly input: unknown;
  /** How long the sender waits. */
  readonly timeoutMillis: number;
  /** Whether the sender notes a change that got no answer as being in doubt. */
  readonly isWatched: boolean;
  /** Called when it has been carried out, and was not refused. */
  readonly whenApplied?: () => void;
}

/** An attempt, as those see it who look at requests. */
export interface NamedAttempt extends Attempt {
  /** Who asks for what, in words that take time. */
  readonly name: () => string;
}

/** The way between senders and AWS. */
export interface Network {
  /** @throws the AWS error, or an error without an answer: a broken connection, a time-out */
  send(sender: Sender, attempt: Attempt): Promise<unknown>;
}

export interface NetworkOptions {
  readonly scheduler: Scheduler;
  readonly aws: WorldAws;
  readonly misfortunes: Misfortunes;
  /** Whether what is out is so now. */
  readonly areOutagesOn: () => boolean;
  /** Ends a sandbox in the middle of its work. */
  readonly kill: (sender: Sender) => void;
  /** Told of each request that was carried out. */
  readonly afterApplying: (sender: Sender, operation: string) => void;
  /** Called before each attempt of a troubled sender: whoever wants to end it does so now. */
  readonly beforeSending: (sender: Sender, attempt: NamedAttempt) => void;
}

/**
 * A request of a dead sender lands within this: 20 s for the request and 3 s for its way. The fence leaves 2 s more for
 * clocks that are off.
 */
export const LONGEST_WAY_MILLIS = 23_000;
/** A request that its sender has noted as being in doubt may land this long after the sender has given up. */
const DOUBT_MILLIS = 53_000;
const SLOW_MILLIS = 4_000;

/** What becomes of an attempt. */
type Fate = 'ordinary' | 'throttled' | 'failed' | 'answerLost' | 'neverSent' | 'late' | 'orphaned';

const FATES = ['throttled', 'failed', 'answerLost', 'neverSent', 'late'] as const;

const NAMES_OF_THROTTLES: Readonly<Partial<Record<WorldService, string>>> = {
  dynamodb: 'ProvisionedThroughputExceededException',
  s3: 'SlowDown',
};

export function createNetwork(options: NetworkOptions): Network {
  const { scheduler } = options;
  const outages = createOutages(scheduler, options.misfortunes, options.areOutagesOn);
  return {
    send: (sender, attempt) =>
      new Promise((resolve, reject) => {
        const { service, operation } = attempt;
        const met: Met = sender.isTroubled ? outages.meet(attempt) : attempt;
        const begun = options.aws.begin(sender.caller, service, operation, met.input);
        const request = withUnprocessed(begun, met.unprocessed);
        const name = (): string => `${sender.caller.name}: ${operation} ${request.subject()}`;
        scheduler.note(name);
        if (sender.isTroubled) options.beforeSending(sender, { ...attempt, name });
        // Killed right before it was sent, or right afterwards.
        if (sender.life.isOver && scheduler.chance(0.5)) return;
        const fate = sender.isTroubled ? (met.refused ?? drawFate(options, attempt, name)) : 'ordinary';
        if (fate === 'orphaned') options.kill(sender);
        const { cancelled } = met;
        fly(options, { sender, attempt, request, fate, cancelled, name, resolve, reject });
      }),
  };
}

function drawFate(
  { misfortunes }: NetworkOptions,
  { isWatched, operation }: Attempt,
  name: () => string,
): Fate {
  if (isWatched && isChanging(operation)) {
    if (misfortunes.strikes('lateWrite', name)) return 'late';
    if (misfortunes.strikes('killedWriting', name)) return 'orphaned';
  }
  return FATES.find((fate) => misfortunes.strikes(fate, name)) ?? 'ordinary';
}

interface Sent {
  readonly sender: Sender;
  readonly attempt: Attempt;
  readonly request: WorldRequest;
  readonly fate: Fate;
  /** How an outage cancels a transaction. */
  readonly cancelled: Error | undefined;
  readonly name: () => string;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

function wayMillis({ scheduler, misfortunes }: NetworkOptions, { sender, name }: Sent): number {
  const isSlow = sender.isTroubled && misfortunes.strikes('slow', name);
  return 1 + Math.floor(scheduler.random() ** 3 * (isSlow ? SLOW_MILLIS : 20));
}

function fly(options: NetworkOptions, sent: Sent): void {
  const { scheduler } = options;
  const { sender, attempt, fate } = sent;
  const away = wayMillis(options, sent);
  const end = (act: () => void): void => scheduler.wake(sender.life, act);
  switch (fate) {
    case 'neverSent':
      return scheduler.after(away, '', () => end(() => sent.reject(connectionReset())));
    case 'throttled':
    case 'failed':
      return scheduler.after(away, '', () =>
        end(() => sent.reject(sent.cancelled ?? refusal(attempt, fate))),
      );
    case 'late':
      scheduler.after(attempt.timeoutMillis, '', () => end(() => sent.reject(timedOut())));
      return land(options, sent, lateMillis(options, sent));
    case 'orphaned':
      return land(options, sent, scheduler.between(1, LONGEST_WAY_MILLIS));
    case 'ordinary':
    case 'answerLost':
      return land(options, sent, away);
  }
}

/** Before or after the sender has given up. Not much later where nobody notes it: who is dead notes nothing. */
function lateMillis({ scheduler }: NetworkOptions, { sender, attempt }: Sent): number {
  const { operation, isWatched, timeoutMillis } = attempt;
  const isNoted = !sender.life.isOver && isWatched && isChanging(operation);
  const most = isNoted ? timeoutMillis + DOUBT_MILLIS : LONGEST_WAY_MILLIS;
  return scheduler.between(1, scheduler.chance(0.5) ? most : Math.min(most, LONGEST_WAY_MILLIS));
}

function land(options: NetworkOptions, sent: Sent, millis: number): void {
  const { scheduler } = options;
  const { sender, name } = sent;
  const flight: Flight = { sentAt: scheduler.now(), landsAt: scheduler.now() + millis, isOver: false };
  sender.underWay.add(flight);
  const arrive = (): void => {
    if (flight.isOver) return;
    flight.isOver = true;
    apply(options, sent, () => sender.underWay.delete(flight));
  };
  scheduler.after(millis, () => `${name()} lands`, arrive);
}

/** One step after the other, with other requests between them. */
function apply(options: NetworkOptions, sent: Sent, whenApplied: () => void): void {
  const { scheduler } = options;
  const { request, fate, sender } = sent;
  if (request.step()) {
    scheduler.after(scheduler.between(0, 2), '', () => apply(options, sent, whenApplied));
    return;
  }
  whenApplied();
  tellSender(sent);
  options.afterApplying(sender, request.operation);
  if (fate === 'late' || fate === 'orphaned') return;
  scheduler.after(wayMillis(options, sent), '', () => {
    scheduler.wake(sender.life, () =>
      fate === 'answerLost' ? sent.reject(connectionReset()) : deliver(options, sent),
    );
  });
}

function tellSender({ attempt, request }: Sent): void {
  if (attempt.whenApplied === undefined) return;
  try {
    request.answer();
  } catch {
    return;
  }
  attempt.whenApplied();
}

function deliver({ misfortunes }: NetworkOptions, { sender, name, request, resolve, reject }: Sent): void {
  try {
    const answer = request.answer();
    const isCut = sender.isTroubled && request.operation === 'GetObject' && misfortunes.strikes('cut', name);
    resolve(isCut ? { ...(answer as object), Body: NOTHING_MORE } : answer);
  } catch (error) {
    reject(error);
  }
}

/** The body of an answer whose connection breaks. */
const NOTHING_MORE = { transformToByteArray: () => Promise.resolve(new Uint8Array()) };

const connectionReset = (): Error =>
  Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', $metadata: { attempts: 1 } });

const timedOut = (): Error =>
  Object.assign(new Error('No answer in time.'), { name: 'TimeoutError', $metadata: { attempts: 1 } });

function refusal({ service }: Attempt, fate: 'throttled' | 'failed'): Error {
  const isThrottle = fate === 'throttled';
  const name = isThrottle ? (NAMES_OF_THROTTLES[service] ?? 'ThrottlingException') : 'InternalServerError';
  const httpStatusCode = isThrottle ? (service === 's3' ? 503 : 400) : 500;
  return Object.assign(new Error(`${name} of the world.`), {
    name,
    $fault: isThrottle ? 'client' : 'server',
    $metadata: { httpStatusCode, attempts: 1 },
    wireBody: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'of the world' }),
  });
}

/**
 * Ends a sender: nothing reaches it any more. What it has sent lands within the time that a fence covers. What would land
 * later is lost: nobody is left who could note it.
 */
export function endSender({ life, underWay }: Sender): void {
  life.isOver = true;
  for (const flight of underWay)
    if (flight.landsAt > flight.sentAt + LONGEST_WAY_MILLIS) flight.isOver = true;
}
