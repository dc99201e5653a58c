import type { Report } from '../../../functions/shared/report.ts';

/** Whether the run put a backup back; one that failed has no counts, but the run knows where it was to go. */
export function isRestore({ restored, details }: Report): boolean {
  return restored !== undefined || typeof details?.['targetTable'] === 'string';
}
