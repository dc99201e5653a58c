import { expect, it } from 'vitest';
import { createStaleSweep, type SweepScope } from '../../../functions/migrate-products/stale-items.ts';
import type { PendingProduct } from '../../../functions/migrate-products/target-writer.ts';
import { migration } from '../../../functions/migrations/shop/index.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { FilledTable } from '../../../functions/shared/migration/migration.ts';
import { sizedProduct } from './migrate-bench.ts';

const [table] = migration.filled as [FilledTable];

/** What a product with four variants becomes. */
function itemsBy(runId: string): readonly WireItem[] {
  const { settings } = migration;
  const made = migration.transform(sizedProduct(1), {
    runId,
    startedAt: '2026-01-02T03:04:05.678Z',
    settings,
  });
  return made.kind === 'items' ? made.items.map(({ item }) => item) : [];
}

it('a sweep is done with each page of a partition before it reads the next, because a partition may be of any size', async () => {
  const events: string[] = [];
  const pages = itemsBy('run-1').slice(1, 4);
  const scope: Partial<SweepScope> = {
    runId: 'run-2',
    table,
    tableName: table.name,
    retry: (attempt) => attempt(),
    onRead: () => undefined,
    query: ({ exclusiveStartKey }) => {
      const at = Number((exclusiveStartKey?.['page'] as { N: string } | undefined)?.N ?? 0);
      events.push(`page ${at}`);
      const item = pages[at] ?? {};
      const isLast = at + 1 === pages.length;
      const lastEvaluatedKey = { page: { N: String(at + 1) } };
      return Promise.resolve({ items: [item], readUnits: 1, ...(!isLast && { lastEvaluatedKey }) });
    },
    isOfLaterRun: () => {
      events.push('judged');
      return Promise.resolve(true);
    },
  };
  const sweep = createStaleSweep(scope as SweepScope);

  await sweep.sweep({ remaining: 1 } as PendingProduct, itemsBy('run-2').slice(0, 1));
  await sweep.drain();

  expect(events).toEqual(['page 0', 'judged', 'page 1', 'judged', 'page 2', 'judged']);
});
