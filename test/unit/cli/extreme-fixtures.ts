import type { Report } from '../../../functions/shared/runs/report.ts';
import type { ReportView } from '../../../workflow/cli/collect-report.ts';
import { failedView, largeView, reportOf, startMillis } from './report-fixtures.ts';

const WEEKS_SECONDS = 38 * 86_400;
const LONGEST_NAME = 'x'.repeat(255);

/** A million million products, which took weeks. */
export function hugeView(): ReportView {
  const view = largeView();
  const report = reportOf({
    ...untold(view.report),
    source: { table: 'products', products: 1e12, bytes: 1e15 },
    migrated: {
      products: 1e12,
      items: 5e12,
      metadata: 1e12,
      variants: 4e12,
      alreadyPresent: 0,
      quarantined: 0,
    },
    finishedAt: new Date(startMillis + WEEKS_SECONDS * 1_000).toISOString(),
    durationSeconds: WEEKS_SECONDS,
  });
  return slower({ ...view, report }, WEEKS_SECONDS / view.report.durationSeconds);
}

/** Names as long as AWS allows them, and 25 tables. */
export function longNamesView(): ReportView {
  const view = failedView();
  const many = Array.from(
    { length: 24 },
    (_, index) => ({ name: `table-${index}`, outcome: 'KEPT' }) as const,
  );
  const report = reportOf({
    ...untold(view.report),
    source: { table: LONGEST_NAME, products: 5_000, bytes: 6_890_000 },
    tables: [{ name: LONGEST_NAME, outcome: 'DELETED' }, ...many],
    quarantine: [
      { productId: 'y'.repeat(120), code: 'KeyTooLong', sentence: `"${'y'.repeat(110)}" is too long.` },
    ],
  });
  return { ...view, report };
}

/** Without the sentences, which are made again. */
function untold(report: Report): Partial<Report> {
  const { summary: _summary, nextStep: _nextStep, ...rest } = report;
  return rest;
}

function slower(view: ReportView, factor: number): ReportView {
  const at = (millis: number): number => startMillis + (millis - startMillis) * factor;
  return {
    ...view,
    path: view.path.map((visit) => ({ ...visit, enteredAt: at(visit.enteredAt), leftAt: at(visit.leftAt) })),
    shards: new Map(
      [...view.shards].map(([state, own]) => [
        state,
        own.map((shard) => ({
          ...shard,
          startedAt: at(shard.startedAt),
          updatedAt: at(shard.updatedAt),
          marks: shard.marks.map(([millis, items]) => [at(millis), items] as const),
        })),
      ]),
    ),
  };
}
