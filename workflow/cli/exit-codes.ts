import type { ReportStatus } from '../../functions/shared/runs/report.ts';

/** What was asked for is done. */
export const DONE = 0;

/** The run failed and was rolled back, or the command failed. */
export const FAILED = 1;

/** Wrong usage: an option that does not exist, or two that do not go together. Nothing was started. */
export const WRONG_USAGE = 2;

/** Refused before anything was changed. */
export const REFUSED = 3;

/** The run failed and is held. */
export const HELD = 4;

/** A roll back left something in place. */
export const ROLL_BACK_FAILED = 5;

/** A check has found what must not be. */
export const DAMAGED = 6;

/** Nothing answers any more. The execution goes on, or may have been started. */
export const LOST_CONNECTION = 7;

/** Interrupted by Ctrl-C, as shells have it. */
export const INTERRUPTED = 130;

const MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [DONE, 'done: the run succeeded or is planned, the roll back is complete, the check found nothing'],
  [FAILED, 'the run failed and was rolled back, or the command itself failed'],
  [WRONG_USAGE, 'wrong usage: an unknown option, a missing one, or an input file that cannot be read'],
  [
    REFUSED,
    'refused: nothing was changed. Also if AWS cannot be reached, or does not accept the credentials',
  ],
  [HELD, 'the run failed and is held'],
  [ROLL_BACK_FAILED, 'a roll back could not remove everything. The report names what remains'],
  [DAMAGED, 'a check found damage or differences: `verify-backup`, `compare`, `prove`'],
  [
    LOST_CONNECTION,
    'the connection was lost. The run continues without the command, or it is not known whether it was started',
  ],
  [INTERRUPTED, 'Ctrl-C. A run on AWS continues; `npm start` stops with its embedded AWS'],
];

/** The exit codes of all commands, as the documentation has them. */
export function exitCodeTable(): string {
  const rows = MEANINGS.map(([code, meaning]) => `| ${code} | ${meaning} |`);
  return ['| Exit code | Meaning |', '|---|---|', ...rows].join('\n');
}

const CODES: Readonly<Record<ReportStatus, number>> = {
  SUCCEEDED: DONE,
  PLANNED: DONE,
  ROLLED_BACK: FAILED,
  HELD,
  ROLLBACK_FAILED: ROLL_BACK_FAILED,
  REFUSED,
};

/** The exit code of a command that has followed a run to this end. */
export const exitCodeOf = (status: ReportStatus): number => CODES[status];
