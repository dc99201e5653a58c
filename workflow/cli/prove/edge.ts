import type { Json, StateDefinition } from '../../local/states/prepare-machine.ts';

/** What a Task, Map or Parallel is made to answer in place of its own work. */
export type Mock =
  | { readonly result: Json }
  /** `cause` absent: a failure that comes without one. */
  | { readonly error: string; readonly cause?: string };

/** One way out of a state, with what leads there. */
export interface Edge {
  /** `migrate`, or with the Map or branch that the state is in: `migrate/BackupProducts`. */
  readonly scope: string;
  readonly state: string;
  /** `Next`, `Retry 1, used up: Runtime.ExitError`, `Choice 2` ... */
  readonly name: string;
  readonly definition: StateDefinition;
  readonly input: Json;
  /** Absent for a Choice. */
  readonly mock?: Mock;
  /** Retries that there were before. */
  readonly retryCount?: number;
}

/** What an interpreter of the Amazon States Language does with an edge. */
export interface Outcome {
  readonly status: 'SUCCEEDED' | 'RETRIABLE' | 'CAUGHT_ERROR' | 'FAILED';
  /** The state that comes next. */
  readonly next?: string;
  /** Which Retry applies, from 0. */
  readonly retryIndex?: number;
  /** State data for the next state. */
  readonly output?: Json;
  /** Name of the error of a FAILED state. */
  readonly error?: string;
}

/** What `$$` shows of the execution that every edge is part of. */
export const provenExecution = {
  Id: 'arn:aws:states:ap-southeast-2:123456789012:execution:prove:run-1',
  Name: 'run-1',
  StartTime: '2026-01-01T00:00:00.000Z',
  Input: { note: 'what was typed' },
  RoleArn: 'arn:aws:iam::123456789012:role/prove',
} as const;

export const provenMachine = {
  Id: 'arn:aws:states:ap-southeast-2:123456789012:stateMachine:prove',
  Name: 'prove',
} as const;

/** The states of a machine, of a Map's iteration or of a branch. */
export interface ProvenScope {
  readonly name: string;
  readonly states: readonly (readonly [name: string, StateDefinition])[];
}
