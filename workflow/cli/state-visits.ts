import type { HistoryEvent } from '@aws-sdk/client-sfn';

/** One stay of an execution in a state on its top level. */
export interface StateVisit {
  readonly state: string;
  /** Task, Map, Parallel, Choice, Pass, Wait, Succeed or Fail. */
  readonly type: string;
  /** Epoch milliseconds. */
  readonly enteredAt: number;
  /** Of a state that is still worked on: now, or the execution's end. */
  readonly leftAt: number;
  /** Seconds in which no execution worked on the run; absent: a stay in a state. */
  readonly awaySeconds?: number;
  /** `failed`: the state's failure was caught, or it is a Fail. */
  readonly outcome: 'done' | 'failed' | 'open';
}

interface OpenVisit {
  readonly state: string;
  readonly type: string;
  readonly enteredAt: number;
  leftAt?: number;
}

/** States that lead to RollBack in the ordinary course of a roll back. */
const rollBackLoop = new Set(['RolledBackYet', 'WaitForWorkers', 'RollBack']);

/**
 * The way of an execution through its top-level states, in order. States inside a Map or a branch, of which
 * `topLevel` knows nothing, are left out.
 */
export function stateVisits(
  events: readonly HistoryEvent[],
  topLevel: ReadonlySet<string>,
  now: number,
): readonly StateVisit[] {
  const visits: OpenVisit[] = [];
  for (const event of events) noteEvent(visits, event, topLevel);
  const last = events.at(-1);
  const ended = last?.type?.startsWith('Execution') === true && last.type !== 'ExecutionStarted';
  const end = ended && last !== undefined ? millis(last) : now;
  return visits.map((visit, index) => closed(visit, visits[index + 1], { ended, end }));
}

function noteEvent(visits: OpenVisit[], event: HistoryEvent, topLevel: ReadonlySet<string>): void {
  const entered = event.stateEnteredEventDetails?.name ?? '';
  if (topLevel.has(entered)) {
    const type = (event.type ?? '').replace('StateEntered', '');
    visits.push({ state: entered, type, enteredAt: millis(event) });
  }
  const exited = event.stateExitedEventDetails?.name ?? '';
  const open = visits.findLast(({ state, leftAt }) => state === exited && leftAt === undefined);
  if (open !== undefined) open.leftAt = millis(event);
}

const millis = (event: HistoryEvent): number => event.timestamp?.getTime() ?? 0;

function closed(
  visit: OpenVisit,
  next: OpenVisit | undefined,
  execution: { readonly ended: boolean; readonly end: number },
): StateVisit {
  const { state, type, enteredAt } = visit;
  const leftAt = visit.leftAt ?? next?.enteredAt ?? execution.end;
  // Prepare leads to RollBack in the machine `rollback`.
  const caught = next?.state === 'RollBack' && type !== 'Pass' && !rollBackLoop.has(state);
  const isOpen = visit.leftAt === undefined && next === undefined && !execution.ended;
  const failed = caught || type === 'Fail';
  return { state, type, enteredAt, leftAt, outcome: failed ? 'failed' : isOpen ? 'open' : 'done' };
}
