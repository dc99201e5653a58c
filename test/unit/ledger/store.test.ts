import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ABSENT,
  absentOr,
  checkItem,
  EXISTING,
  NEW,
  oneOf,
  PRESENT,
  putItem,
  updateItem,
} from '../../../functions/shared/ledger/actions.ts';
import { LEDGER_VERSION, type LedgerTable } from '../../../functions/shared/ledger/ledger-table.ts';
import { deleteIf, get, listBelow, putIf, updateIf } from '../../../functions/shared/ledger/store.ts';
import { transact } from '../../../functions/shared/ledger/transact.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';

let world: LedgerWorld;
let ledger: LedgerTable;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  ({ ledger } = world.observer);
});
afterAll(() => world.stop());

const key = { PK: 'RUN#a', SK: 'TABLE#cart' };
const put = (item: Readonly<Record<string, unknown>>) => putIf(ledger, key, { item, if: NEW });

describe('an item of the ledger', () => {
  it('is put once when it must be new, and carries the version', async () => {
    expect(await put({ name: 'cart' })).toBe(true);
    expect(await put({ name: 'orders' })).toBe(false);
    expect(await get(ledger, key)).toEqual({ ...key, ledgerVersion: LEDGER_VERSION, name: 'cart' });
  });

  it('is undefined when there is none', async () => {
    expect(await get(ledger, key)).toBeUndefined();
  });

  it('is changed in what is set, added and removed, whatever the attributes are called', async () => {
    await put({ status: 'A', first: 'kept', size: 1, warnings: ['one'] });
    const change = {
      set: { status: 'B', 'a.b-c': [], left: undefined },
      setFirst: { first: 'other', second: 'set' },
      append: { warnings: ['two'], names: ['x'] },
      remove: ['size', 'unknown'],
    };
    expect(await updateIf(ledger, key, change)).toBe(true);
    expect(await get(ledger, key)).toEqual({
      ...key,
      ledgerVersion: LEDGER_VERSION,
      status: 'B',
      'a.b-c': [],
      first: 'kept',
      second: 'set',
      warnings: ['one', 'two'],
      names: ['x'],
    });
  });

  it('is not made by a change that demands one', async () => {
    expect(await updateIf(ledger, key, { if: EXISTING, set: { name: 'cart' } })).toBe(false);
    expect(await get(ledger, key)).toBeUndefined();
  });

  it.each([
    ['a value', { status: 'A' }, { status: 'B' }],
    ['a number of several demands', { status: 'A', claim: ABSENT }, { status: 'A', claim: PRESENT }],
    ['one of some values', { status: oneOf('B', 'A') }, { status: oneOf('B', 'C') }],
    ['a value or none', { runId: absentOr('b'), status: absentOr('A') }, { status: absentOr('B') }],
  ])('is changed and deleted only where it has %s that is expected', async (_what, holds, fails) => {
    await put({ status: 'A' });
    expect(await updateIf(ledger, key, { if: fails, set: { seen: true } })).toBe(false);
    expect(await deleteIf(ledger, key, fails)).toBe(false);
    expect(await updateIf(ledger, key, { if: holds, set: { seen: true } })).toBe(true);
    expect(await deleteIf(ledger, key, holds)).toBe(true);
  });

  it('is written with others in one transaction or not at all', async () => {
    await put({ status: 'A' });
    const other = { PK: 'RUN#a', SK: 'TABLE#orders' };
    const actions = (status: string) => [
      checkItem(ledger, key, { status }),
      putItem(ledger, other, { item: { name: 'orders' }, if: NEW }),
      updateItem(ledger, { PK: 'TABLE#orders', SK: 'RUN#a' }, { set: { runId: 'a' } }),
    ];
    expect(await transact(ledger, actions('B'))).toBe(false);
    expect(await get(ledger, other)).toBeUndefined();
    expect(await transact(ledger, actions('A'))).toBe(true);
    expect(await get(ledger, other)).toMatchObject({ name: 'orders' });
  });
});

describe('the items of a partition', () => {
  it('are listed below a prefix, over as many pages as they fill', async () => {
    const text = 'x'.repeat(300_000);
    const names = ['1', '2', '3', '4', '5'];
    for (const name of names)
      await putIf(ledger, { PK: 'RUN#a', SK: `SHARD#${name}` }, { item: { name, text }, if: NEW });
    await put({ name: 'cart' });
    const found = await listBelow<{ readonly name: string }>(ledger, {
      partition: 'RUN#a',
      prefix: 'SHARD#',
    });
    expect(found.map(({ name }) => name)).toEqual(names);
  });
});
