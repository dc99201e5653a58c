import type { Nouns } from '../counted.ts';
import type { Cost, Estimate, UnknownCost } from '../cost/cost.ts';
import type { ExpiringItems } from '../aws/time-to-live.ts';
import type { BackupSummary, Rehearsal, RunKind, RunParameters, Verification } from '../ledger/run.ts';
import type { ReportedEngine } from './report-bulk.ts';
import type { MigratedCounts, RestoredCounts, RolledBack } from './reported-counts.ts';
import type { Attempt, ControlEvent } from '../ledger/run-facts.ts';
import type { QuarantinedProduct } from '../ledger/shard.ts';
import type { TableAccess } from '../ledger/table-record.ts';

/** How a run ended. `REFUSED`: it never began, and nothing was changed. */
export type ReportStatus = 'SUCCEEDED' | 'PLANNED' | 'ROLLED_BACK' | 'HELD' | 'ROLLBACK_FAILED' | 'REFUSED';

/**
 * What became of one table, by what exists when the report is written. `KEPT`: the run announced or created it, and it
 * was not (or must not be) deleted. `DELETED`: the table that the run has worked with no longer exists.
 */
export interface ReportedTable {
  readonly name: string;
  readonly outcome: 'CREATED' | 'EXISTED' | 'DELETED' | 'KEPT';
  /** Why it was kept, or another remark. */
  readonly remark?: string;
  /** Of a table that is DELETED: somebody has put another one in its place, which may hold items of the run. */
  readonly isReplaced?: boolean;
  /** Of a table that is DELETED: it was there before the run, which has not deleted it. */
  readonly existedBefore?: boolean;
  /**
   * Of a table that exists: `OPEN` if GetResourcePolicy says so, `CLOSED` if only the migration can write there,
   * `NEVER_CLOSED` if the endpoint has no resource policies. Absent: it was never to be closed.
   */
  readonly access?: TableAccess;
  /**
   * Of a run that was rolled back: items of the run may be in this table, and nobody has counted them. `migrated` counts
   * those that its workers have recorded.
   */
  readonly uncounted?: true;
}

/** Up to 10 keys of each kind, so that a reader can go and look. */
export interface KeySamples {
  readonly missing?: readonly string[];
  readonly different?: readonly string[];
  readonly extra?: readonly string[];
  readonly changedSince?: readonly string[];
  /** Items that `onExisting: replace` left alone, because they are not as a migration wrote them. */
  readonly keptChanged?: readonly string[];
  /** Items that `onExisting: replace` left alone, because they have more attributes than a condition can name. */
  readonly keptTooLarge?: readonly string[];
  /** Items of earlier runs or of others under expected keys that are not what the source says. */
  readonly presentDifferent?: readonly string[];
  /** Items of earlier migrations that their product no longer has. */
  readonly staleVariants?: readonly string[];
  /** Items of an earlier run that `onExisting: keep` left alone, though the source has changed since. */
  readonly outdated?: readonly string[];
  /** Ids of products of earlier runs that the source no longer has; nothing was deleted. */
  readonly removedAtSource?: readonly string[];
}

/** Up to 10 product ids of each kind of change at the source while the run went on. */
export interface DriftKeys {
  readonly added?: readonly string[];
  readonly changed?: readonly string[];
  readonly removed?: readonly string[];
}

/** When one state's workers were busy. */
export interface StateTiming {
  /** Name of the state. */
  readonly state: string;
  /** ISO 8601: the first worker's start and the last one's end. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly seconds: number;
  /** Items that the state's workers handled; absent for a state that handles none. */
  readonly items?: number;
}

/** Why the run did not succeed. */
export interface ReportedFailure {
  /** The original error's name. */
  readonly error: string;
  /** What failed, on what, and why. */
  readonly cause: string;
  /** State it failed in. */
  readonly state?: string;
  /** What to do now, with the commands to paste. */
  readonly nextStep?: string;
}

/** DynamoDB units the run was charged in the source and its tables, over all its workers and roll backs. */
export interface ConsumedUnits {
  readonly readUnits: number;
  readonly writeUnits: number;
}

/**
 * What a run did: the output of a finished execution, `runs/<runId>/report.json` in the bucket, and what
 * `--json` prints. The fields down to `reportUri` are the contract with other people's scripts. Those after it are for
 * readers and may be absent.
 */
export interface Report extends ReportedEngine {
  readonly runId: string;
  readonly kind: RunKind;
  /** What the migration calls an item of its source. */
  readonly nouns: Nouns;
  /** The whole report in one sentence. */
  readonly summary: string;
  /** What to do now, with the commands to paste; `null` when there is nothing to do. */
  readonly nextStep: string | null;
  /** Of a run of kind `manual`: the `functions:` key of the step that was called alone. */
  readonly step?: string;
  readonly status: ReportStatus;
  readonly source: {
    readonly table: string;
    /** Counted by the backup, not DescribeTable's estimate. */
    readonly products: number;
    /** Uncompressed bytes of DynamoDB JSON. */
    readonly bytes: number;
    /** If the source has time to live: items that stay in the target for ever. */
    readonly timeToLive?: ExpiringItems;
  };
  /** `null` when the run ended before its backup was sealed. */
  readonly backup: Pick<BackupSummary, 'backupId' | 'uri' | 'files' | 'items'> | null;
  readonly tables: readonly ReportedTable[];
  readonly migrated: MigratedCounts;
  /** `null` when the run ended before it was verified. */
  readonly verification: (Omit<Verification, 'changedSince'> & { readonly changedSince?: number }) | null;
  readonly consumed: ConsumedUnits;
  /** Without any figure of money in a region without prices; `warnings` says so. */
  readonly cost: {
    readonly estimated: Estimate | UnknownCost | EmptyCost;
    readonly actual: Cost | UnknownCost | EmptyCost;
  };
  /** ISO 8601. */
  readonly startedAt: string;
  /** ISO 8601. */
  readonly finishedAt: string;
  /** Time of work: without the time between two attempts. */
  readonly durationSeconds: number;
  /** `null` for a run that did what was asked. */
  readonly failure: ReportedFailure | null;
  /** Where this report is. `null` if it could not be written. */
  readonly reportUri: string | null;

  /** Of a run that several executions have worked on: the newest of them, in their order. */
  readonly attempts?: readonly Attempt[];
  /** Executions before these. Absent: none. */
  readonly attemptsLeftOut?: number;
  /** What operators have asked of the run while it was running: the newest pauses and caps, in their order. */
  readonly controls?: readonly ControlEvent[];
  /** Pauses and caps before these. Absent: none. */
  readonly controlsLeftOut?: number;
  readonly executionArn?: string;
  readonly parameters?: RunParameters;
  /** Sentences. */
  readonly warnings?: readonly string[];
  /** What the target must become, as TransformProducts counted it. The main result of a dry run. */
  readonly rehearsal?: Omit<Rehearsal, 'expected'>;
  /** Up to 10 of the quarantined products. */
  readonly quarantine?: readonly QuarantinedProduct[];
  /** Where every quarantined product is, item included. */
  readonly quarantineUri?: string;
  readonly mismatches?: KeySamples;
  readonly driftKeys?: DriftKeys;
  /** Requests that DynamoDB throttled. */
  readonly throttles?: number;
  readonly timings?: readonly StateTiming[];
  /** Whether every table of the run is open to the shop. `PENDING` is tried again after the run's end. */
  readonly opening?: 'PENDING' | 'DONE';
  /** Whether deletion protection and point-in-time recovery are on. They may be switched on after the run's end. */
  readonly protection?: 'PENDING' | 'DONE';
  /**
   * Ids of earlier runs whose tables or items this run found and relies on, 10 at most. Rolling one of them back needs a
   * confirmation until this run is rolled back.
   */
  readonly reliesOn?: readonly string[];
  /** Of a run that was rolled back, or should have been. */
  readonly rolledBack?: RolledBack;
  /** Of a restore only. */
  readonly restored?: RestoredCounts;
  /** Facts of one kind of run, such as a restore's target. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A report before it is told. */
export type UntoldReport = Omit<Report, 'summary' | 'nextStep'>;

/** For a run that estimated or used nothing. */
export type EmptyCost = { readonly [key in never]: never };
