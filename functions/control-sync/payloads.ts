import * as z from 'zod';
import { beginningSchema, failureSchema, runStepSchema } from '../shared/state.ts';
import type { SyncAction } from './sync-input.ts';

/** Everything that the function is called with, by `action`. */
export const controlSyncSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('begin'), input: z.unknown(), execution: beginningSchema }),
  z.object({ action: z.literal('startMapping'), run: runStepSchema }),
  z.object({ action: z.literal('drain'), run: runStepSchema, since: z.iso.datetime({ offset: true }) }),
  z.object({ action: z.literal('switching'), run: runStepSchema }),
  z.object({ action: z.literal('switch'), run: runStepSchema }),
  z.object({ action: z.literal('deleteMapping'), run: runStepSchema }),
  z.object({ action: z.literal('cancel'), run: runStepSchema }),
  z.object({ action: z.literal('check'), run: runStepSchema, maxQuarantined: z.number().int().min(0) }),
  z.object({ action: z.literal('finish'), run: runStepSchema }),
  z.object({
    action: z.literal('fail'),
    execution: z.object({ id: z.string(), name: z.string(), startTime: z.string() }),
    failure: failureSchema,
  }),
]);
export type ControlSyncPayload = z.infer<typeof controlSyncSchema>;

/** BeginSync -> Choice, every Map and every later state. */
export interface BegunSync {
  /**
   * Where the execution goes on. `START`: the mapping is to be made. `RECOVER`: a dead run has the lock and must be
   * recovered first, then BeginSync is called again. `CHECKED`: nothing more is done. `SWITCHED`: a cut over that was
   * interrupted after the switch.
   */
  readonly outcome:
    | 'START'
    | 'COMPARE'
    | 'DRAIN'
    | 'SWITCHING'
    | 'SWITCHED'
    | 'CANCEL'
    | 'CHECKED'
    | 'RECOVER';
  /** The sync, or the compare, to work on. For `RECOVER`: the dead run. */
  readonly runId: string;
  /** `[0..n-1]`: Scan segments of the source and of each target table. */
  readonly segments: readonly number[];
  readonly workers: number;
  readonly action: SyncAction;
  /** Items that may stay behind when the shop switches, as this execution's input says. */
  readonly maxQuarantined: number;
}

/** A step that is called again until it is done. */
export interface SyncTurn {
  readonly done: boolean;
  readonly waitSeconds: number;
}

/** Switch -> Choice. Where it is not switched, `error` and `cause` say why: the end of the execution. */
export interface SwitchAnswer {
  readonly switched: boolean;
  readonly error: string;
  readonly cause: string;
}

/** FailSync -> Choice -> Wait | an end. */
export interface FailedSync extends SyncTurn {
  /** `REFUSED`: nothing was begun or changed. `SWITCHED`: the sync is past its switch, and nothing is taken back. */
  readonly end: 'REFUSED' | 'FAILED' | 'SWITCHED';
  readonly error: string;
  readonly cause: string;
}
