import type { Input } from '../commands.ts';
import { isRestore, type Run } from '../ledger/run.ts';
import { splitMessage } from '../message.ts';
import { inputOf } from './again-input.ts';
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

/** More stay behind than the run allows. It would stop, whatever its plan says. */
export function stopsForQuarantine({
  quarantined = 0,
  maxQuarantined = 0,
}: Pick<Ending, 'quarantined' | 'maxQuarantined'>): boolean {
  return quarantined > maxQuarantined;
}
