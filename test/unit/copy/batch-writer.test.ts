import { describe, expect, it } from 'vitest';
import type { ItemTable } from '../../../functions/shared/aws/item-table.ts';
import { createBatchWriter } from '../../../functions/shared/copy/load/batch-writer.ts';
import { createLoadWindow } from '../../../functions/shared/copy/load/load-window.ts';
import { FIRST_LINE, type ReadLines } from '../../../functions/shared/copy/load/read-lines.ts';
import { createRate } from '../../../functions/shared/copy/rate.ts';

/** Writers of two tables that share one window; `refused` is never taken by DynamoDB in this turn. */
function twoTables(refused: string) {
  const window = createLoadWindow(FIRST_LINE);
  const batchPut: ItemTable['batchPut'] = (tableName, items) =>
    Promise.resolve({ unprocessed: tableName === refused ? [...items] : [], writeUnits: items.length });
  const writerOf = (tableName: string) =>
    createBatchWriter({
      tableName,
      key: [{ name: 'PK', type: 'S' }],
      items: { batchPut } as ItemTable,
      rate: createRate({ unitsPerSecond: 0, clock: Date, deadline: Date.now() + 60_000 }),
      fence: { check: () => Promise.resolve() },
      meter: { writeUnits: 0, throttles: 0 },
      retry: (attempt) => attempt(),
      isShort: () => true,
      random: () => 0,
      pause: () => Promise.resolve(),
      window,
      unitsPerByte: 0,
      refusalOf: (_item, reason) => reason,
    });
  return { window, orders: writerOf('orders'), returns: writerOf('returns') };
}

const lineOf = (table: string, index: number): Buffer =>
  Buffer.from(`{"Item":{"PK":{"S":"${table}-${index}"}}}`);

/** Lines of a table's only file. */
const read = (
  table: string,
  index: number,
  [from, to]: readonly [number, number],
  itemCount: number,
): ReadLines => ({
  file: { stem: '0-0', table, itemCount, parts: [] },
  index,
  linesBefore: from,
  lines: Array.from({ length: to - from }, (_, at) => lineOf(table, from + at)),
  isFileEnd: to === itemCount,
});

describe('two tables that are filled by one load', () => {
  it('never pass lines of the first one that DynamoDB has left unprocessed, however far the second one has come', async () => {
    const { window, orders, returns } = twoTables('orders');
    await orders.take(read('orders', 0, [0, 3], 3));
    await returns.take(read('returns', 1, [0, 25], 60));
    await returns.take(read('returns', 1, [25, 50], 60));
    await orders.drain();
    await returns.drain();
    expect(window.advance()).toEqual({ cursor: FIRST_LINE, totals: {} });
  });

  it('never go back behind lines that are counted already', async () => {
    const { window, orders, returns } = twoTables('none');
    await orders.take(read('orders', 0, [0, 3], 3));
    await returns.take(read('returns', 1, [0, 25], 60));
    await returns.take(read('returns', 1, [25, 50], 60));
    await returns.drain();
    await orders.drain();
    expect(window.advance()).toEqual({ cursor: { filesDone: 1, linesDone: 50 }, totals: { items: 53 } });
  });
});
