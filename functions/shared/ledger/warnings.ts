import { counted } from '../counted.ts';
import type { Change } from './actions.ts';
import type { Run } from './run.ts';

/**
 * UTF-8 bytes of all warnings of a run: its ledger item must stay below 400 KB, and its report, which is the output of an
 * execution, below 256 KB.
 */
const MAX_BYTES = 48 * 1_024;

/** Sentences for a run's warnings. */
export interface NewWarnings {
  /** Those that are not there yet, as far as there is room. */
  readonly kept: readonly string[];
  /** How many of them there is no room for. */
  readonly leftOut: number;
}

/** @param warnings that the run has, as it was read a moment ago: others may add some at the same time */
export function newWarnings({ warnings }: Pick<Run, 'warnings'>, added: readonly string[]): NewWarnings {
  const missing = [...new Set(added)].filter((sentence) => !warnings.includes(sentence));
  let room = MAX_BYTES - warnings.reduce((sum, sentence) => sum + Buffer.byteLength(sentence), 0);
  const kept = missing.filter((sentence) => {
    const bytes = Buffer.byteLength(sentence);
    if (bytes > room) return false;
    room -= bytes;
    return true;
  });
  return { kept, leftOut: missing.length - kept.length };
}

/** What such warnings change in the run's item. */
export function warningChange({ kept, leftOut }: NewWarnings): Pick<Change, 'append' | 'add'> {
  return {
    ...(kept.length > 0 && { append: { warnings: kept } }),
    ...(leftOut > 0 && { add: { warningsLeftOut: leftOut } }),
  };
}

/** The warnings of a run, and that there was no room for others. */
export function warningsOfRun({
  warnings,
  warningsLeftOut = 0,
}: Pick<Run, 'warnings' | 'warningsLeftOut'>): readonly string[] {
  if (warningsLeftOut === 0) return warnings;
  return [
    ...warnings,
    `Warnings were left out ${counted(warningsLeftOut, 'time')}, because a run keeps ${MAX_BYTES / 1_024} KB of them.`,
  ];
}
