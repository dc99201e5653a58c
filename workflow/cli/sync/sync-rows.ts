import { count, counted, someOf } from '../../../functions/shared/counted.ts';
import {
  comparedSentence,
  type NamedKeys,
  type ReportedMinute,
  type SyncReport,
} from '../../../functions/shared/runs/sync-report.ts';
import { duration, moment } from '../../../functions/shared/format.ts';
import type { Row } from '../summary.ts';
import { groupWarnings } from '../../../functions/shared/runs/group-warnings.ts';
import { gapText } from '../../../functions/shared/runs/sync-outcome.ts';

const MINUTE_MILLIS = 60_000;

/** How many records had been followed at a look before this one (epoch milliseconds). */
export interface EarlierLook {
  readonly at: number;
  readonly records: number;
}

/** What is known of a sync or a compare at `now` (epoch milliseconds), line by line. */
export function syncRows(report: SyncReport, now: number, before?: EarlierLook): readonly Row[] {
  const { kind, follows, source, startedAt, finishedAt } = report;
  const end = finishedAt === null ? '' : `, ended ${moment(finishedAt)} UTC`;
  return [
    ['Source', `${source.table} into ${follows.tables.join(', ')}, as migration ${follows.runId} made it`],
    ['Since', `${moment(startedAt)} UTC${end}`],
    ...(kind === 'sync' ? followedRows(report, now, before) : []),
    ['Compared', comparedText(report, now)],
    ...namedRows(report),
    ...gapRows(report),
    ...groupWarnings(report.warnings).map((warning): Row => ['Warning', warning]),
  ];
}

/** What came over the stream. */
function followedRows(report: SyncReport, now: number, before: EarlierLook | undefined): readonly Row[] {
  const { followed, pending } = report;
  return [
    ['Lag', lagText(report, now)],
    ['Records', `${rateText(report, now, before)}, ${count(followed.records)} since the start`],
    ['Repaired', `${counted(followed.repaired, 'source item')} brought up to date by changes`],
    ...keysRows('Pending', pending),
  ];
}

function lagText({ minutes, followed }: SyncReport, now: number): string {
  const last = minutes.at(-1);
  if (last === undefined) return 'no change has been followed yet';
  const mean = duration(last.meanLagSeconds);
  const endedAt = startOf(last) + MINUTE_MILLIS;
  const at = endedAt > now ? 'in this minute' : `at ${last.minute.slice(11)} UTC, ${agoText(now - endedAt)}`;
  return `${mean} on average, ${duration(last.maxLagSeconds)} at most ${at}; ${duration(followed.maxLagSeconds)} at most since the start`;
}

/** Epoch milliseconds. */
export const startOf = ({ minute }: Pick<ReportedMinute, 'minute'>): number => Date.parse(`${minute}:00Z`);

/** Change records a second, over the present minute and the one before it. */
export function recordsPerSecond({ minutes, startedAt }: SyncReport, now: number): number {
  const minuteBefore = Math.floor(now / MINUTE_MILLIS) * MINUTE_MILLIS - MINUTE_MILLIS;
  const from = Math.max(minuteBefore, Date.parse(startedAt));
  const records = minutes
    .filter((one) => startOf(one) >= minuteBefore)
    .reduce((sum, one) => sum + one.records, 0);
  return records / Math.max(1, (now - from) / 1_000);
}

/** As exact as it can be told: since the look before, else over two minutes. */
function rateText(report: SyncReport, now: number, before: EarlierLook | undefined): string {
  if (before === undefined) return `${perSecondText(recordsPerSecond(report, now))} in the last two minutes`;
  const records = Math.max(0, report.followed.records - before.records);
  return `${perSecondText(records / Math.max(1, (now - before.at) / 1_000))} now`;
}

function perSecondText(perSecond: number): string {
  return `${perSecond < 9.95 && perSecond > 0 ? perSecond.toFixed(1) : count(perSecond)}/s`;
}

function comparedText({ compared }: SyncReport, now: number): string {
  if (compared === null) return 'not yet';
  return `${agoText(now - compared.finishedAt)}: ${comparedSentence(compared)}`;
}

/** `5 min ago`; the clocks of the ledger's writers and of this machine may differ a little. */
function agoText(millis: number): string {
  const seconds = Math.round(millis / 1_000);
  if (seconds < 1) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  const days = Math.floor(seconds / 86_400);
  return days < 2 ? `${duration(seconds)} ago` : `${days} days ago`;
}

/** Keys that a reader should know of. */
function namedRows({ conflicts, quarantined, differing, kind }: SyncReport): readonly Row[] {
  const rows: readonly (readonly [label: string, keys: NamedKeys, isOf: boolean])[] = [
    ['Conflicts', conflicts, kind === 'sync'],
    ['Quarantined', quarantined, kind === 'sync'],
    ['Differing', differing, false],
  ];
  return rows
    .filter(([, keys, isAlways]) => isAlways || keys.count > 0)
    .flatMap(([label, keys]) => keysRows(label, keys));
}

const MAX_REASONS = 3;

/** `3: A, B, C`, and why the first of them are named. */
function keysRows(label: string, { count: all, keys, reasons }: NamedKeys): readonly Row[] {
  if (all === 0) return [[label, '0']];
  const why = keys.slice(0, MAX_REASONS).map((key, index): Row => ['', `${key}: ${reasons[index] ?? ''}`]);
  return [[label, `${count(all)}: ${someOf(keys, { most: keys.length, total: all })}`], ...why];
}

function gapRows(report: SyncReport): readonly Row[] {
  const { gap } = report;
  return gap === null ? [] : [['Gap', gapText(report, gap)]];
}
