import { isRestore, type Run } from '../ledger/run.ts';
import { type Commands, commandsOf } from './commands.ts';
import type { ReportStatus } from './report.ts';

/** How a run ended, as far as the next step depends on it. */
export interface Ending {
  readonly status: ReportStatus;
  readonly runId: string;
  readonly isRestore: boolean;
  /** Name of the error. */
  readonly error?: string | undefined;
  /** Whether an operator asked for the roll back of a run that had not failed. */
  readonly isOrdered?: boolean;
  /** Products that could not be transformed. */
  readonly quarantined?: number | undefined;
  /** How many of them the run allows. */
  readonly maxQuarantined?: number | undefined;
  /** What the operator typed to confirm the roll back. */
  readonly confirmed?: string | undefined;
}

/** Whether a run that had not failed was rolled back, because an operator asked for it. */
export function isOrdered({ failure }: Pick<Run, 'failure'>): boolean {
  return failure?.error === 'RolledBackByOperator';
}

/** How a run of the ledger ended. */
export function endingOf(run: Run, status: ReportStatus): Ending {
  const { runId, failure, rehearsal, confirmed, parameters } = run;
  const error = failure?.error;
  return {
    status,
    runId,
    isRestore: isRestore(run),
    error,
    isOrdered: isOrdered(run),
    quarantined: rehearsal?.quarantined,
    maxQuarantined: parameters.maxQuarantined,
    // Empty where nobody asked for the roll back.
    confirmed: confirmed === '' ? undefined : confirmed,
  };
}

/** What to do now on a stage, with the commands to paste; `undefined` when there is nothing to do. */
export function nextStepOf(ending: Ending, stage: string): string | undefined {
  return STEPS[ending.status](ending, commandsOf(stage));
}

/** More stay behind than the run allows. It would stop, whatever its plan says. */
export function stopsForQuarantine({
  quarantined = 0,
  maxQuarantined = 0,
}: Pick<Ending, 'quarantined' | 'maxQuarantined'>): boolean {
  return quarantined > maxQuarantined;
}

type Step = (ending: Ending, commands: Commands) => string | undefined;

const STEPS: Readonly<Record<ReportStatus, Step>> = {
  SUCCEEDED: () => undefined,
  PLANNED: afterPlan,
  ROLLED_BACK: afterRollBack,
  HELD: afterHolding,
  ROLLBACK_FAILED: ({ runId, confirmed }, { rollBack }) =>
    `Remove what remains by hand, or roll the run back again: ${rollBack(runId, confirmed)}`,
  REFUSED: (ending, commands) => `Fix the reported cause, then start again: ${startAgain(ending, commands)}`,
};

const startAgain = ({ isRestore: restores }: Ending, { migrate, restore }: Commands): string =>
  restores ? restore({}) : migrate({});

function afterPlan(ending: Ending, { migrate }: Commands): string {
  const { runId, quarantined: maxQuarantined = 0 } = ending;
  return stopsForQuarantine(ending)
    ? `A run would stop before it creates anything. Correct what is in quarantine and plan again, or apply these files without them: ${migrate({ resume: runId, maxQuarantined })}`
    : `Apply these very files: ${migrate({ resume: runId })}. Or make a new backup: ${migrate({})}`;
}

function afterRollBack(ending: Ending, commands: Commands): string {
  const again = startAgain(ending, commands);
  if (ending.isOrdered === true)
    return ending.isRestore ? `To restore again: ${again}` : `To migrate again: ${again}`;
  return ending.isRestore
    ? `Fix the reported cause, then start the restore again: ${again}. --backup <id> takes another backup, and npm run backups lists them.`
    : `Fix the reported cause, then start again, which is always safe: ${again}`;
}

function afterHolding({ runId, error, quarantined = 1 }: Ending, { migrate, rollBack }: Commands): string {
  const back = rollBack(runId);
  if (error === 'TooManyQuarantinedError')
    return `Go on without them: ${migrate({ resume: runId, maxQuarantined: quarantined })}. Or roll the run back: ${back}, correct them, and start again: ${migrate({})}`;
  if (error === 'VerificationFailedError')
    return `Resuming verifies again, and fails again until the reported cause is fixed. Roll the run back (a table with changes by others is kept): ${back}. Then start again: ${migrate({})}`;
  if (error === 'BackupDamagedError')
    return `Resuming reads the backup and the complete target files again, and fails again while they are damaged. Roll the run back: ${back}. Then start again for new files: ${migrate({})}`;
  return `Go on: ${migrate({ resume: runId })}. Or roll the run back: ${back}`;
}
