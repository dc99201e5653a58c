import { duration, moment } from '../format.ts';
import type { Attempt } from '../ledger/run-facts.ts';
import { leftOutLine } from './control-text.ts';
import type { Report } from './report.ts';

/** `2026-03-01 12:00:05 UTC, 12 s: HELD` */
function attemptText({ startedAt, finishedAt, status }: Attempt): string {
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000;
  return `${moment(startedAt)} UTC, ${duration(seconds)}: ${status === 'RUNNING' ? 'stopped' : status}`;
}

/** Every attempt that a report lists, a line each, and how many it does not. */
export function attemptLines({
  attempts = [],
  attemptsLeftOut,
}: Pick<Report, 'attempts' | 'attemptsLeftOut'>): readonly string[] {
  return [...leftOutLine(attemptsLeftOut), ...attempts.map(attemptText)];
}
