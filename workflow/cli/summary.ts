import { isCommandLine } from '../../functions/shared/commands.ts';
import { capitalized, countedAs, someOf } from '../../functions/shared/counted.ts';
import { printableAll } from '../../functions/shared/printable.ts';
import { kindsText } from '../../functions/shared/runs/page/kinds-text.ts';
import { isCosted, unpricedText } from '../../functions/shared/cost/cost.ts';
import type { Report } from '../../functions/shared/runs/report.ts';
import {
  bytes,
  count,
  counted,
  duration,
  moment,
  money,
  TABLE_OUTCOMES,
} from '../../functions/shared/format.ts';
import type { ReportedBulkPut } from '../../functions/shared/runs/report-bulk.ts';
import { type Outcome, outcomeOf } from '../../functions/shared/runs/outcome.ts';
import { attemptLines } from '../../functions/shared/runs/attempt-text.ts';
import { controlLines } from '../../functions/shared/runs/control-text.ts';
import type { Terminal } from './terminal.ts';
import { fit } from './wrap.ts';
import { groupWarnings } from '../../functions/shared/runs/group-warnings.ts';

/** A line under a headline. */
export type Row = readonly [label: string, text: string];

const maxListed = 5;

/** The report for a person at a terminal: the outcome, what matters, where to read on. */
export function printSummary(terminal: Terminal, given: Report): void {
  const report = printableAll(given);
  const rows = [...failureRows(report), ...factRows(report), ...pathRows(report)];
  for (const line of outcomeLines(terminal, outcomeOf(report), rows)) terminal.say(line);
}

/** A headline, the rows below it, and what to do now. */
export function outcomeLines(terminal: Terminal, outcome: Outcome, rows: readonly Row[]): readonly string[] {
  const { colors } = terminal;
  const line = ([label, text]: Row, paint: (text: string) => string): string =>
    `  ${paint(label.padEnd(labelWidth))} ${fit(terminal, text, labelWidth + 3)}`;
  const { nextStep } = outcome;
  return [
    '',
    headline(terminal, outcome),
    '',
    ...rows.map((row) => line(row, colors.dim)),
    ...(nextStep === undefined ? [] : ['', ...nextStepLines(terminal, nextStep)]),
    '',
  ];
}

/** What to do now. A command is never wrapped, so that it can be pasted. */
export function nextStepLines(terminal: Terminal, nextStep: string): readonly string[] {
  const label = (index: number): string =>
    terminal.colors.bold((index === 0 ? 'Now' : '').padEnd(labelWidth));
  return nextStep
    .split('\n')
    .map(
      (line, index) =>
        `  ${label(index)} ${isCommandLine(line) ? line : fit(terminal, line, labelWidth + 3)}`,
    );
}

const labelWidth = 12;

function headline(terminal: Terminal, { tone, word, sentence }: Outcome): string {
  const { colors, signs } = terminal;
  const text = fit(terminal, `${word}. ${sentence}`, 2);
  return `${signs[tone]} ${colors.bold(word)}${text.slice(word.length)}`;
}

export function failureRows({ failure }: Pick<Report, 'failure'>): readonly Row[] {
  if (failure === null) return [];
  return [
    ['Error', failure.error],
    ['Cause', failure.cause],
  ];
}

function factRows(report: Report): readonly Row[] {
  return [
    ...countRows(report),
    ...quarantineRows(report),
    ...tableRows(report),
    ...(report.backup === null ? [] : [['Backup', backupText(report.backup)] as const]),
    ...(report.bulkPuts ?? []).flatMap(bulkRows),
    ...groupWarnings(report.warnings ?? []).map((warning): Row => ['Warning', warning]),
    ...controlLines(report).map((line, index): Row => [index === 0 ? 'Operator' : '', line]),
    ...attemptLines(report).map((line, index): Row => [index === 0 ? 'Attempts' : '', line]),
    ['Time', duration(report.durationSeconds)],
    ...costRows(report),
  ];
}

function countRows(report: Report): readonly Row[] {
  const { source, migrated, verification, status, rolledBack, nouns } = report;
  const rows: Row[] = [];
  if (source.products > 0)
    rows.push([
      capitalized(nouns.items),
      `${count(source.products)} in ${source.table}, ${bytes(source.bytes)}`,
    ]);
  if (status === 'SUCCEEDED' && migrated.metadata + migrated.variants > 0)
    rows.push([
      'Items',
      `${count(migrated.items)} in place: ${kindsText(migrated)}; ${count(migrated.alreadyPresent)} of them there before`,
    ]);
  if (rolledBack !== undefined && rolledBack.kept > 0) rows.push(['Left', leftText(rolledBack)]);
  if (verification !== null) {
    const { expected, found, missing, different, extra, drift } = verification;
    rows.push([
      'Verified',
      `${count(found)} of ${count(expected)} found, ${count(missing)} missing, ${count(different)} different, ${count(extra)} extra`,
    ]);
    rows.push(...othersRows(report));
    const changes = drift.added + drift.changed + drift.removed;
    if (changes > 0)
      rows.push([
        'Drift',
        `${countedAs(nouns, changes)} changed in ${source.table} meanwhile: ${count(drift.added)} added, ${count(drift.changed)} changed, ${count(drift.removed)} removed.`,
      ]);
  }
  return rows;
}

function leftText({ kept, keptKeys }: NonNullable<Report['rolledBack']>): string {
  const named = someOf(keptKeys, { most: keptKeys.length, total: kept });
  return `${counted(kept, 'item')} with the mark of the run: ${named}`;
}

/** Items that are not what the source says, and were left alone all the same. */
function othersRows({ verification, mismatches = {}, nouns }: Report): readonly Row[] {
  const { presentDifferent = 0, staleVariants = 0 } = verification ?? {};
  const list = (keys: readonly string[] = []): string => keys.slice(0, maxListed).join(', ');
  return [
    ...(presentDifferent === 0
      ? []
      : [
          [
            'Different',
            `${counted(presentDifferent, 'item')} of earlier runs or of others, left alone: ${list(mismatches.presentDifferent)}`,
          ] as const,
        ]),
    ...(staleVariants === 0
      ? []
      : [
          [
            'Stale',
            `${counted(staleVariants, 'item')} of earlier migrations that the ${nouns.item} no longer has: ${list(mismatches.staleVariants)}`,
          ] as const,
        ]),
  ];
}

function quarantineRows({
  quarantine = [],
  quarantineUri,
  migrated,
  rehearsal,
  nouns,
}: Report): readonly Row[] {
  const total = Math.max(migrated.quarantined, rehearsal?.quarantined ?? 0);
  if (total === 0) return [];
  const listed = quarantine
    .slice(0, maxListed)
    .map(({ productId, code, sentence }): Row => ['', `${productId}: ${code}: ${sentence}`]);
  const more = total > listed.length ? [['', `and ${count(total - listed.length)} more`] as const] : [];
  const where = quarantineUri === undefined ? '' : `, all of them in ${quarantineUri}`;
  return [['Quarantine', `${countedAs(nouns, total)}${where}`], ...listed, ...more];
}

/** A row for the tables with nothing more to say, and one for each of the others. */
function tableRows({ tables }: Report): readonly Row[] {
  const plain = Map.groupBy(
    tables.filter(({ remark }) => remark === undefined),
    ({ outcome }) => outcome,
  );
  const texts = [
    ...[...plain].map(
      ([outcome, ones]) => `${ones.map(({ name }) => name).join(', ')} ${TABLE_OUTCOMES[outcome]}`,
    ),
    ...tables.flatMap(({ name, outcome, remark }) =>
      remark === undefined ? [] : `${name} ${TABLE_OUTCOMES[outcome]}: ${remark}`,
    ),
  ];
  return texts.map((text, index) => [index === 0 ? 'Tables' : '', text] as const);
}

function backupText({ uri, files, items }: NonNullable<Report['backup']>): string {
  return `${uri} (${counted(items, 'item')} in ${counted(files, 'file')})`;
}

function bulkRows(bulkPut: ReportedBulkPut): readonly Row[] {
  const { table, operationArn, processed, failed, alreadyPresent, bulkPutBytes } = bulkPut;
  if (operationArn === undefined) return [['Bulk put', `into ${table}: not known to have been started`]];
  const charged = bulkPutBytes === undefined ? '' : `, ${bytes(bulkPutBytes)} charged for`;
  return [
    [
      'Bulk put',
      `into ${table}: ${counted(processed, 'item')} processed, ${count(failed)} failed, ${count(alreadyPresent)} of others existed already${charged}`,
    ],
    ['', `${operationArn}${timesText(bulkPut)}`],
    ...(bulkPut.reportUri === undefined ? [] : [['', `reported in ${bulkPut.reportUri}`] as const]),
  ];
}

function timesText({ startedAt, endedAt }: ReportedBulkPut): string {
  const from = startedAt === undefined ? '' : `, from ${moment(startedAt)} UTC`;
  return endedAt === undefined ? from : `${from} to ${moment(endedAt)} UTC`;
}

function costRows({ cost }: Report): readonly Row[] {
  const { actual } = cost;
  if (!isCosted(actual))
    return 'region' in actual ? [['Cost', `unknown: there are no prices of ${unpricedText(actual)}`]] : [];
  const estimated = isCosted(cost.estimated) ? `, estimated at ${money(cost.estimated)}` : '';
  return [['Cost', `${money(actual)} at AWS prices${estimated}`]];
}

/** Which run it is, and where its report is in the bucket. */
export function pathRows({ runId, reportUri }: Pick<Report, 'runId' | 'reportUri'>): readonly Row[] {
  return [['Run', runId], ...(reportUri === null ? [] : [['Report', reportUri] as const])];
}
