import { type Command, type Commands, commandsOf, type StagePlace, stepText } from '../commands.ts';
import { afterFix, onceFixed, sameAgain, startsSomething } from './after-fix.ts';
import { correctInput } from './again-input.ts';
import { type Ending, stopsForQuarantine } from './ending.ts';
import { afterHolding } from './held-step.ts';
import type { ReportStatus } from './report.ts';

/** What to do now on a stage, with the commands to paste; `undefined` when there is nothing to do. */
export function nextStepOf(ending: Ending, place: StagePlace): string | undefined {
  return STEPS[ending.status](ending, commandsOf(place));
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
  return afterFix(ending, ...onceFixed(ending, commands, 'start again'));
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
  const again = sameAgain(ending, commands);
  const { isRestore: restores, isOrdered: wasOrdered, step, error, ownStep, quarantined } = ending;
  if (step !== undefined && !restores) return stepAgain(ending, commands.invoke(step));
  if (wasOrdered === true) return stepText([restores ? 'To restore again' : 'To migrate again', again]);
  if (ownStep !== undefined && startsSomething(ownStep)) return ownStep;
  if (error === 'TooManyQuarantinedError' && !restores)
    return stepText(
      ['Correct them, then start again, which is always safe', again],
      ['Or go on without them', sameAgain(ending, commands, { maxQuarantined: quarantined })],
    );
  if (restores) return restoreElse(ending, commands);
  return afterFix(ending, ...onceFixed(ending, commands, 'start again, which is always safe'));
}

/** A step that was called alone is no migration. */
function stepAgain(ending: Ending, call: Command): string {
  const { isOrdered: wasOrdered, ownStep } = ending;
  if (wasOrdered === true) return stepText(['To call the step again', call]);
  if (ownStep !== undefined && startsSomething(ownStep)) return ownStep;
  return afterFix(ending, ['Fix the reported cause, then call the step again', call]);
}

function restoreElse(ending: Ending, commands: Commands): string {
  return afterFix(ending, ...onceFixed(ending, commands, 'start the restore again'), [
    'To restore another backup, look for one',
    commands.backups(),
  ]);
}
