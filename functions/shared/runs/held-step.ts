import { type Command, type Commands, stepText } from '../commands.ts';
import { capitalized } from '../counted.ts';
import { deployWith } from '../deploy-with.cjs';
import { afterFix, sameAgain } from './after-fix.ts';
import type { Ending } from './ending.ts';

/** What to do with a held run. */
export function afterHolding(ending: Ending, commands: Commands): string {
  const { runId, error, step, quarantined = 1 } = ending;
  const { migrate, invoke } = commands;
  const back = commands.rollBack(runId);
  const again = sameAgain(ending, commands);
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
