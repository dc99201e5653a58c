import { commandsOf, type StagePlace, stepText } from '../../functions/shared/commands.ts';
import { nextStepLines } from './summary.ts';
import { migration } from '#migration/index.ts';
import { printableAll } from '../../functions/shared/printable.ts';
import type { CompareResult } from './compare-result.ts';
import type { KeyKind } from '../../functions/shared/runs/page/sync-sections.ts';
import { count, counted, duration } from '../../functions/shared/format.ts';
import { syncInputOf } from '../../functions/shared/runs/start-again.ts';
import type { Tone } from '../../functions/shared/runs/outcome.ts';
import type { Terminal } from './terminal.ts';

const MAX_LISTED = 10;
const LABEL_WIDTH = 12;

/** Says what a compare has come to, and what to do about it. */
export function sayCompare(terminal: Terminal, given: CompareResult, place: StagePlace): void {
  const result = printableAll(given);
  const { say, signs, colors } = terminal;
  say();
  say(`${signs[toneOf(result)]} ${sentenceOf(result)}`);
  for (const { label, kind, noun, nouns, text } of ROWS) {
    const number = countOf(result, kind);
    const isMixed = kind === 'differing' && (result.compared.byHand ?? 0) > 0;
    const what = isMixed ? counted(number, 'key') : counted(number, noun, nouns);
    if (number > 0)
      say(`  ${colors.dim(label.padEnd(LABEL_WIDTH))} ${what} ${text}${listOf(result.keys[kind])}`);
  }
  const next = nextStepOf(result, place);
  if (next !== undefined) for (const line of ['', ...nextStepLines(terminal, next)]) say(line);
  say();
}

const { item, items } = migration.nouns;

interface Row {
  readonly label: string;
  readonly kind: KeyKind;
  /** Of what it counts: one, several, and what is said of them. */
  readonly noun: string;
  readonly nouns: string;
  readonly text: string;
}

const SOURCE_ITEM = { noun: item, nouns: items };
const TARGET_ITEM = { noun: 'item', nouns: 'items' };

const ROWS: readonly Row[] = [
  { label: 'Differing', kind: 'differing', ...SOURCE_ITEM, text: 'not in step with the target' },
  { label: 'Repaired', kind: 'repaired', ...SOURCE_ITEM, text: 'with items written or deleted' },
  { label: 'Conflicts', kind: 'conflicts', ...TARGET_ITEM, text: 'changed or added by others, left alone' },
  { label: 'Quarantined', kind: 'quarantined', ...SOURCE_ITEM, text: 'impossible to transform, left alone' },
  {
    label: 'Expired',
    kind: 'expired',
    ...TARGET_ITEM,
    text: 'with a time to live that is over: no difference',
  },
  { label: 'Foreign', kind: 'foreign', ...TARGET_ITEM, text: `of no ${item}: no difference` },
];

function countOf({ compared, keys }: CompareResult, kind: KeyKind): number {
  return compared[kind] ?? keys[kind].length;
}

function listOf(keys: readonly string[]): string {
  if (keys.length === 0) return '';
  const more = keys.length > MAX_LISTED ? ', …' : '';
  return `: ${keys.slice(0, MAX_LISTED).join(', ')}${more}`;
}

function toneOf({ compared: { differing, conflicts, quarantined } }: CompareResult): Tone {
  if (differing > 0) return 'bad';
  return conflicts + quarantined > 0 ? 'notice' : 'good';
}

function sentenceOf({ run, compared }: CompareResult): string {
  const seconds = (compared.finishedAt - compared.startedAt) / 1_000;
  const what = `${counted(compared.sourceItems, item, items)} of ${run.sourceTable} and ${counted(compared.targetItems, 'item')} of ${tablesOf(run)} compared in ${duration(seconds)}`;
  if (compared.differing > 0) return `${what}: ${differingText(compared)}.`;
  return compared.repaired > 0 ? `${what}: all that differed was repaired.` : `${what}: nothing differs.`;
}

/** What no condition can change is counted as an item of the target, everything else as one of the source. */
function differingText({ differing, byHand = 0 }: CompareResult['compared']): string {
  const own = differing - byHand;
  const verb = (number: number): string => (number === 1 ? 'differs' : 'differ');
  return [
    ...(own > 0 ? [`${count(own)} of the ${items} ${verb(own)}`] : []),
    ...(byHand > 0 ? [`${counted(byHand, 'target item')} ${verb(byHand)}`] : []),
  ].join(', ');
}

const tablesOf = ({ follows }: CompareResult['run']): string =>
  (follows?.tables ?? []).map(({ name }) => name).join(', ');

function nextStepOf({ compared, run }: CompareResult, place: StagePlace): string | undefined {
  if (compared.differing === 0) return undefined;
  const { compare, startSync, showSync } = commandsOf(place);
  if (compared.repairs) return stepText([stillDifferentText(compared), compare()]);
  if (run.kind === 'compare')
    return stepText([
      'Nothing was repaired, because no sync is open. Start one',
      startSync(syncInputOf(run)),
    ]);
  return stepText(['Nothing was repaired, because the sync is switching. Look at it', showSync()]);
}

/** Why something differs after a compare that repairs, and what is to be done before the next. */
function stillDifferentText({ differing, byHand = 0 }: CompareResult['compared']): string {
  const restless = 'changed at every look, and are repaired with the next changes';
  if (byHand === 0) return `They ${restless}. Compare again`;
  const others = byHand < differing ? ` The others ${restless}.` : '';
  return `${counted(byHand, 'target item has', 'target items have')} more attributes than a condition can name, so nothing can change them but you.${others} Delete each of them from the target by hand (above as table: key), then compare again, which writes them again`;
}
