import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { rollBackItems } from '../../../functions/roll-back/roll-back-items.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { shardKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { keyOf } from '../../support/shop.ts';
import { unchangedCondition } from '../../../functions/shared/aws/unchanged.ts';
import type { WireItem, WireValue } from '../../../functions/shared/items/wire-item.ts';
import {
  changeSource,
  type MigrateBench,
  migrateBench,
  replacing,
  sizedProduct,
  sizedProducts,
  snapshot,
  targetName,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

const text = (value: WireValue | undefined): unknown => (value as { S?: string } | undefined)?.S;
const variantsOf = async (): Promise<readonly WireItem[]> =>
  [...(await bench.target()).values()].filter(({ PK, size }) => text(PK) === 'PRODUCT#p-1' && size);

/** A run that replaces, and has removed two variants that the first product no longer has. */
async function removedRun(): Promise<{ readonly run: Run; readonly before: string }> {
  bench = await migrateBench({ products: sizedProducts(3) });
  await bench.migrate();
  const before = await snapshot(bench);
  await changeSource(bench, sizedProduct(1, { sizes: { L: [{ S: 'S' }, { S: 'M' }] } }));
  const run = await bench.nextRun('run-2', replacing);
  await bench.migrate(run);
  expect(await variantsOf()).toHaveLength(2);
  return { run, before };
}

/** A roll back from its mark on; `time` tells one from the next. */
const rollBack = (run: Run, time: number) =>
  rollBackItems(bench.runtime, {
    run: { ...run, markedAt: time },
    tableName: targetName,
    deadline: Date.now() + 60_000,
    check: () => Promise.resolve(),
  });

describe('a run that has removed items, and is rolled back twice', () => {
  it('does not bring back what the shop has deleted since the first time', async () => {
    const { run, before } = await removedRun();
    const first = await rollBack(run, 1);
    expect(first).toMatchObject({ done: true, left: {} });
    expect(await snapshot(bench)).toBe(before);
    const sold = (await variantsOf()).find(({ size }) => text(size) === 'XL') ?? {};
    const condition = unchangedCondition(sold) ?? { expression: '' };
    await bench.runtime.items.deleteIf(targetName, keyOf(sold), condition);
    expect(await rollBack(run, 2)).toEqual(first);
    expect(new Set((await variantsOf()).map(({ size }) => text(size)))).toEqual(new Set(['L', 'M', 'S']));
  });

  it('brings back again what it has removed again since the first time, as a resumed run may', async () => {
    const { run, before } = await removedRun();
    await rollBack(run, 1);
    const { client, tableName: TableName } = bench.runtime.ledger;
    const Key = shardKey(run.runId, 'MigrateProducts', 0);
    await client.send(new DeleteCommand({ TableName, Key }));
    await bench.migrate(run);
    expect(await variantsOf()).toHaveLength(2);
    await rollBack(run, 2);
    expect(await snapshot(bench)).toBe(before);
  });
});
