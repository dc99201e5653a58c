import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import {
  type Bench,
  product,
  products,
  productsTable,
  shortTurn,
  sourceTable,
} from '../../unit/files/backup-bench.ts';
import { backedUp, begin, finish, restore, tableItems } from './restore-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

describe('a restore into a table that exists', () => {
  const targetTable = 'products-restored-by-hand';

  it('writes only what is missing, and keeps what was changed since', async () => {
    ({ bench } = await backedUp(products(100)));
    await bench.createTable({ ...productsTable, TableName: targetTable });
    const changed = product(3, { stock: { N: '1' } });
    await bench.fill(targetTable, [changed, product(4), product(5_000)]);
    const report = await restore(bench, { targetTable });
    expect(report.restored).toMatchObject({
      mode: 'EXISTING',
      written: 98,
      alreadyPresent: 1,
      keptDifferent: 1,
    });
    const expected = [...products(100).filter((_, index) => index !== 3), changed, product(5_000)];
    expect(await tableItems(bench, targetTable)).toEqual(expected.map(canonicalJson).toSorted());
    expect(report.tables).toEqual([{ name: targetTable, outcome: 'EXISTED' }]);
    expect(report.verification).toMatchObject({ expected: 100, found: 100, missing: 0 });
  });
  it('creates it again after a roll back of the dead run that had created it', async () => {
    ({ bench } = await backedUp(products(20)));
    await bench.createTable({ ...productsTable, TableName: targetTable });
    const run = await begin(bench, { targetTable });
    await bench.runtime.clients.dynamo.send(new DeleteTableCommand({ TableName: targetTable }));
    const { restored } = await finish(bench, run);
    expect(restored).toMatchObject({ mode: 'NEW', written: 20 });
  });
  it('changes nothing the second time', async () => {
    ({ bench } = await backedUp(products(50)));
    await bench.createTable({ ...productsTable, TableName: targetTable });
    await restore(bench, { targetTable }, { turnOf: shortTurn });
    const run = await begin(bench, { targetTable }, bench.runtime, 'restore-2');
    expect((await finish(bench, run)).restored).toMatchObject({ written: 0, alreadyPresent: 50 });
  });
  it('is refused when its key is another one', async () => {
    ({ bench } = await backedUp(products(5)));
    const KeySchema = [{ AttributeName: 'sku', KeyType: 'HASH' }] as const;
    await bench.createTable({
      ...productsTable,
      TableName: targetTable,
      KeySchema: [...KeySchema],
      AttributeDefinitions: [{ AttributeName: 'sku', AttributeType: 'S' }],
    });
    await expect(begin(bench, { targetTable })).rejects.toMatchObject({
      name: 'TableSchemaMismatchError',
      message: expect.stringContaining('sku (S)'),
    });
  });
  it('is never the source, unless the deployment and the operator both say so', async () => {
    ({ bench } = await backedUp(products(30)));
    const allowed: Runtime = {
      ...bench.runtime,
      config: { ...bench.runtime.config, restoreIntoSource: true },
    };
    const name = 'RestoreTargetError';
    await expect(begin(bench, { targetTable: sourceTable, confirm: sourceTable })).rejects.toMatchObject({
      name,
    });
    await expect(begin(bench, { targetTable: sourceTable }, allowed)).rejects.toMatchObject({ name });
    await expect(begin(bench, { targetTable: 'ledger' }, allowed)).rejects.toMatchObject({ name });
    const run = await begin(bench, { targetTable: sourceTable, confirm: sourceTable }, allowed);
    expect((await finish(bench, run, { runtime: allowed })).restored).toMatchObject({
      mode: 'EXISTING',
      written: 0,
      alreadyPresent: 30,
    });
  });
});
