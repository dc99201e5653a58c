import type { HistoryEvent } from '../states/history.ts';
import { stateOf } from './graph-section.ts';

/** The state that each event belongs to, by the event's id: its own, or that of the event before it in its line. */
export function stepOf(events: readonly HistoryEvent[]): ReadonlyMap<number, string> {
  const steps = new Map<number, string>();
  for (const { id, previousEventId, details } of events) {
    const step = stateOf(details) ?? steps.get(previousEventId);
    if (step !== undefined) steps.set(id, step);
  }
  return steps;
}
