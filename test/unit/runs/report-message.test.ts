import { describe, expect, it } from 'vitest';
import { messageOf } from '../../../functions/shared/runs/publish-report.ts';
import { reportOf } from '../cli/report-fixtures.ts';

const lineOf = (more: Parameters<typeof reportOf>[0]): string | undefined =>
  messageOf(reportOf(more)).split('\n')[2];

describe('the message that tells of a report', () => {
  const { migrated } = reportOf();

  it('says what of a migration is in place', () => {
    const done = { ...migrated, quarantined: 1 };
    expect(lineOf({ migrated: done, durationSeconds: 90_061.25 })).toBe(
      '6 products read, 1 quarantined, 30 items in place, in 25 h 1 min.',
    );
  });

  it('does not say that nothing is in place of a restore, whose items no migration counts', () => {
    const nothing = { products: 0, items: 0, metadata: 0, variants: 0, alreadyPresent: 0, quarantined: 0 };
    expect(lineOf({ kind: 'restore', migrated: nothing, durationSeconds: 12.345 })).toBe(
      '6 items in the backup, in 12 s.',
    );
  });

  it('says where nobody has counted what is in place', () => {
    const tables = [{ name: 'cart', outcome: 'KEPT', uncounted: true } as const];
    expect(lineOf({ status: 'ROLLED_BACK', tables, durationSeconds: 1 })).toBe(
      '6 products read, 0 quarantined, 30 items in place as its workers recorded, in 1.0 s.',
    );
  });
});
