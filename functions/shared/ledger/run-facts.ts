import type { SyncStatus } from './sync-facts.ts';

export type RunStatus =
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'PLANNED'
  | 'HELD'
  | 'ROLLING_BACK'
  | 'ROLLED_BACK'
  | 'ROLLBACK_FAILED'
  | SyncStatus;

/** Caps over all workers, in capacity units a second; 0: no cap. */
export interface Caps {
  readonly readUnitsPerSecond?: number | undefined;
  readonly writeUnitsPerSecond?: number | undefined;
}

/** Who asked for something, and when. */
export interface Asked {
  /** ISO 8601. */
  readonly at: string;
  /** ARN of the caller. */
  readonly by: string;
}

/** What an operator has asked of a run while it was running. */
export interface ControlEvent extends Asked, Caps {
  readonly action: 'pause' | 'unpause' | 'throttle';
}

/** One execution's part of a run that several executions have worked on. */
export interface Attempt {
  readonly executionArn: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** How the run was afterwards. `RUNNING`: the execution was stopped or died. */
  readonly status: RunStatus;
}
