import type { TableDescription } from '../aws/table-description.ts';
import { LedgerVersionError, RunNotFoundError } from '../errors.ts';
import type { Claims } from './claims.ts';
import type {
  Asked,
  Attempt,
  BackupSummary,
  Caps,
  ControlEvent,
  LeftOutAttempts,
  Remains,
  Rehearsal,
  RunStatus,
  Verification,
} from './run-facts.ts';
import type { Plan } from '../state.ts';
import type { Arrived, Compared, Followed, FollowedStream, Gap } from './sync-facts.ts';
import type { RunSettings } from './run-settings.ts';
import { LEDGER_VERSION, type LedgerTable, RUNS_INDEX, runKey } from './ledger-table.ts';
import { get, query, readTogether, type Stored } from './store.ts';

/** What a run does. `manual`: a step called alone. `compare`: a compare without an open sync. */
export type RunKind = 'migrate' | 'restore' | 'manual' | 'sync' | 'compare';

export type { BackupSummary, Rehearsal, RunStatus, Verification } from './run-facts.ts';

/** What the input of `migrate` asks for, defaults filled in. */
export interface RunParameters {
  readonly dryRun: boolean;
  readonly onFailure: 'rollback' | 'hold';
  /** Products. */
  readonly maxQuarantined: number;
  readonly onExisting: 'keep' | 'replace';
  readonly maxConcurrency: number;
  readonly readUnitsPerSecond?: number | undefined;
  readonly writeUnitsPerSecond?: number | undefined;
  /** US dollars; absent: no limit. */
  readonly maxCost?: number | undefined;
  /** As it was asked for; the plan says which engine was chosen. Absent: `batch`. */
  readonly writeEngine?: 'batch' | 'bulk' | 'auto' | undefined;
  readonly allowEmpty?: boolean;
  /** Whether new tables stay closed until a sync has switched to them. */
  readonly keepClosed?: boolean;
  /** The sync that has switched the shop to the run's tables, as the operator has confirmed. */
  readonly confirm?: string | undefined;
  /** Of a sync over another source table than the migration has read: its TableId, as the operator has confirmed. */
  readonly confirmSource?: string | undefined;
  readonly note?: string | undefined;
}

/** One execution's work, from lock to end status. Its claim names the call that rolls it back now. */
export interface Run extends Claims {
  /** Form of the run's ledger items; absent in runs that began before there was one. */
  readonly ledgerVersion?: number;
  readonly runId: string;
  readonly kind: RunKind;
  /** `functions:` key of a step called alone. */
  readonly step?: string;
  readonly status: RunStatus;
  /** ARN of the execution that works on the run now, or `manual:<run id>:<request id>`. */
  readonly executionArn: string;
  readonly executionStartTime: string;
  /**
   * Whether the run was held and goes on since. Its tables have been read by people and perhaps used by the shop
   * meanwhile: from then on it writes by condition only, into its own tables as well.
   */
  readonly resumed: boolean;
  /** ISO 8601, of the run, not of a resuming execution. */
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly sourceTable: string;
  /** The table whose lock the run takes, where it is not the source's: a restore into a table that no migration uses. */
  readonly lockTable?: string;
  /**
   * DynamoDB's TableId of the source, where the run reads it: of a migration and a step that back it up, of a sync and of
   * a compare. Absent in runs of earlier versions (a sync notes it with its next compare), and where the engine gives none.
   */
  readonly sourceTableId?: string;
  readonly parameters: RunParameters;
  readonly plan: Plan;
  readonly settings: RunSettings;
  /** Of the backup being written; chosen when the run begins, so that every retry writes to the same place. */
  readonly backupId: string;
  /** The source as SealBackup found it; goes into the backup's manifest. */
  readonly source?: TableDescription;
  /** Present once the backup is sealed. */
  readonly backup?: BackupSummary;
  readonly rehearsal?: Rehearsal;
  /**
   * How often the target files were made again from the start, under `target-<n>/`: a run that was held before they
   * were complete may go on with other code. Absent: never.
   */
  readonly targetMaking?: number;
  /** ISO 8601: when the run was planned, by a dry run; present once it is applied. */
  readonly plannedAt?: string;
  readonly verification?: Verification;
  /** Epoch milliseconds: when ROLLING_BACK was written. */
  readonly markedAt?: number;
  /** Status before the roll back began. */
  readonly rolledBackFrom?: RunStatus;
  /** Of the last roll back that failed, for whoever is told its end once more. */
  readonly remains?: Remains;
  /** Whether an operator asked for the present roll back. */
  readonly rollBackAsked?: boolean;
  /** The newest of the earlier executions that have worked on the run, in their order. Absent: none. */
  readonly attempts?: readonly Attempt[];
  /** Executions before these. Absent: none. */
  readonly attemptsLeftOut?: LeftOutAttempts;
  /** What the operator typed as `confirm` for the present roll back; empty where nobody asked for it. */
  readonly confirmed?: string;
  /** Earlier runs that this one relied on when it was committed: 10 at most, for the report. */
  readonly reliesOn?: readonly string[];
  /** Epoch milliseconds: until then, requests of calls may still take effect that others have taken over from. */
  readonly lateUntil?: number;
  /** ARN of the execution that rolls the run back. */
  readonly recoveryOwner?: string;
  /** Roll backs that recoverRun has started for it. */
  readonly recoverAttempts?: number;
  /** After the commit point: whether every table of the run is open to the shop again, as GetResourcePolicy says. */
  readonly opening?: 'PENDING' | 'DONE';
  /** After the commit point: whether the new tables are protected. */
  readonly protection?: 'PENDING' | 'DONE';
  /**
   * Of a restore into a new table, from its commit until its settings are set: sentences for the report, which has them
   * with the warnings.
   */
  readonly unconfirmedSettings?: readonly string[];
  /** Whether the report says how the run has ended. Absent: it has not, or it leaves none. */
  readonly reporting?: 'PENDING' | 'DONE';
  readonly failure?: { readonly error: string; readonly cause: string; readonly state?: string };
  readonly warnings: readonly string[];
  /** How often a warning found no room among these. Absent: never. */
  readonly warningsLeftOut?: number;
  /** Present while an operator has paused the run. */
  readonly paused?: Asked;
  /** Caps that an operator has given since the run began. */
  readonly caps?: Caps;
  /** The newest pauses and caps, in their order. */
  readonly controls?: readonly ControlEvent[];
  /** Pauses and caps before these. Absent: none. */
  readonly controlsLeftOut?: number;
  /** Of a sync and of a compare: what it follows. */
  readonly follows?: Followed;
  /** Of a sync: where its change records come from. */
  readonly stream?: FollowedStream;
  /** Of a sync: whether its start has ended. A sync whose execution dies before that is cancelled. */
  readonly isStarted?: boolean;
  /** Of a sync: when changes may last have been missed, why, and since when that is known. A compare must begin later. */
  readonly gap?: Gap;
  /** Of {@link gap}: its time, for conditions. */
  readonly gapAt?: number;
  /**
   * Of a sync: how many batches of changes that Lambda gave up the on-failure queue held at the last look. Those that were
   * there when the mapping was made are no gap.
   */
  readonly failedBatches?: number;
  /** Of a sync, epoch milliseconds: since when each look has found that its mapping cannot deliver. Absent: it can. */
  readonly undeliveredSince?: number;
  /** Of a sync and of a compare: version of the transform when the last execution began to work on it. */
  readonly transformVersion?: string;
  /** Of a sync and of a compare: the last compare that came to its end. */
  readonly compared?: Compared;
  /** Of {@link arrived}: its count, for conditions. */
  readonly arrivals?: number;
  /** Of a sync in SWITCHING: change records that have arrived all the same. None may, before SWITCHED is written. */
  readonly arrived?: Arrived;
  /** Kind-specific facts: a restore's target, a manual step's result. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Token of the last writer of `status`, to tell a lost answer from somebody else's change. */
  readonly changedBy: string;
}

/** Whether the run puts a backup back: a whole restore, or its step called alone in a run of its own. */
export function isRestore({ kind, step }: Pick<Run, 'kind' | 'step'>): boolean {
  return kind === 'restore' || step === 'restoreFromBackup';
}

/** Whether the run backs the source up: a whole migration, or its step called alone. Any other step reads a backup. */
export function makesBackup({ kind, step }: Pick<Run, 'kind' | 'step'>): boolean {
  return kind !== 'manual' || step === 'backupProducts';
}

/** Whether DynamoDB's bulk put fills the run's tables, and its target files are made for it. */
export function isBulk({ plan }: Pick<Run, 'plan'>): boolean {
  return plan.writeEngine?.engine === 'bulk';
}

/** Whether the run belongs to the machine `sync`: its report is that of a sync. */
export function isOfSync({ kind }: Pick<Run, 'kind'>): boolean {
  return kind === 'sync' || kind === 'compare';
}

/** Whether this code may read the run's items. */
export function isReadable({ ledgerVersion }: AnyRun): boolean {
  return ledgerVersion === LEDGER_VERSION;
}

function assertReadable(run: AnyRun): void {
  if (isReadable(run)) return;
  throw new LedgerVersionError(
    `Run ${run.runId} was written by another version of this service (ledger version ${run.ledgerVersion ?? 'none'}; this one reads ${LEDGER_VERSION}). Nothing was changed. Deploy the version that began the run, finish the run there or roll it back, then deploy this one again.`,
  );
}

/** What a run of any ledger version says: these fields keep their names and meanings for good. */
export type AnyRun = Pick<Run, 'runId' | 'status' | 'ledgerVersion'>;

/** Strongly consistent, whatever version wrote the run; `undefined` where the ledger has no such run. */
export function findAnyRun(ledger: LedgerTable, runId: string): Promise<AnyRun | undefined> {
  return get<AnyRun>(ledger, runKey(runId));
}

/** {@link findAnyRun} of many, by their ids. */
export async function findAnyRuns(
  ledger: LedgerTable,
  runIds: readonly string[],
): Promise<ReadonlyMap<string, AnyRun>> {
  const found = await readTogether(ledger, runIds.map(runKey));
  return new Map(runIds.flatMap((runId, index) => (found[index] ? [[runId, found[index] as AnyRun]] : [])));
}

/**
 * Strongly consistent; `undefined` where the ledger has no such run.
 *
 * @throws LedgerVersionError where this code would misread it; not retried
 */
export async function findRun(ledger: LedgerTable, runId: string): Promise<Run | undefined> {
  const run = await get<Run>(ledger, runKey(runId));
  if (run !== undefined) assertReadable(run);
  return run;
}

/** Strongly consistent. @throws as {@link knownRun} does */
export async function readRun(ledger: LedgerTable, runId: string): Promise<Run> {
  return knownRun(ledger, runId, await get<Run>(ledger, runKey(runId)));
}

/**
 * A run as it was found, if it was.
 *
 * @throws RunNotFoundError naming the run, LedgerVersionError; neither is retried.
 */
export function knownRun({ tableName }: LedgerTable, runId: string, found: object | undefined): Run {
  if (found === undefined) throw new RunNotFoundError(`The ledger ${tableName} knows no run ${runId}.`);
  const run = found as Run;
  assertReadable(run);
  return run;
}

/** Every run, newest first; eventually consistent. @param page runs that are read at once */
export function newestRuns(ledger: LedgerTable, page = 200): AsyncGenerator<Stored<Run>> {
  return query<Run>(ledger, {
    IndexName: RUNS_INDEX,
    KeyConditionExpression: 'entity = :run',
    ExpressionAttributeValues: { ':run': 'RUN' },
    ScanIndexForward: false,
    Limit: page,
  });
}

/** Runs that are read at once, at most: DynamoDB takes no limit beyond 32 bits. */
const LONGEST_PAGE = 1_000;

/** {@link newestRuns}, at most `limit`. */
export async function listRuns(ledger: LedgerTable, limit = 100): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for await (const run of newestRuns(ledger, Math.min(limit, LONGEST_PAGE)))
    if (runs.push(run) >= limit) break;
  return runs;
}

/** The newest run that is wanted, however many have begun since; eventually consistent. */
export async function findNewest(
  ledger: LedgerTable,
  isWanted: (run: Run) => boolean,
): Promise<Run | undefined> {
  for await (const run of newestRuns(ledger)) if (isWanted(run)) return run;
  return undefined;
}
