import type { MachineDefinition } from '../local/states/prepare-machine.ts';
import type { StateStatus } from './draw-graph.ts';
import { edgeKey, edgesOf, innerMachines } from './machine-graph.ts';

/** An event of an execution's history, as far as its graph is about it. */
export interface GraphEvent {
  readonly id: number;
  readonly previousEventId: number;
  /** `TaskStateEntered`, `MapStateFailed` ... */
  readonly type: string;
  /** Name of the state that was entered or exited. */
  readonly state: string | undefined;
}

/** What the history says of the states and the ways between them. */
export interface HistoryMarks {
  readonly statuses: ReadonlyMap<string, StateStatus>;
  readonly taken: ReadonlySet<string>;
}

/** How often a state was entered and left, over all iterations. */
interface Tally {
  entered: number;
  exited: number;
  end: Exclude<StateStatus, 'running'> | undefined;
}

/** Where one line of events stands: in which state, and whether that has been left. */
interface Place {
  readonly state: string;
  readonly isLeft: boolean;
}

/** Marks of an execution as far as it has come. */
export function historyMarks(machine: MachineDefinition, events: readonly GraphEvent[]): HistoryMarks {
  const ways = waysOf(machine);
  const inside = namesInside(machine);
  const tallies = new Map<string, Tally>();
  const taken = new Set<string>();
  const places = new Map<number, Place>();
  /** How often states were in progress when the execution had ended, since it was redriven. */
  let stale = new Map<string, number>();
  for (const event of events) {
    const before = places.get(event.previousEventId);
    const place = placeAfter(event, before);
    if (place !== undefined) places.set(event.id, place);
    if (/^(?:Map|Parallel)StateFailed$/.test(event.type)) breakOff(before?.state);
    if (event.type === 'ExecutionRedriven') stale = inProgress(tallies);
    if (event.state === undefined) continue;
    const tally = tallyOf(tallies, event.state);
    if (event.type.endsWith('StateExited')) tally.exited += 1;
    if (!event.type.endsWith('StateEntered')) continue;
    for (const name of [event.state, ...(inside.get(event.state) ?? [])]) forget(name);
    tally.entered += 1;
    if (event.type === 'FailStateEntered') tally.end = 'failed';
    noteWay(before, event.state);
  }
  return { statuses: statusesOf(tallies, endOf(events)), taken };

  function noteWay(from: Place | undefined, to: string): void {
    if (from === undefined) return;
    const way = ways.get(`${from.state}\n${to}`);
    if (way === undefined) return;
    taken.add(way.edge);
    if (way.isCatch) tallyOf(tallies, from.state).end = 'caught';
    // A state whose failure was caught may have no event of its own for being left.
    if (!from.isLeft) tallyOf(tallies, from.state).exited += 1;
  }

  /** What a redriven execution begins again does not go on from before. */
  function forget(state: string): void {
    const count = stale.get(state);
    if (count === undefined) return;
    stale.delete(state);
    tallyOf(tallies, state).entered -= count;
  }

  /** Iterations and branches end with the state that they are inside of. */
  function breakOff(state: string | undefined): void {
    for (const name of inside.get(state ?? '') ?? []) {
      const tally = tallies.get(name);
      if (tally === undefined || tally.entered <= tally.exited) continue;
      tally.exited = tally.entered;
      tally.end ??= 'aborted';
    }
  }
}

/** Every way of the machine and of those inside it, by the two states; the ordinary way counts where there are two. */
function waysOf(
  machine: MachineDefinition,
): ReadonlyMap<string, { readonly edge: string; readonly isCatch: boolean }> {
  const own = edgesOf(machine)
    .toSorted((one, other) => Number(other.isCatch) - Number(one.isCatch))
    .map((edge) => [`${edge.from}\n${edge.to}`, { edge: edgeKey(edge), isCatch: edge.isCatch }] as const);
  const inner = Object.values(machine.States)
    .flatMap(innerMachines)
    .flatMap((one) => [...waysOf(one)]);
  return new Map([...own, ...inner]);
}

/** Names of the states inside each Map and Parallel, at any depth. */
function namesInside(machine: MachineDefinition): ReadonlyMap<string, readonly string[]> {
  const all = (one: MachineDefinition): readonly string[] =>
    Object.entries(one.States).flatMap(([name, state]) => [name, ...innerMachines(state).flatMap(all)]);
  return new Map(
    Object.entries(machine.States).map(([name, state]) => [name, innerMachines(state).flatMap(all)]),
  );
}

function placeAfter({ type, state }: GraphEvent, before: Place | undefined): Place | undefined {
  if (state !== undefined) return { state, isLeft: type.endsWith('StateExited') };
  return before;
}

function inProgress(tallies: ReadonlyMap<string, Tally>): Map<string, number> {
  const counts = [...tallies].map(([state, { entered, exited }]) => [state, entered - exited] as const);
  return new Map(counts.filter(([, count]) => count > 0));
}

function tallyOf(tallies: Map<string, Tally>, state: string): Tally {
  const tally = tallies.get(state) ?? { entered: 0, exited: 0, end: undefined };
  tallies.set(state, tally);
  return tally;
}

const ENDS: Readonly<Record<string, Exclude<StateStatus, 'running'>>> = {
  ExecutionSucceeded: 'succeeded',
  ExecutionFailed: 'failed',
  ExecutionTimedOut: 'aborted',
  ExecutionAborted: 'aborted',
};

/** How the execution has ended; `undefined` while it runs. */
function endOf(events: readonly GraphEvent[]): Exclude<StateStatus, 'running'> | undefined {
  return ENDS[events.at(-1)?.type ?? ''];
}

function statusesOf(
  tallies: ReadonlyMap<string, Tally>,
  end: Exclude<StateStatus, 'running'> | undefined,
): ReadonlyMap<string, StateStatus> {
  return new Map([...tallies].map(([state, tally]) => [state, statusOf(tally, end)]));
}

function statusOf(
  { entered, exited, end }: Tally,
  executionEnd: Exclude<StateStatus, 'running'> | undefined,
): StateStatus {
  if (end === 'failed') return end;
  if (entered <= exited) return end ?? 'succeeded';
  if (end !== undefined) return executionEnd === undefined ? 'running' : end;
  return executionEnd ?? 'running';
}
