import {
  type Command,
  type Commands,
  commandsOf,
  type Input,
  type StagePlace,
  type Step,
  stepText,
} from '../commands.ts';
import { capitalized } from '../counted.ts';
import { deployWith } from '../deploy-with.cjs';
import { isRestore, type Run } from '../ledger/run.ts';
import { splitMessage } from '../message.ts';
import { correctInput, inputOf } from './again-input.ts';
import type { ReportStatus, UntoldReport } from './report.ts';
import { restoreInputOf } from './restore-order.ts';

/** How a run ended, as far as the next step depends on it. */
export interface Ending {
  readonly status: ReportStatus;
  readonly runId: string;
  readonly isRestore: boolean;
  /** `functions:` key of a step that was called alone. */
  readonly step?: string | undefined;
  /** Name of the error. */
  readonly error?: string | undefined;
  /** What the error itself says to do now. It holds where nothing of the run is left. */
  readonly ownStep?: string | undefined;
  /** Input of the same run once more. */
  readonly again?: Input;
  /** Whether an operator asked for the roll back of a run that had not failed. */
  readonly isOrdered?: boolean;
  /** Products that could not be transformed. */
  readonly quarantined?: number | undefined;
  /** How many of them the run allows. */
  readonly maxQuarantined?: number | undefined;
  /** See {@link isBehind}. */
  readonly isBehind?: boolean;
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
  const restores = isRestore(run);
  return {
    status,
    runId,
    isRestore: restores,
    step: run.step,
    error: failure?.error,
    ownStep: splitMessage(failure?.cause ?? '').nextStep,
    again: restores ? restoreInputOf(run) : inputOf(parameters),
    isOrdered: isOrdered(run),
    quarantined: rehearsal?.quarantined,
    maxQuarantined: parameters.maxQuarantined,
    // Empty where nobody asked for the roll back.
    confirmed: confirmed === '' ? undefined : confirmed,
  };
}

/**
 * Whether another run that replaces items would bring the target up to date: the source has got or changed items since it
 * was read, or the target has items that are older than the source. What was removed from the source no run deletes.
 */
export function isBehind({
  verification,
  mismatches = {},
  parameters,
}: Pick<UntoldReport, 'verification' | 'mismatches' | 'parameters'>): boolean {
  const { added = 0, changed = 0 } = verification?.drift ?? {};
  const { outdated = [], staleVariants = [] } = mismatches;
  const isKept = parameters?.onExisting === 'keep' && outdated.length + staleVariants.length > 0;
  return added + changed > 0 || isKept;
}

/** What to do now on a stage, with the commands to paste; `undefined` when there is nothing to do. */
export function nextStepOf(ending: Ending, place: StagePlace): string | undefined {
  return STEPS[ending.status](ending, commandsOf(place));
}

/** More stay behind than the run allows. It would stop, whatever its plan says. */
export function stopsForQuarantine({
  quarantined = 0,
  maxQuarantined = 0,
}: Pick<Ending, 'quarantined' | 'maxQuarantined'>): boolean {
  return quarantined > maxQuarantined;
}

type NextStep = (ending: Ending, commands: Commands) => string | undefined;

const STEPS: Readonly<Record<ReportStatus, NextStep>> = {
  SUCCEEDED: afterSuccess,
  PLANNED: afterPlan,
  ROLLED_BACK: afterRollBack,
  HELD: afterHolding,
  ROLLBACK_FAILED: ({ runId, confirmed }, { rollBack }) =>
    stepText(['Remove what remains by hand, or roll the run back again', rollBack(runId, confirmed)]),
  REFUSED: afterRefusal,
};

/** The same run once more, with these fields changed. */
function startAgain(
  { isRestore: restores, again = {} }: Ending,
  { migrate, restore }: Commands,
  changed: Input = {},
): Command {
  return (restores ? restore : migrate)({ ...again, ...changed });
}

function afterSuccess(
  { isBehind: catchesUp = false, again }: Ending,
  { migrate }: Commands,
): string | undefined {
  if (!catchesUp) return undefined;
  // Bulk put cannot replace items.
  const replacing = { ...again, onExisting: 'replace', writeEngine: undefined };
  return stepText(['To bring the target up to date', migrate(replacing)]);
}

function afterRefusal(ending: Ending, commands: Commands): string {
  const { ownStep } = ending;
  if (ownStep !== undefined && startsSomething(ownStep)) return ownStep;
  const elsewhere = elsewhereStep(ending.error, commands, ending.again?.['backupId']);
  if (elsewhere !== undefined) return elsewhere;
  if (ending.error === 'InvalidInputError')
    return afterFix(ending, correctInput(ending.isRestore ? 'restore' : 'migrate'));
  return afterFix(
    ending,
    ['Fix the reported cause, then start again', startAgain(ending, commands)],
    ...heldInTime(ending, commands),
  );
}

/** Whether an error's own step ends in a run. Otherwise it is how to fix the cause. */
const startsSomething = (ownStep: string): boolean => /^npm run (?!prices)/m.test(ownStep);

/** How to fix the cause, where the error says that, and then these steps. */
function afterFix({ ownStep }: Ending, ...steps: readonly Step[]): string {
  return [ownStep ?? [], stepText(...steps)].flat().join('\n');
}

/**
 * Where the remedy is another command than the one that was refused.
 *
 * @param backup what was typed: one that is not there was probably mistyped, so none is made in its place
 */
export function elsewhereStep(
  error: string | undefined,
  { runs, backups, migrate }: Commands,
  backup?: unknown,
): string | undefined {
  switch (error) {
    case 'RunNotFoundError':
      return stepText(['List the runs', runs()]);
    case 'BackupNotFoundError':
      return stepText(
        ['List the backups', backups()],
        ...(backup === undefined ? [['Or make one', migrate({ dryRun: true })] as const] : []),
      );
    case 'BackupDamagedError':
      return stepText(['Take another backup. To list them', backups()]);
    default:
      return undefined;
  }
}

function afterPlan(ending: Ending, { migrate }: Commands): string {
  const { runId, again = {}, quarantined: maxQuarantined = 0 } = ending;
  return stopsForQuarantine(ending)
    ? stepText(
        [
          'A run would stop before it creates anything. Correct what is in quarantine and plan again',
          migrate({ ...again, dryRun: true }),
        ],
        ['Or apply these files without them', migrate({ resume: runId, maxQuarantined })],
      )
    : stepText(
        ['Apply these very files', migrate({ resume: runId })],
        ['Or make a new backup', migrate({ ...again, dryRun: undefined })],
      );
}

function afterRollBack(ending: Ending, commands: Commands): string {
  const again = startAgain(ending, commands);
  const { isRestore: restores, isOrdered: wasOrdered, step, error, ownStep, quarantined } = ending;
  if (step !== undefined && !restores) return stepAgain(ending, commands.invoke(step));
  if (wasOrdered === true) return stepText([restores ? 'To restore again' : 'To migrate again', again]);
  if (ownStep !== undefined && startsSomething(ownStep)) return ownStep;
  if (error === 'TooManyQuarantinedError' && !restores)
    return stepText(
      ['Correct them, then start again, which is always safe', again],
      ['Or go on without them', startAgain(ending, commands, { maxQuarantined: quarantined })],
    );
  if (restores) return restoreElse(ending, commands);
  return afterFix(
    ending,
    ['Fix the reported cause, then start again, which is always safe', again],
    ...withoutBulk(ending, commands),
    ...heldInTime(ending, commands),
  );
}

/** A step that was called alone is no migration. */
function stepAgain(ending: Ending, call: Command): string {
  const { isOrdered: wasOrdered, ownStep } = ending;
  if (wasOrdered === true) return stepText(['To call the step again', call]);
  if (ownStep !== undefined && startsSomething(ownStep)) return ownStep;
  return afterFix(ending, ['Fix the reported cause, then call the step again', call]);
}

function restoreElse(ending: Ending, commands: Commands): string {
  return afterFix(
    ending,
    ['Fix the reported cause, then start the restore again', startAgain(ending, commands)],
    ...withoutBulk(ending, commands),
    ['To restore another backup, look for one', commands.backups()],
  );
}

/** DynamoDB's bulk put can be done without. */
function withoutBulk(ending: Ending, commands: Commands): readonly Step[] {
  if (ending.error !== 'BulkLoadError') return [];
  return [
    [
      "Or let the service's own workers write the items",
      startAgain(ending, commands, { writeEngine: 'batch' }),
    ],
  ];
}

/** A migration may take longer than an execution lasts. */
function heldInTime(ending: Ending, commands: Commands): readonly Step[] {
  if (ending.error !== 'RunTooLongError' || ending.isRestore) return [];
  const held = startAgain(ending, commands, { onFailure: 'hold' });
  return [['Or have it held when its time is up, and resume it then', held]];
}

function afterHolding(ending: Ending, commands: Commands): string {
  const { runId, error, step, quarantined = 1 } = ending;
  const { migrate, invoke } = commands;
  const back = commands.rollBack(runId);
  const again = startAgain(ending, commands);
  // Only a migration is resumed under its own id.
  if (step !== undefined)
    return stepText(['Call the step again', invoke(step)], ['Or roll the run back', back]);
  if (ending.isRestore) return stepText(['Roll the run back', back], ['Then start again', again]);
  switch (error) {
    case 'TooManyQuarantinedError':
      return stepText(
        ['Go on without them', migrate({ resume: runId, maxQuarantined: quarantined })],
        ['Or roll the run back', back],
        ['Then correct them and start again', again],
      );
    case 'VerificationFailedError':
      return stepText([`${VERIFIES_AGAIN} ${BACK_KEEPS}`, back], ['Then start again', again]);
    case 'SourceReplacedError':
    case 'RunIdUsedError':
      return stepText(['Roll the run back', back], ['Then start again', again]);
    case 'BackupDamagedError':
      return stepText([`${READS_AGAIN} Roll the run back`, back], ['Then start again for new files', again]);
    // A run never goes on with another table, nor with a history that does not hold it.
    case 'TableUnavailableError':
      return stepText(
        [
          'If the table is ACTIVE and still the one that the run began with, go on',
          migrate({ resume: runId }),
        ],
        ['Or roll the run back', back],
        ['Then start again', again],
      );
    case 'RunTooLongForInlineError':
      return stepText(
        [`${capitalized(deployWith('mapMode', 'DISTRIBUTED'))}. Then go on`, migrate({ resume: runId })],
        ['Or roll the run back', back],
      );
    case 'CostLimitError':
      return afterHoldingForCost(ending, { migrate, back });
    default:
      return afterFix(ending, ['Go on', migrate({ resume: runId })], ['Or roll the run back', back]);
  }
}

const VERIFIES_AGAIN = 'Resuming verifies again, and fails again until the reported cause is fixed.';
const BACK_KEEPS = 'Roll the run back (a table with changes by others is kept)';
const READS_AGAIN =
  'Resuming reads the backup and the complete target files again, and fails again while they are damaged.';

/** A resumed run can have another limit, but not none. */
function afterHoldingForCost(
  { ownStep, again = {} }: Ending,
  { migrate, back }: Pick<Commands, 'migrate'> & { readonly back: Command },
): string {
  if (ownStep !== undefined) return `${ownStep}\n${stepText(['Or roll the run back', back])}`;
  const unlimited = migrate({ ...again, maxCost: undefined });
  return stepText(['Roll the run back', back], ['Then start again without a limit', unlimited]);
}
