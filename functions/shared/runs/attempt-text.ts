import { duration, moment } from '../format.ts';
import type { Attempt } from '../ledger/run-facts.ts';

/** `2026-03-01 12:00:05 UTC, 12 s: HELD` */
export function attemptText({ startedAt, finishedAt, status }: Attempt): string {
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000;
  return `${moment(startedAt)} UTC, ${duration(seconds)}: ${status === 'RUNNING' ? 'stopped' : status}`;
}
