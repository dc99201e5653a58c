import { describe, expect, it } from 'vitest';
import { otherSources } from '../../../functions/shared/copy/reconcile/other-sources.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { type LedgerTable, runKey } from '../../../functions/shared/ledger/ledger-table.ts';

const OTHERS = 'run-of-eu';
const itemOf = (migrationRun: string): WireItem => ({ PK: { S: 'p1' }, migrationRun: { S: migrationRun } });

/** A ledger that knows one run, of another source; it answers after `pause`. */
function ledgerOf(pause: () => Promise<void> = () => Promise.resolve()) {
  const Keys: unknown[] = [];
  const send = async ({ input }: { input: { RequestItems: Record<string, { Keys: { PK: string }[] }> } }) => {
    const asked = input.RequestItems['ledger']?.Keys ?? [];
    Keys.push(...asked);
    await pause();
    const known = { ...runKey(OTHERS), runId: OTHERS, sourceTable: 'products-eu' };
    return { Responses: { ledger: asked.some(({ PK }) => PK === known.PK) ? [known] : [] } };
  };
  const table = { client: { send }, tableName: 'ledger', clock: { now: () => 0 } } as unknown as LedgerTable;
  return { table, asked: () => Keys.length };
}

const openIn = (table: LedgerTable) =>
  otherSources(table, { sourceTable: 'products' }, (attempt) => attempt());
/** More marks than are remembered. */
const manyItems = (count: number): readonly WireItem[] =>
  Array.from({ length: count }, (_, index) => itemOf(`made-up-${index}`));

describe('items that a migration of another source has written', () => {
  it('are told by their mark, and the ledger is asked once for each run', async () => {
    const { table, asked } = ledgerOf();
    const othersAmong = openIn(table);
    const [own, other] = [itemOf('unknown'), itemOf(OTHERS)];
    expect([...(await othersAmong([own, other]))]).toEqual([other]);
    expect([...(await othersAmong([other, own]))]).toEqual([other]);
    expect(asked()).toBe(2);
  });

  it('are still told where more marks come with them than are remembered', async () => {
    const othersAmong = openIn(ledgerOf().table);
    const other = itemOf(OTHERS);
    await othersAmong([other]);
    expect([...(await othersAmong([other, ...manyItems(10_000)]))]).toEqual([other]);
  });

  it('are still told where another look forgets them meanwhile', async () => {
    const waiting: (() => void)[] = [];
    let isSlow = false;
    const { table } = ledgerOf(() =>
      isSlow ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(),
    );
    const othersAmong = openIn(table);
    const other = itemOf(OTHERS);
    await othersAmong([other]);
    isSlow = true;
    const look = othersAmong([other, itemOf('made-up')]);
    isSlow = false;
    await othersAmong(manyItems(10_000));
    for (const answer of waiting) answer();
    expect([...(await look)]).toEqual([other]);
  });
});
