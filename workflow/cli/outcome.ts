import type { Report, RestoredCounts } from '../../functions/shared/report.ts';
import { count, counted } from './format.ts';
import { isRestore } from './is-restore.ts';

/** Good, worth a look, or bad: decides colour and sign, never the words. */
export type Tone = 'good' | 'notice' | 'bad';

/** A report in two lines. */
export interface Outcome {
  readonly tone: Tone;
  /** One word. */
  readonly word: string;
  /** One sentence that stands for the whole report. */
  readonly sentence: string;
  /** What to do now; `undefined` when there is nothing to do. */
  readonly nextStep: string | undefined;
}

/** True for an execution that ended before it had begun a run: there is nothing of it anywhere. */
export function neverBegan(report: Report): boolean {
  return report.details?.['begun'] === false;
}

/** The outcome in one sentence, and what follows from it. */
export function outcomeOf(report: Report): Outcome {
  const nextStep = report.failure?.nextStep ?? nextSteps[report.status](report);
  return { ...verdictOf(report), nextStep };
}

type Verdict = Omit<Outcome, 'nextStep'>;

const verdicts: Readonly<Record<Report['status'], (report: Report) => Verdict>> = {
  SUCCEEDED: (report) => ({
    tone: toneOfSuccess(report),
    word: 'Succeeded',
    sentence: successSentence(report),
  }),
  PLANNED: (report) => ({ tone: toneOfSuccess(report), word: 'Planned', sentence: planSentence(report) }),
  ROLLED_BACK: (report) => (neverBegan(report) ? notStarted : rolledBack(report)),
  HELD: (report) => ({
    tone: 'notice',
    word: 'Held',
    sentence: `The run failed${placeOf(report)} and is held: everything it made is kept, to look at or to resume.`,
  }),
  ROLLBACK_FAILED: (report) => ({
    tone: 'bad',
    word: 'Roll back failed',
    sentence: `The run failed${placeOf(report)} and not everything it had created could be taken away; ${report.source.table} was never written to.`,
  }),
};

const verdictOf = (report: Report): Verdict => verdicts[report.status](report);

const notStarted: Verdict = {
  tone: 'bad',
  word: 'Not started',
  sentence: 'The run was refused before it began: nothing was created.',
};

/** ` in MigrateProducts`, where the state is known. */
const placeOf = ({ failure }: Report): string => (failure?.state === undefined ? '' : ` in ${failure.state}`);

function rolledBack(report: Report): Verdict {
  const created = report.tables.some(({ outcome }) => outcome === 'DELETED');
  const taken = created ? 'what it had created was taken away again' : 'before it had created any table';
  const joint = created ? ' and ' : ' ';
  return {
    tone: 'bad',
    word: 'Rolled back',
    sentence: `The run failed${placeOf(report)}${joint}${taken}; ${report.source.table} was never written to.`,
  };
}

function toneOfSuccess({ migrated, rehearsal }: Report): Tone {
  const quarantined = Math.max(migrated.quarantined, rehearsal?.quarantined ?? 0);
  return quarantined > 0 ? 'notice' : 'good';
}

function restoreSentence({
  written,
  alreadyPresent,
  targetTable,
  mode,
  keptDifferent,
}: RestoredCounts): string {
  if (mode === 'NEW')
    return `${counted(written, 'item')} restored into the new table ${targetTable}, read back and found complete.`;
  const left = keptDifferent === 1 ? 'differs from the backup and was' : 'differ from the backup and were';
  const different = keptDifferent > 0 ? `; ${count(keptDifferent)} ${left} left alone` : '';
  const there = `${count(alreadyPresent)} ${alreadyPresent === 1 ? 'was' : 'were'} there`;
  if (written === 0) return `Nothing was missing in ${targetTable}: ${there}${different}.`;
  return `${counted(written, 'missing item')} put into ${targetTable}; ${there}${different}.`;
}

function successSentence({ migrated, restored }: Report): string {
  if (restored !== undefined) return restoreSentence(restored);
  const products = counted(migrated.products, 'product');
  const items = counted(migrated.items, 'item');
  const fresh = migrated.items - migrated.alreadyPresent;
  if (migrated.items > 0 && fresh === 0)
    return `All ${products} were migrated before: ${items} are in place, and none was changed.`;
  const before = migrated.alreadyPresent > 0 ? `, ${counted(fresh, 'of them', 'of them')} new` : '';
  const aside =
    migrated.quarantined > 0
      ? ` ${counted(migrated.quarantined, 'product')} stayed behind in quarantine.`
      : '';
  return `${products} migrated as ${items}${before}, read back and found complete.${aside}`;
}

function planSentence({ rehearsal, source }: Report): string {
  const { metadata = 0, variants = 0, quarantined = 0 } = rehearsal ?? {};
  const aside = quarantined === 0 ? '' : ` ${counted(quarantined, 'product')} would go to quarantine.`;
  return `Dry run: ${counted(source.products, 'product')} would become ${counted(metadata + variants, 'item')}.${aside} No table was created or written.`;
}

/** More than the run allows stay behind: then it would stop, whatever the plan says. */
export function wouldStop({ rehearsal, parameters }: Report): boolean {
  return (rehearsal?.quarantined ?? 0) > (parameters?.maxQuarantined ?? 0);
}

const nextSteps: Readonly<Record<Report['status'], (report: Report) => string | undefined>> = {
  SUCCEEDED: () => undefined,
  PLANNED: (report) =>
    wouldStop(report)
      ? `A run would stop before it creates anything. Correct the products in quarantine, or start with {"maxQuarantined": ${report.rehearsal?.quarantined ?? 0}}.`
      : 'Start it without the dry run when you are content.',
  ROLLED_BACK: (report) =>
    isRestore(report)
      ? 'Put right what the cause names, then start the restore again; --backup takes another backup, and npm run backups lists them.'
      : 'Put right what the cause names, then start the migration again; starting again is always safe.',
  HELD: ({ runId }) =>
    `Resume it by starting migrate with {"resume": "${runId}"}, or take it back by starting rollback with {"runId": "${runId}"}.`,
  ROLLBACK_FAILED: ({ runId }) =>
    `Put right what the cause names, then start rollback with {"runId": "${runId}"}.`,
};
