import type { Digest } from '../items/digest.ts';
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

export type CapName = keyof Caps;
export const CAP_NAMES = ['readUnitsPerSecond', 'writeUnitsPerSecond'] as const satisfies readonly CapName[];
/** Takes both caps out of an input. */
export const NO_CAPS = { readUnitsPerSecond: undefined, writeUnitsPerSecond: undefined };

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

/** Attempts that are not listed one by one. */
export interface LeftOutAttempts {
  readonly count: number;
  /** Seconds that they have worked on the run together. */
  readonly workedSeconds: number;
}

/** What a roll back should have removed and could not. */
export interface Remains {
  /** One sentence for each thing that should be gone and is still there. */
  readonly remaining: readonly string[];
  readonly remainingTables: readonly string[];
  /** What the errors in the way say to do, each once. */
  readonly steps: readonly string[];
}

/** A sealed backup, as the run remembers it. */
export interface BackupSummary {
  /** `<ms, 14 digits>-<8 hex>`. */
  readonly backupId: string;
  readonly uri: string;
  readonly files: number;
  readonly items: number;
  /** Uncompressed bytes of DynamoDB JSON. */
  readonly bytes: number;
  readonly digest: Digest;
}

/** What the target must become, as TransformProducts counted it. */
export interface Rehearsal {
  readonly products: number;
  readonly metadata: number;
  readonly variants: number;
  /** Products that cannot be transformed. */
  readonly quarantined: number;
  /** Bytes of the target items by DynamoDB's size rule. */
  readonly targetBytes: number;
  /**
   * What writing the target items costs in their tables and in the tables' indexes, and what the entries of those indexes
   * take. Absent in a run of an earlier version.
   */
  readonly writeUnits?: number;
  readonly indexWriteUnits?: number | undefined;
  readonly indexStorageBytes?: number | undefined;
  readonly expected: Digest;
}

/** What verification found; see the report. */
export interface Verification {
  readonly expected: number;
  readonly found: number;
  readonly missing: number;
  readonly different: number;
  readonly extra: number;
  readonly changedSince: number;
  /** Foreign items under expected keys that differ from the source. Only in an existing table. */
  readonly presentDifferent?: number;
  /** Items of earlier migrations that their source items no longer have. Only in an existing table. */
  readonly staleVariants?: number;
  readonly drift: { readonly added: number; readonly changed: number; readonly removed: number };
}
