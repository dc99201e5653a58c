import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createKeeper,
  type KeeperScope,
  type KeptChange,
} from '../../../functions/migrate-products/keeper.ts';
import { readUndo } from '../../../functions/shared/files/undo-file.ts';
import { keyMark, listUndoRecords } from '../../../functions/shared/ledger/undo-record.ts';
import { keyOfSpec } from '../../../functions/shared/migration/table-spec.ts';
import { productsEnhancedTable } from '../../../functions/migrations/shop/tables/products-enhanced.ts';
import { type Bench, startBench } from '../files/backup-bench.ts';

const key = keyOfSpec(productsEnhancedTable);

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.stop());

let runId = 'run-0';
beforeEach(() => {
  runId = `run-${Number(runId.slice(4)) + 1}`;
});

const scope = (): KeeperScope => ({
  runId,
  key,
  ledger: bench.runtime.ledger,
  objects: bench.objects,
  inDoubt: bench.runtime.inDoubt,
  fence: { check: () => Promise.resolve() },
  saveDeadline: Date.now() + 10_000,
});

type Change = KeptChange['change'];

const kept = (SK: string, change: Change): KeptChange => ({
  stem: '0-0',
  old: { PK: { S: 'PRODUCT#p-1' }, SK: { S: SK } },
  change,
});
const leaveAlone: Change = () => Promise.resolve('left alone');
const remove: Change = () => Promise.resolve('changed');
const markOf = (SK: string): string => keyMark(kept(SK, remove).old, key);

describe('keeping items before they are changed', () => {
  it('notes which of them were left alone', async () => {
    await createKeeper(scope()).change([kept('A', remove), kept('B', leaveAlone)], 2);
    const [record] = await listUndoRecords(bench.runtime.ledger, { runId, stem: '0-0' });
    expect(record).toMatchObject({ keys: [markOf('A'), markOf('B')], leftAlone: [markOf('B')] });
  });

  it('forgets what an attempt has noted once another one has kept the same items, and notes nothing more', async () => {
    await createKeeper(scope()).change([kept('A', leaveAlone)], 1);
    await createKeeper(scope()).change([kept('A', leaveAlone)], 1);
    expect(await listUndoRecords(bench.runtime.ledger, { runId, stem: '0-0' })).toMatchObject([
      { number: 0, isShared: true, leftAlone: [] },
    ]);
  });

  it('does not take the late note of an attempt when another one has kept the same items meanwhile', async () => {
    const removedMeanwhile: Change = async () => {
      await createKeeper(scope()).change([kept('A', remove)], 1);
      return 'left alone';
    };
    await createKeeper(scope()).change([kept('A', removedMeanwhile)], 1);
    expect(await listUndoRecords(bench.runtime.ledger, { runId, stem: '0-0' })).toMatchObject([
      { number: 0, isShared: true, leftAlone: [] },
    ]);
  });

  it('keeps large items in several objects, because one request carries only so much', async () => {
    const large = (SK: string): KeptChange => {
      const one = kept(SK, remove);
      return { ...one, old: { ...one.old, text: { S: 'x'.repeat(3 * 1024 * 1024) } } };
    };
    await createKeeper(scope()).change([large('A'), large('B'), large('C'), kept('D', remove)], 2);
    const records = await listUndoRecords(bench.runtime.ledger, { runId, stem: '0-0' });
    expect(records.map(({ keys }) => keys)).toEqual([
      [markOf('A'), markOf('B')],
      [markOf('C'), markOf('D')],
    ]);
    const undo = await readUndo({ objects: bench.objects, runId, stem: '0-0' }, key);
    expect(undo.size).toBe(4);
  });

  it('notes nothing after a request without an answer', async () => {
    const doubtful: Change = () => {
      bench.runtime.inDoubt.note();
      return leaveAlone();
    };
    await createKeeper(scope()).change([kept('A', doubtful)], 1);
    const [record] = await listUndoRecords(bench.runtime.ledger, { runId, stem: '0-0' });
    expect(record?.leftAlone).toBeUndefined();
  });
});
