import { count, counted } from '../counted.ts';
import { moment } from '../format.ts';
import type { RunStatus } from '../ledger/run.ts';
import type { ReportedFailure } from './report.ts';
import { isGapOpen } from './following.ts';
import type { SyncReport } from './sync-report.ts';
import type { Outcome, Tone } from './outcome.ts';

/** The report of a sync or a compare, and what the execution that ended with it has failed with. */
export interface EndedSync {
  readonly report: SyncReport;
  readonly failure: ReportedFailure | null;
}

type Verdict = Omit<Outcome, 'sentence' | 'nextStep'>;

const VERDICTS: Readonly<Partial<Record<RunStatus, Verdict>>> = {
  SYNCING: { tone: 'good', word: 'Syncing' },
  SWITCHING: { tone: 'notice', word: 'Switching' },
  SWITCHED: { tone: 'good', word: 'Switched' },
  CANCELLING: { tone: 'notice', word: 'Cancelling' },
  CANCELLED: { tone: 'notice', word: 'Cancelled' },
  RUNNING: { tone: 'notice', word: 'Running' },
  SUCCEEDED: { tone: 'good', word: 'Compared' },
};

/** A sync in one word and one sentence, and what to do now. */
export function outcomeOfSync({ report, failure }: EndedSync): Outcome {
  const nextStep = failure?.nextStep ?? report.nextStep ?? undefined;
  if (failure !== null)
    return {
      tone: 'bad',
      word: 'Failed',
      sentence: `The last execution failed. ${report.summary}`,
      nextStep,
    };
  if (report.checks !== undefined) return { ...checked(report.checks), nextStep: undefined };
  const { tone, word } = VERDICTS[report.status] ?? { tone: 'notice', word: report.status };
  return { tone: tone === 'good' ? toneOf(report) : tone, word, sentence: report.summary, nextStep };
}

/** Good news is worth a look where something is left to do. */
function toneOf(report: SyncReport): Tone {
  const { compared, pending, quarantined, conflicts, kind } = report;
  const differing = compared?.differing ?? 0;
  if (kind === 'compare' && differing > 0) return 'bad';
  const isClean = differing + pending.count + quarantined.count + conflicts.count === 0;
  return isClean && compared !== null && !isGapOpen(report) ? 'good' : 'notice';
}

function checked(checks: NonNullable<SyncReport['checks']>): Omit<Outcome, 'nextStep'> {
  const failed = checks.filter(({ ok }) => !ok).length;
  if (failed === 0)
    return {
      tone: 'good',
      word: 'Ready',
      sentence: `Nothing stands in the way of a cut over: all ${count(checks.length)} checks are good. Nothing was changed.`,
    };
  return {
    tone: 'bad',
    word: 'Not ready',
    sentence: `${counted(failed, 'check')} of ${count(checks.length)} ${failed === 1 ? 'stands' : 'stand'} in the way of a cut over. Nothing was changed.`,
  };
}

/** What may have been missed, and whether a compare has looked since. */
export function gapText(
  report: Pick<SyncReport, 'gap' | 'compared'>,
  { at, reason, isLasting }: NonNullable<SyncReport['gap']>,
): string {
  const time = `${moment(new Date(at).toISOString())} UTC`;
  if (isLasting === true) return `As of ${time}, changes are not delivered. ${reason}`;
  const closing = isGapOpen(report)
    ? 'No compare has looked for them since.'
    : 'A compare has looked for them since.';
  return `Changes may have been missed at ${time}. ${reason} ${closing}`;
}
