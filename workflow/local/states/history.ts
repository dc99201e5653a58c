import type { Json } from './prepare-machine.ts';

/** Step Functions ends an execution that has this many events, and redrives none whose history is full. */
export const MAX_EVENTS = 25_000;

/** One event, as GetExecutionHistory gives it; details are under the name that AWS has for them. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly type: string;
  readonly details: EventDetails | undefined;
}

/** The details of one event; `input`, `output` and `parameters` are JSON strings. */
export interface EventDetails {
  /** Name of the member that holds them, `stateEnteredEventDetails`. */
  readonly member: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The end of one line of events: of an execution, an iteration or a branch. */
export interface EventLine {
  /** Adds the next event of this line. */
  add(type: string, details?: EventDetails): void;
  /** Begins a line that branches off here. */
  branch(): EventLine;
  /** Goes on behind the last event of another line. */
  continueAfter(line: EventLine): void;
  readonly lastId: number;
  /** Type of the last event that this line added itself. */
  readonly lastType: string | undefined;
}

/** The events of one execution, in order. */
export interface History {
  readonly events: readonly HistoryEvent[];
  readonly root: EventLine;
  /** Takes no more events: what still runs belongs to an execution that has ended. */
  close(): void;
  /** Takes events again, for a redrive. */
  reopen(): void;
}

/** An empty history. `onEvent` is called for each event with the count so far. */
export function createHistory(onEvent: (count: number) => void): History {
  const events: HistoryEvent[] = [];
  let closed = false;
  function lineFrom(start: number): EventLine {
    let lastId = start;
    let lastType: string | undefined;
    return {
      get lastId() {
        return lastId;
      },
      get lastType() {
        return lastType;
      },
      add(type, details) {
        if (closed) return;
        lastType = type;
        const id = events.length + 1;
        events.push({ id, previousEventId: lastId, timestamp: Date.now(), type, details });
        lastId = id;
        onEvent(id);
      },
      branch: () => lineFrom(lastId),
      continueAfter: (line) => void (lastId = line.lastId),
    };
  }
  return {
    events,
    root: lineFrom(0),
    close: () => void (closed = true),
    reopen: () => void (closed = false),
  };
}

/** Details with an input, which AWS accompanies with whether it was cut. */
export function inputDetails(
  member: string,
  input: string,
  more: Readonly<Record<string, unknown>> = {},
): EventDetails {
  return { member, fields: { ...more, input, inputDetails: { truncated: false } } };
}

/** Details with an output. */
export function outputDetails(
  member: string,
  output: string,
  more: Readonly<Record<string, unknown>> = {},
): EventDetails {
  return { member, fields: { ...more, output, outputDetails: { truncated: false } } };
}

/** Details of a failure. */
export function errorDetails(
  member: string,
  failure: { readonly error?: string | undefined; readonly cause?: string | undefined },
  more: Readonly<Record<string, unknown>> = {},
): EventDetails {
  return { member, fields: { ...more, ...failure } };
}

/** JSON of a value that came out of the engine, where `undefined` stands for null. */
export function toJson(value: Json | undefined): string {
  return JSON.stringify(value ?? null);
}
