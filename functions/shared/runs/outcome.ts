import { listed } from '../text.ts';
import { isRestore } from '../ledger/run.ts';
import type { Report, UntoldReport } from './report.ts';
import type { RestoredCounts } from './reported-counts.ts';
import { count, counted, countedAs } from '../counted.ts';

/** Good, worth a look, or bad. */
export type Tone = 'good' | 'notice' | 'bad';

/** A report in two lines. */
export interface Outcome {
  /** Decides colour and sign, never the words. */
  readonly tone: Tone;
  /** One word. */
  readonly word: string;
  /** One sentence that stands for the whole report. */
  readonly sentence: string;
  /** What to do now; `undefined` when there is nothing to do. */
  readonly nextStep: string | undefined;
}

/** True for an execution that ended before it had begun a run: there is nothing of it anywhere. */
export function neverBegan({ status }: Pick<Report, 'status'>): boolean {
  return status === 'REFUSED';
}

/** The outcome in one sentence, and what follows from it. */
export function outcomeOf(report: Report): Outcome {
  return { ...verdictOf(report), nextStep: report.nextStep ?? undefined };
}

type Verdict = Omit<Outcome, 'nextStep'>;

const VERDICTS: Readonly<Record<Report['status'], (report: UntoldReport) => Verdict>> = {
  SUCCEEDED: (report) => ({
    tone: toneOfSuccess(report),
    word: 'Succeeded',
    sentence: successSentence(report),
  }),
  PLANNED: (report) => ({ tone: toneOfSuccess(report), word: 'Planned', sentence: planSentence(report) }),
  ROLLED_BACK: rolledBack,
  HELD: (report) => ({
    tone: 'notice',
    word: 'Held',
    sentence: heldSentence(report),
  }),
  ROLLBACK_FAILED: (report) => ({
    tone: 'bad',
    word: 'Roll back failed',
    sentence: `${storyOf(report)}${isAsked(report) ? ', but' : ' and'} not everything that it had done could be undone${untouchedSource(report)}.`,
  }),
  REFUSED: () => NOT_STARTED,
};

/** A report in one sentence. */
export const summaryOf = (report: UntoldReport): string => verdictOf(report).sentence;

const verdictOf = (report: UntoldReport): Verdict => VERDICTS[report.status](report);

const NOT_STARTED: Verdict = {
  tone: 'bad',
  word: 'Refused',
  sentence: 'The run was refused before it began: nothing was changed.',
};

/** ` in MigrateProducts`, where the state is known. */
const placeOf = ({ failure }: UntoldReport): string =>
  failure?.state === undefined ? '' : ` in ${failure.state}`;

/** A step called alone is held, too, when it was short of time. */
function heldSentence(report: UntoldReport): string {
  if (report.step !== undefined && report.failure === null)
    return `Step ${report.step}, which was called alone, has not come to its end: nothing was rolled back.`;
  return `The run failed${placeOf(report)} and is held: nothing was rolled back.`;
}

/** Why the run is rolled back: it failed, or somebody wanted it. */
function storyOf(report: UntoldReport): string {
  if (report.rolledBack?.from === 'SUCCEEDED') return 'The run had succeeded and was rolled back on request';
  if (report.rolledBack?.from === 'HELD')
    return report.step !== undefined && hasNotFailed(report)
      ? 'The run was held and was rolled back on request'
      : `The run failed${placeOf(report)}, was held, and was rolled back on request`;
  return isAsked(report) ? 'The run was rolled back on request' : `The run failed${placeOf(report)}`;
}

/** Whether somebody wanted the roll back, whatever the run had come to before. */
function isAsked(report: UntoldReport): boolean {
  const { rolledBack } = report;
  if (rolledBack?.from === 'SUCCEEDED' || rolledBack?.from === 'HELD') return true;
  return rolledBack?.onRequest === true && hasNotFailed(report);
}

/** Without a failure of its own before the roll back. */
const hasNotFailed = ({ failure }: UntoldReport): boolean =>
  failure === null || failure.error === 'RolledBackByOperator';

/** A restore may have been allowed to fill up the source; nothing else ever writes there. */
const untouchedSource = (report: UntoldReport): string =>
  isRestore(report) ? '' : `; ${report.source.table} was never written to`;

/** What is left of the run: tables that were kept, and items in an existing table. */
function leftOf({ tables, rolledBack }: UntoldReport): string {
  const kept = rolledBack?.kept ?? 0;
  const names = tables.filter(({ outcome }) => outcome === 'KEPT').map(({ name }) => name);
  const left = [
    ...(names.length === 0 ? [] : [`${listed(names)} ${names.length === 1 ? 'was' : 'were'} kept`]),
    ...(kept === 0
      ? []
      : [`${counted(kept, 'item')} with its mark ${kept === 1 ? 'stays' : 'stay'} in place`]),
  ];
  return left.length === 0 ? '' : `; ${left.join(' and ')}`;
}

function rolledBack(report: UntoldReport): Verdict {
  const created = report.tables.some(
    ({ outcome, existedBefore }) => outcome === 'DELETED' && existedBefore !== true,
  );
  const isAllThere = report.tables.length > 0;
  const so = isAsked(report) ? ':' : ' and';
  const done = created
    ? `${so} what it had created was deleted`
    : isAllThere
      ? `${so} no table had to be deleted`
      : ' before it had created any table';
  return {
    tone: report.rolledBack?.onRequest === true ? 'notice' : 'bad',
    word: 'Rolled back',
    sentence: `${storyOf(report)}${done}${leftOf(report)}${untouchedSource(report)}.`,
  };
}

function toneOfSuccess({ migrated, rehearsal }: UntoldReport): Tone {
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

/** Items of earlier runs or of others that were under the run's keys before and are not what the source says. */
function asideOfOthers({ verification, source }: UntoldReport): string {
  const { presentDifferent = 0 } = verification ?? {};
  if (presentDifferent === 0) return '';
  return ` ${counted(presentDifferent, 'item')} under ${presentDifferent === 1 ? 'its key' : 'their keys'} ${presentDifferent === 1 ? 'comes' : 'come'} from earlier runs or from others, ${presentDifferent === 1 ? 'differs' : 'differ'} from ${source.table} and ${presentDifferent === 1 ? 'was' : 'were'} left alone.`;
}

/** A run that found all of its keys taken. */
function nothingNewSentence(report: UntoldReport): string {
  const { products: migratedProducts, items: migratedItems, replaced = 0 } = report.migrated;
  const products = countedAs(report.nouns, migratedProducts);
  const items = counted(migratedItems, 'item');
  const allProducts = migratedProducts === 1 ? `${products} was` : `All ${products} were`;
  const inPlace = `${items} ${migratedItems === 1 ? 'is' : 'are'} in place`;
  if (replaced > 0)
    return `${allProducts} there before: ${inPlace}, ${count(replaced)} of them brought up to date.`;
  const allItems = migratedItems === 1 ? `${items} of ${products} was` : `All ${items} of ${products} were`;
  return (report.verification?.presentDifferent ?? 0) > 0
    ? `${allItems} there before, and none was changed.`
    : `${allProducts} migrated before: ${inPlace}, and none was changed.`;
}

/** What a run with `replace` has removed, and has changed besides what it has added. */
function asideOfReplaced({ migrated, nouns }: UntoldReport, fresh: number): string {
  const { replaced = 0, staleRemoved = 0 } = migrated;
  const were = (number: number): string => (number === 1 ? 'was' : 'were');
  const changed =
    replaced === 0 || fresh === 0
      ? ''
      : ` ${counted(replaced, 'item')} ${were(replaced)} brought up to date.`;
  const whose = `${staleRemoved === 1 ? 'its' : 'their'} ${nouns.item}`;
  const removed =
    staleRemoved === 0
      ? ''
      : ` ${counted(staleRemoved, 'item')} that ${whose} no longer has ${were(staleRemoved)} removed.`;
  return changed + removed;
}

/** The step that fills the tables reads none of them back. */
function stepSentence({ migrated, backup, nouns, verification }: UntoldReport, step: string): string {
  const alone = `Step ${step}, which was called alone, has come to its end`;
  if (migrated.items > 0)
    return `${alone}: ${counted(migrated.items, 'item')} of ${countedAs(nouns, migrated.products)} in place${verification === null ? ', not verified' : ''}.`;
  return backup === null ? `${alone}.` : `${alone}: ${counted(backup.items, 'item')} backed up.`;
}

function successSentence(report: UntoldReport): string {
  const { migrated, restored } = report;
  if (restored !== undefined) return restoreSentence(restored);
  if (report.step !== undefined) return stepSentence(report, report.step);
  const products = countedAs(report.nouns, migrated.products);
  const items = counted(migrated.items, 'item');
  const fresh = migrated.items - migrated.alreadyPresent;
  const inQuarantine =
    migrated.quarantined > 0
      ? ` ${countedAs(report.nouns, migrated.quarantined)} stayed behind in quarantine.`
      : '';
  const aside = `${asideOfReplaced(report, fresh)}${asideOfOthers(report)}${inQuarantine}`;
  if (migrated.items > 0 && fresh === 0) return `${nothingNewSentence(report)}${aside}`;
  const before = migrated.alreadyPresent > 0 ? `, ${counted(fresh, 'of them', 'of them')} new` : '';
  return `${products} migrated as ${items}${before}, read back and found complete.${aside}`;
}

function planSentence({ rehearsal, source, nouns }: UntoldReport): string {
  const { metadata = 0, variants = 0, quarantined = 0 } = rehearsal ?? {};
  const aside = quarantined === 0 ? '' : ` ${countedAs(nouns, quarantined)} would go to quarantine.`;
  return `Dry run: ${countedAs(nouns, source.products)} would become ${counted(metadata + variants, 'item')}.${aside} No table was created or written.`;
}
