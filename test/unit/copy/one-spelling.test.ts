import { afterEach, describe, expect, it } from 'vitest';
import { openReconcile } from '../../../functions/shared/copy/reconcile/open-reconcile.ts';
import { defineMigration } from '../../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../../functions/shared/migration/define-table.ts';
import { commitBench, driveRun } from '../complete-run/commit-bench.ts';
import { type Bench, product } from '../files/backup-bench.ts';

/** Makes a list of a set, in the order in which it comes. */
const migration = defineMigration({
  source: { name: 'products', key: { partition: ['id', 'S'] } },
  targets: {
    all: defineTable({
      name: 'all',
      key: { partition: ['PK', 'S'] },
      billing: { mode: 'PAY_PER_REQUEST' },
      holds: ['ONE'],
    }),
  },
  settings: {},
  nouns: { item: 'product', items: 'products' },
  belongsTo: { all: { sourceKeyOf: ({ PK }) => ({ id: PK }), partitionsOf: ({ id }) => [id] } },
  transform: ({ id, ...item }, { put }) => {
    const { tags = { SS: [] } } = item as { readonly tags?: { readonly SS: readonly string[] } };
    return put({ all: { ONE: [{ PK: id, tags: { L: tags.SS.map((S) => ({ S })) } }] } });
  },
});

let bench: Bench;
afterEach(() => bench.stop());

describe('a source item that is reconciled', () => {
  it('is transformed in the spelling of a backup, whatever order DynamoDB gives its sets in', async () => {
    const started = await commitBench([product(1, { tags: { SS: ['b', 'c', 'a'] } })]);
    bench = { ...started.bench, runtime: { ...started.bench.runtime, migration } };
    const { run } = started;
    await driveRun(bench, run);
    const fence = (): Promise<void> => Promise.resolve();
    const scope = {
      run,
      fence,
      deadline: Date.now() + 60_000,
      readUnitsPerSecond: 0,
      writeUnitsPerSecond: 0,
    };
    const request = { sourceKey: { id: { S: 'p-1' } }, repair: true };
    const cost = { readUnits: 0, writeUnits: 0, throttles: 0 };
    expect(await openReconcile(bench.runtime, scope)(request, cost)).toMatchObject({ outcome: 'equal' });
  });
});
