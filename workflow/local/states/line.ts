import type { EventLine } from './history.ts';
import type { Json } from './prepare-machine.ts';

/** What `$$` shows of an execution. */
export interface ExecutionContext {
  readonly Id: string;
  readonly Name: string;
  readonly StartTime: string;
  readonly Input: Json;
  readonly RoleArn: string;
}

/** Everything that one line of states runs with: an execution's own, an iteration's or a branch's. */
export interface Line {
  readonly execution: ExecutionContext;
  readonly stateMachine: { readonly Id: string; readonly Name: string };
  /** `$$.Map`, inside an iteration. */
  readonly map: { readonly Item: { readonly Index: number; readonly Value: Json } } | undefined;
  readonly events: EventLine;
  /** Aborted when nobody waits for this line any more. */
  readonly signal: AbortSignal;
  /** Calls a function. @throws StateError */
  readonly invoke: (parameters: Json) => Promise<Json>;
  /** If given, every Wait and every pause before a retry takes this long. */
  readonly pauseMillis: number | undefined;
  readonly onEntered?: (stateName: string, input: Json) => void;
  /** Told of every retry, with the index of the Retry that applies. */
  readonly onRetried?: (stateName: string, retryIndex: number) => void;
}
