import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { productToItems } from '../support/shop.ts';
import { catalogueTable, targetTables } from '../support/shop.ts';
import { keyIdentity } from '../support/shop.ts';
import { transformContext } from '../support/shop.ts';
import { readRun } from '../../functions/shared/ledger/run.ts';
import { caseCount } from '../support/soak.ts';
import {
  commitBench,
  deleteTable,
  driveRun,
  type LedgerItem,
  ledgerHand,
  type Stage,
  stages,
} from '../unit/complete-run/commit-bench.ts';
import type { Bench } from '../unit/files/backup-bench.ts';
import { itemsOf, shopItem, sizedProducts } from '../unit/migrate/migrate-bench.ts';

const products = sizedProducts(40);

/** One edit by hand of one record. */
interface Edit {
  readonly at: Stage;
  readonly what: 'remove' | 'count' | 'done' | 'table';
  readonly pick: number;
  readonly value: number;
}

async function edit(bench: Bench, { what, pick, value }: Edit): Promise<void> {
  const hand = ledgerHand(bench);
  const choose = <T>(from: readonly T[]): T | undefined => from[pick % Math.max(1, from.length)];
  if (what === 'table') {
    const { TableNames = [] } = await bench.runtime.clients.dynamo.send(new ListTablesCommand({}));
    const name = choose(TableNames.filter((one) => targetTables.some((spec) => spec.name === one)));
    return name === undefined ? undefined : deleteTable(bench, name);
  }
  const records = [...(await hand.items('FILE#')), ...(await hand.items('SHARD#'))];
  const record: LedgerItem | undefined = choose(records);
  if (record === undefined) return;
  if (what === 'remove') return hand.remove(record);
  const isFile = record.SK.startsWith('FILE#');
  if (isFile) return hand.set(record, ['itemCount'], value);
  if (what === 'done') return hand.set(record, ['done'], true);
  const counter = choose(Object.keys(record['counters'] ?? {}));
  return counter === undefined ? undefined : hand.set(record, ['counters', counter], value);
}

const edits = fc.record<Edit>({
  at: fc.constantFrom(...stages),
  what: fc.constantFrom('remove', 'count', 'done', 'table'),
  pick: fc.nat(1_000),
  value: fc.constantFrom(-1, 0, 1, 7, 20, 40, 80, 200),
});

/** The keys that are missing after a run that claims to have succeeded. Empty if it ended in another way. */
async function gapsAfter(all: readonly Edit[], isNew: boolean): Promise<readonly string[]> {
  const { bench, run } = await commitBench(products, isNew ? {} : { existing: [shopItem] });
  try {
    const ended = driveRun(bench, run, async (stage) => {
      for (const one of all) if (one.at === stage) await edit(bench, one);
    });
    await ended.catch(() => undefined);
    if ((await readRun(bench.runtime.ledger, run.runId)).status !== 'SUCCEEDED') return [];
    const target = await itemsOf(bench.runtime, catalogueTable.name);
    const expected = products.flatMap((product) => {
      const result = productToItems(product, transformContext(run));
      return result.kind === 'items' ? result.items : [];
    });
    const report = JSON.parse(bench.objects.bodies.get('runs/run-1/report.json')?.toString() ?? '{}');
    expect(report).toMatchObject({ migrated: { products: 40, items: 200 } });
    return expected.map(keyIdentity).filter((key) => !target.has(key));
  } finally {
    await bench.stop();
  }
}

describe('however somebody edits the ledger and the tables by hand before any state,', () => {
  it('no run succeeds with less than all items', async () => {
    const everyEdit = fc.array(edits, { minLength: 1, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(everyEdit, fc.boolean(), async (all, isNew) => {
        expect(await gapsAfter(all, isNew)).toEqual([]);
      }),
      { numRuns: caseCount(15) },
    );
  });
});
