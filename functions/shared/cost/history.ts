/** How the Maps run: iterations inside the execution's own history, or as executions of their own. */
export type MapMode = 'INLINE' | 'DISTRIBUTED';

/** What a machine's Maps are called for. */
export interface MapWork {
  /** Over all Maps. */
  readonly iterations: number;
  /** Calls of a worker, over all Maps. */
  readonly turns: number;
}

/** Events that Step Functions keeps of one execution, at most. */
export const HISTORY_EVENTS = 25_000;

/** `TimeoutSeconds` of every machine: how long one execution lasts, pauses included. */
export const EXECUTION_SECONDS = 604_800;

/** What Maps may fill of it; the rest is for retries, for pauses (`ledger/control.ts`) and for the states around them. */
const MAX_MAP_EVENTS = 18_000;

/** TaskStateEntered, TaskScheduled, TaskStarted, TaskSucceeded, TaskStateExited; the Choice's Entered and Exited. */
const EVENTS_PER_TURN = 7;
/** MapIterationStarted and Succeeded (a child's ExecutionStarted and Succeeded); its last state's Entered and Exited. */
const EVENTS_PER_ITERATION = 4;

/** Events that the iterations and turns of INLINE Maps write into the execution's history. */
export function mapEvents({ iterations, turns }: MapWork): number {
  return iterations * EVENTS_PER_ITERATION + turns * EVENTS_PER_TURN;
}

/** Whether the history of an execution holds its INLINE Maps. */
export function fitsHistory(work: MapWork): boolean {
  return mapEvents(work) <= MAX_MAP_EVENTS;
}

/** For retries and for the states around the Maps. */
const KEPT_EVENTS = 800;

/** What Maps and repeated states of one execution may fill of its history together. */
export const FILLABLE_EVENTS = HISTORY_EVENTS - KEPT_EVENTS;

/** Who looks at a paused run, and what these looks may fill of one history. */
export interface PauseShare {
  readonly workers: number;
  readonly events: number;
}

/**
 * What is left of the history for pauses. An iteration of a DISTRIBUTED Map has a history of its own.
 *
 * @param plan without `mapEvents` where nobody has counted them: then as many as a run may plan
 */
export function pauseShareOf(
  { workers, mapEvents: planned = MAX_MAP_EVENTS }: PlannedMaps,
  mapMode: MapMode,
): PauseShare {
  const events = FILLABLE_EVENTS;
  return mapMode === 'DISTRIBUTED' ? { workers: 1, events } : { workers, events: events - planned };
}

/** What a plan says of its Maps. */
export interface PlannedMaps {
  readonly workers: number;
  readonly mapEvents?: number | undefined;
}

/** Events of one iteration of a DISTRIBUTED Map, which has a history of its own. */
export function childEvents(turns: number): number {
  return mapEvents({ iterations: 1, turns });
}

/** Maps of `migrate` that a run always goes through. */
const MAPS = 4;
/** Entered, Started, Succeeded, Exited; MapRunStarted and Succeeded, where it is DISTRIBUTED. */
const EVENTS_PER_MAP = { INLINE: 4, DISTRIBUTED: 6 } as const;
/** A branch that creates a table: a Task of five events and a Pass of two. */
const EVENTS_PER_TABLE = 7;
/** Start and end of the execution; outside the Maps five Tasks of five events, six small states of two, a Parallel of four. */
const LINE_EVENTS = 2 + 5 * 5 + 6 * 2 + 4;

/** Events in the history of an execution of `migrate` that succeeds at the first try. */
export function migrateEvents(
  work: MapWork,
  { mapMode, tables }: { readonly mapMode: MapMode; readonly tables: number },
): number {
  const around = LINE_EVENTS + MAPS * EVENTS_PER_MAP[mapMode] + tables * EVENTS_PER_TABLE;
  return around + (mapMode === 'INLINE' ? mapEvents(work) : 0);
}
