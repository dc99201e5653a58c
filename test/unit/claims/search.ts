import { type Claims, claimed, quietFrom, released } from '../../../functions/shared/ledger/claims.ts';

/**
 * An exhaustive search of the claim protocol over the real decisions. One shard, two calls (the second is a retry or
 * Lambda calling twice; where the run is resumed, a call of the execution that resumes it), and somebody who commits,
 * resumes or rolls back. Any call may die, or get no answer, at any step; what it has sent may land all the
 * same. Time goes in ticks: a look is good for one, and a request lands within one of being sent. It may land within
 * {@link DOUBT} of the moment at which its sender gives up waiting for an answer, if that sender lives to note it.
 */

/** What the search changes, to show that each part of the protocol is needed. */
export interface Protocol {
  /** Writes the claim before it reads the run. */
  readonly claimsFirst: boolean;
  /** Remembers a claim that it takes over. */
  readonly remembersTakeover: boolean;
  /** Notes a request that got no answer. */
  readonly notesDoubt: boolean;
  /** Notes it in the run where another call has taken over. */
  readonly notesLate: boolean;
  /** Ticks. */
  readonly fence: number;
}

export type Scenario = 'commit' | 'resume' | 'roll back';

const LOOK = 1;
const REQUEST = 1;
/** A look that is as old as it may be, a request that takes as long as it may, and one tick that both only begin. */
export const FENCE = LOOK + REQUEST + 1;
/** How long a request may take after its sender has given up: longer than a fence covers. */
const DOUBT = FENCE;
const LAST_TICK = 4;

type Step = 'new' | 'claims' | 'reads the run' | 'works' | 'waits for an answer' | 'ended';

interface Call {
  readonly name: string;
  readonly execution: number;
  step: Step;
  version: number;
  lookedAt: number;
  hasSent: boolean;
  inDoubtUntil: number | undefined;
}

interface State {
  now: number;
  run: {
    status: 'RUNNING' | 'HELD' | 'ROLLING_BACK' | 'SUCCEEDED';
    execution: number;
    stoppedAt: number;
    /** What calls have noted that were taken over. */
    lateUntil: number;
  };
  record: Claims & { version: number; isDone: boolean };
  calls: Call[];
  /** Requests on their way, and until when they land at the latest, if their sender lives, or has died. */
  underway: { from: string; until: number; untilIfDead: number }[];
  closer: { step: number; quietAt: number };
  /** Whether something was decided that a late request breaks: the commit, or the look of a roll back. */
  isDecided: boolean;
}

const callOf = (name: string, execution: number): Call => ({
  name,
  execution,
  step: 'new',
  version: 0,
  lookedAt: -9,
  hasSent: false,
  inDoubtUntil: undefined,
});

const first = (scenario: Scenario): State => ({
  now: 0,
  run: { status: 'RUNNING', execution: 1, stoppedAt: -9, lateUntil: 0 },
  record: { version: 0, isDone: false },
  calls: [callOf('A', 1), scenario === 'resume' ? callOf('C', 2) : callOf('B', 1)],
  underway: [],
  closer: { step: 0, quietAt: 0 },
  isDecided: false,
});

function die(state: State, call: Call): void {
  end(call);
  state.underway = state.underway
    .map((sent) => (sent.from === call.name ? { ...sent, until: sent.untilIfDead } : sent))
    .filter(({ until }) => until >= state.now);
}

const isOpenTo = ({ run }: State, { execution }: Call): boolean =>
  run.status === 'RUNNING' && run.execution === execution;

function setClaims(state: State, claims: Claims): void {
  state.record = { ...state.record, ...claims };
}

function letGo(state: State, call: Call, { notesLate }: Protocol): void {
  const { record, run } = state;
  if (record.claim === call.name) setClaims(state, released(record, call.inDoubtUntil));
  else if (notesLate) run.lateUntil = Math.max(run.lateUntil, call.inDoubtUntil ?? 0);
  end(call);
}

/** What it knew matters to nobody any more, and makes no other states. */
function end(call: Call): void {
  Object.assign(call, { step: 'ended', version: 0, lookedAt: 0, inDoubtUntil: undefined });
}

function look(state: State, call: Call, protocol: Protocol): void {
  if (!isOpenTo(state, call) || state.record.claim !== call.name) return letGo(state, call, protocol);
  call.lookedAt = state.now;
  call.step = 'works';
}

function claim(state: State, call: Call, { remembersTakeover, fence }: Protocol): void {
  const { record } = state;
  if (record.version !== call.version) return end(call);
  const before = remembersTakeover ? record : { quietAt: record.quietAt };
  setClaims(state, claimed(before, { call: call.name, now: state.now, fenceMillis: fence }));
  record.version += 1;
  state.record = { ...state.record, version: record.version };
}

type Act = (state: State, call: Call) => void;

/** What a call may do next, each on a state of its own. */
function actsOf(state: State, call: Call, protocol: Protocol): readonly Act[] {
  const lookNow: Act = (next, looking) => look(next, looking, protocol);
  const { claimsFirst } = protocol;
  switch (call.step) {
    case 'new':
      return [
        (next, starting) => {
          if (next.record.isDone || (!claimsFirst && !isOpenTo(next, starting))) return end(starting);
          starting.version = next.record.version;
          if (!claimsFirst) starting.lookedAt = next.now;
          starting.step = 'claims';
        },
      ];
    case 'claims':
      return [
        die,
        (next, claiming) => {
          claim(next, claiming, protocol);
          if (claiming.step === 'claims') claiming.step = claimsFirst ? 'reads the run' : 'works';
        },
      ];
    case 'reads the run':
      return [die, lookNow];
    case 'works':
      return [
        die,
        ...(state.now > call.lookedAt ? [lookNow] : []),
        ...(!call.hasSent && state.now - call.lookedAt <= LOOK
          ? [
              (next: State, sender: Call) => {
                sender.hasSent = true;
                sender.step = 'waits for an answer';
                const until = next.now + REQUEST;
                next.underway.push({ from: sender.name, until, untilIfDead: until });
              },
            ]
          : []),
        ...(call.hasSent
          ? [
              (next: State, done: Call) => {
                const { record } = next;
                // A checkpoint moves the version on: a call that read the shard before cannot claim it any more.
                if (record.claim === done.name)
                  next.record = { ...record, isDone: true, version: record.version + 1 };
                letGo(next, done, protocol);
              },
            ]
          : []),
      ];
    case 'waits for an answer':
      return [
        die,
        // No answer: the request may land all the same.
        (next, late) => {
          const until = next.now + DOUBT;
          if (protocol.notesDoubt) late.inDoubtUntil = until + 1;
          next.underway = next.underway.map((sent) => (sent.from === late.name ? { ...sent, until } : sent));
          late.step = 'works';
        },
      ];
    case 'ended':
      return [];
  }
}

type CloserAct = (state: State) => void;

/** Whoever has waited looks again, because a call may have noted something meanwhile, and goes on if all is quiet. */
function lookAgainActs(state: State, stoppedAt: number, { fence }: Protocol): readonly CloserAct[] {
  const { now, record, run, closer } = state;
  const quietAt = Math.max(closer.quietAt, run.lateUntil, quietFrom([record], stoppedAt, fence));
  return now < quietAt ? [] : [(next) => void (next.closer.step += 1)];
}

/** Waits for what is still to come of a run that goes on, and commits. */
function commitActs(state: State, from: number, protocol: Protocol): readonly CloserAct[] {
  const { closer, record, now } = state;
  const { fence } = protocol;
  if (closer.step === from && record.isDone)
    return [
      (next) => {
        next.closer = { step: from + 1, quietAt: quietFrom([next.record], now, fence) };
        if (next.record.claim !== undefined) setClaims(next, released(next.record, now + fence));
      },
    ];
  if (closer.step === from + 1) return lookAgainActs(state, now, protocol);
  if (closer.step !== from + 2) return [];
  return [
    (next) => {
      next.run.status = 'SUCCEEDED';
      next.closer.step = from + 3;
      next.isDecided = true;
    },
  ];
}

function stop(status: 'HELD' | 'ROLLING_BACK'): CloserAct {
  return (next) => {
    next.run = { ...next.run, status, stoppedAt: next.now };
    next.closer.step = 1;
  };
}

function closerActs(state: State, scenario: Scenario, protocol: Protocol): readonly CloserAct[] {
  if (scenario === 'commit') return commitActs(state, 0, protocol);
  const { closer, run } = state;
  if (closer.step === 0 && run.status === 'RUNNING')
    return [stop(scenario === 'resume' ? 'HELD' : 'ROLLING_BACK')];
  if (closer.step === 1)
    return [
      (next) => {
        next.closer = { step: 2, quietAt: quietFrom([next.record], run.stoppedAt, protocol.fence) };
      },
    ];
  if (closer.step === 2) return lookAgainActs(state, run.stoppedAt, protocol);
  if (scenario === 'roll back')
    return closer.step === 3 ? [(next) => void (next.isDecided = (next.closer.step = 4) === 4)] : [];
  if (closer.step > 3) return commitActs(state, 4, protocol);
  return [
    (next) => {
      if (next.record.claim !== undefined) setClaims(next, released(next.record, undefined));
      next.run = { ...next.run, status: 'RUNNING', execution: 2 };
      next.closer.step = 4;
    },
  ];
}

/** A call that has something to note looks at its record as often as it must, or dies. */
const mustLook = ({ now }: State, { step, inDoubtUntil, lookedAt }: Call): boolean =>
  step !== 'ended' && inDoubtUntil !== undefined && now - lookedAt > LOOK;

const maySend = ({ step, hasSent }: Call): boolean => step !== 'ended' && !hasSent;

/** As `structuredClone` does it, in a fraction of the time: a search makes hundreds of thousands. Claims are never changed. */
function copyOf(state: State): State {
  return {
    ...state,
    run: { ...state.run },
    record: { ...state.record },
    calls: state.calls.map((call) => ({ ...call })),
    underway: state.underway.map((request) => ({ ...request })),
    closer: { ...state.closer },
  };
}

/** Every state that may follow, and whether a request lands after the decision on the way there. */
function* following(state: State, scenario: Scenario, protocol: Protocol): Generator<State | 'broken'> {
  const copy = (): State => copyOf(state);
  for (const index of state.underway.keys()) {
    if (state.isDecided) return yield 'broken';
    const next = copy();
    const [landed] = next.underway.splice(index, 1);
    const sender = next.calls.find(({ name }) => name === landed?.from);
    if (sender?.step === 'waits for an answer') sender.step = 'works';
    yield next;
  }
  for (const [index, call] of state.calls.entries()) {
    if (call.execution !== state.run.execution && call.step === 'new') continue;
    for (const act of actsOf(state, call, protocol)) {
      const next = copy();
      const own = next.calls[index];
      if (own !== undefined) act(next, own);
      yield next;
    }
  }
  for (const act of closerActs(state, scenario, protocol)) {
    const next = copy();
    act(next);
    yield next;
  }
  const { now, underway, calls } = state;
  const mayTick = underway.every(({ until }) => now < until) && !calls.some((call) => mustLook(state, call));
  if (now < LAST_TICK && mayTick) yield { ...copy(), now: state.now + 1 };
}

/** What the search has found. */
export interface Found {
  /** Whether a request can land after the commit, or after the look of the roll back. */
  readonly isBroken: boolean;
  /** Different states that were reached. */
  readonly states: number;
  /** Whether the commit, or the look, was reached at all. */
  readonly decisions: number;
}

/** Goes through every order of events. */
export function search(scenario: Scenario, protocol: Protocol): Found {
  const seen = new Set<string>();
  const open: State[] = [first(scenario)];
  let decisions = 0;
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    // Behind the decision only requests matter, and those that can still be sent.
    if (state.isDecided && state.underway.length === 0 && !state.calls.some(maySend)) continue;
    for (const next of following(state, scenario, protocol)) {
      if (next === 'broken') return { isBroken: true, states: seen.size, decisions };
      const key = JSON.stringify(next);
      if (seen.has(key)) continue;
      seen.add(key);
      if (next.isDecided && !state.isDecided) decisions += 1;
      open.push(next);
    }
  }
  return { isBroken: false, states: seen.size, decisions };
}
