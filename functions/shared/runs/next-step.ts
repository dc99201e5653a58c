import { isRestore, type Run } from '../ledger/run.ts';
import type { Report, ReportStatus } from './report.ts';

/** How a run ended, as far as the next step depends on it. */
export interface Ending {
  readonly status: ReportStatus;
  readonly runId: string;
  readonly isRestore: boolean;
  /** Name of the error. */
  readonly error?: string | undefined;
  /** Whether a run that had succeeded was rolled back on request. */
  readonly isOrdered?: boolean;
  /** Products that could not be transformed. */
  readonly quarantined?: number | undefined;
  /** How many of them the run allows. */
  readonly maxQuarantined?: number | undefined;
  /** What the operator typed to confirm the roll back. */
  readonly confirmed?: string | undefined;
}

/** How a run of the ledger ended. */
export function endingOf(run: Run, status: ReportStatus): Ending {
  const { runId, failure, rehearsal, confirmed } = run;
  const error = failure?.error;
  return {
    status,
    runId,
    isRestore: isRestore(run),
    error,
    isOrdered: error === 'RolledBackByOperator',
    quarantined: rehearsal?.quarantined,
    // Empty where nobody asked for the roll back.
    confirmed: confirmed === '' ? undefined : confirmed,
  };
}

/** How a run ended, by its report. */
export function endingOfReport(report: Report): Ending {
  const { runId, status, failure, rolledBack, rehearsal, parameters } = report;
  return {
    runId,
    status,
    isRestore: isRestore(report),
    error: failure?.error,
    isOrdered: rolledBack?.from === 'SUCCEEDED',
    quarantined: rehearsal?.quarantined,
    maxQuarantined: parameters?.maxQuarantined,
  };
}

/** What to do now, in a sentence or two; `undefined` when there is nothing to do. */
export const nextStepOf = (ending: Ending): string | undefined => STEPS[ending.status](ending);

/** The input that rolls a run back, with the machine that takes it: "start ..." or "starting ...". */
export function rollbackWith(runId: string, confirm?: string): string {
  const confirmed = confirm === undefined ? '' : `, "confirm": "${confirm}"`;
  return `the rollback state machine with {"runId": "${runId}"${confirmed}}`;
}

/** More stay behind than the run allows. It would stop, whatever its plan says. */
export function stopsForQuarantine({
  quarantined = 0,
  maxQuarantined = 0,
}: Pick<Ending, 'quarantined' | 'maxQuarantined'>): boolean {
  return quarantined > maxQuarantined;
}

const STEPS: Readonly<Record<ReportStatus, (ending: Ending) => string | undefined>> = {
  SUCCEEDED: () => undefined,
  PLANNED: afterPlan,
  ROLLED_BACK: afterRollBack,
  HELD: afterHolding,
  ROLLBACK_FAILED: ({ runId, confirmed }) =>
    `Remove what remains by hand, or start ${rollbackWith(runId, confirmed)} again.`,
  REFUSED: ({ isRestore }) =>
    `Fix the reported cause, then start the ${isRestore ? 'restore' : 'migration'} again.`,
};

function afterPlan(ending: Ending): string {
  return stopsForQuarantine(ending)
    ? `A run would stop before it creates anything. Correct the products in quarantine, or start with {"maxQuarantined": ${ending.quarantined ?? 0}}.`
    : `Apply these very files by starting migrate with {"resume": "${ending.runId}"}, or start it without the dry run for a new backup.`;
}

function afterRollBack({ isRestore, isOrdered = false }: Ending): string {
  if (isRestore)
    return isOrdered
      ? 'To restore again, start the restore again.'
      : 'Fix the reported cause, then start the restore again. {"backupId": "<id>"} (--backup <id>) takes another backup, and npm run backups lists them.';
  return isOrdered
    ? 'To migrate again, start again with {}.'
    : 'Fix the reported cause, then start again with {}. Starting again is always safe.';
}

function afterHolding({ runId, error, quarantined = 1 }: Ending): string {
  if (error === 'TooManyQuarantinedError')
    return `Go on without these products with {"resume": "${runId}", "maxQuarantined": ${quarantined}}. Or roll it back by starting ${rollbackWith(runId)}, correct them, and start again with {}.`;
  if (error === 'VerificationFailedError')
    return `Resuming verifies again, and fails again until the reported cause is fixed. Roll the run back by starting ${rollbackWith(runId)} (a table with changes by others is kept), then start again with {}.`;
  if (error === 'BackupDamagedError')
    return `Resuming reads the backup and the complete target files again, and fails again while they are damaged. Roll the run back by starting ${rollbackWith(runId)}, then start again with {} for new files.`;
  return `Go on by starting migrate with {"resume": "${runId}"}, or roll it back by starting ${rollbackWith(runId)}.`;
}
