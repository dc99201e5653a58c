import { describe, expect, it } from 'vitest';
import type { Shard } from '../../../functions/shared/ledger/shard.ts';
import { countsInPlace } from '../../../functions/shared/runs/report-counts.ts';
import type { ReportedTable } from '../../../functions/shared/runs/report.ts';
import type { RolledBack } from '../../../functions/shared/runs/reported-counts.ts';
import { evenAndOdd } from '../../support/two-tables.ts';

type Outcome = ReportedTable['outcome'];

/** A worker that has written 40 items into one table and 2 into the other. */
const shards = new Map([
  [
    'MigrateProducts',
    [{ counters: { items: 42, metadata: 42, 'even ONE': 40, 'odd ONE': 2 } } as unknown as Shard],
  ],
] as const);

const placed = (even: Outcome, odd: Outcome, back?: Partial<RolledBack>) =>
  countsInPlace(
    shards,
    evenAndOdd.filled.map((spec) => {
      const { name } = spec;
      return { spec, name, other: undefined, reported: { name, outcome: name === 'even' ? even : odd } };
    }),
    back && { from: 'RUNNING', deleted: 0, restored: 0, kept: 0, keptKeys: [], isThrough: false, ...back },
  );

describe('what is in place of a run that fills two tables', () => {
  it('is in both of them while both are there', () => {
    expect(placed('CREATED', 'CREATED')).toMatchObject({ products: 42, items: 42 });
  });

  it('is not what was in the one that is gone', () => {
    expect(placed('DELETED', 'CREATED')).toMatchObject({
      products: 0,
      items: 2,
      byTarget: { odd: { ONE: 2 } },
    });
    expect(placed('DELETED', 'KEPT', {})).toMatchObject({ products: 0, items: 2 });
    expect(placed('DELETED', 'EXISTED', {})).toMatchObject({ items: 2 });
    expect(placed('DELETED', 'DELETED', {})).toMatchObject({ items: 0 });
  });

  it('is, after a roll back, what stays in the one that was there before and what is in the one that was kept', () => {
    const through = { kept: 1, deleted: 1, isThrough: true };
    expect(placed('KEPT', 'EXISTED', through)).toMatchObject({ items: 41 });
    expect(placed('DELETED', 'EXISTED', through)).toMatchObject({ items: 1 });
    expect(placed('EXISTED', 'EXISTED', through)).toMatchObject({ items: 1 });
  });
});
