import type { Report } from '../report.ts';
import { count } from '../../format.ts';
import { heading } from './heading.ts';
import { type Html, html } from './html.ts';
import { facts } from './sections.ts';

const MODES = {
  NEW: 'new, created by this restore',
  EXISTING: 'it existed before, and only missing items were written',
} as const;

/** Of items that a restore has left alone. */
export const differing = (items: number): string =>
  items === 1 ? 'differs from the backup' : 'differ from the backup';

/** What a restore wrote, where to, and what it left alone. */
export function restoreSection({ restored }: Report): Html | undefined {
  if (restored === undefined) return undefined;
  const { backupId, targetTable, mode, written, alreadyPresent, keptDifferent, expired } = restored;
  const isExisting = mode === 'EXISTING';
  return html`<section aria-labelledby="restored-heading">${heading('restored', 'What was restored')}
    ${facts([
      ['Backup', html`<code>${backupId}</code>`],
      ['Into table', html`<code>${targetTable}</code>, ${MODES[mode]}`],
      ['Written', count(written)],
      isExisting ? ['Already there', `${count(alreadyPresent)}, equal in every attribute`] : undefined,
      isExisting ? ['Left as they are', `${count(keptDifferent)}, ${differing(keptDifferent)}`] : undefined,
      ['Expired', `${count(expired)}, whose time to live was up when the restore began`],
    ])}</section>`;
}
