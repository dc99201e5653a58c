import { QueryCommand, type QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerTable } from '../../../functions/shared/ledger/ledger-table.ts';
import {
  listUndoRecords,
  listUndoStems,
  saveUndoRecord,
  unrestoredRecords,
} from '../../../functions/shared/ledger/undo-record.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';

const NUMBERS = Array.from({ length: 12 }, (_, number) => number);
const STEMS = ['0-0', '0-0-removed', '0-0@1', '0-1', '10-2'];

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(async () => {
  await world.reset();
  for (const stem of STEMS)
    for (const number of NUMBERS)
      await saveUndoRecord(world.observer.ledger, 'a', { stem, number, sha256: 'x', keys: ['k'] });
});
afterAll(() => world.stop());

/** A ledger that counts the items it hands out. */
function counting(): { readonly ledger: LedgerTable; readonly read: () => number } {
  const { ledger } = world.observer;
  let items = 0;
  const send = async (command: QueryCommand): Promise<QueryCommandOutput> => {
    expect(command).toBeInstanceOf(QueryCommand);
    const answer = await ledger.client.send(command);
    items += answer.Items?.length ?? 0;
    return answer;
  };
  const client = Object.create(ledger.client, { send: { value: send } }) as typeof ledger.client;
  return { ledger: { ...ledger, client }, read: () => items };
}

describe('the undo records of a run', () => {
  it('are found by file without reading more than one of each', async () => {
    const { ledger, read } = counting();
    expect((await listUndoStems(ledger, 'a')).toSorted()).toEqual(STEMS.toSorted());
    expect(read()).toBe(STEMS.length);
    expect(await listUndoStems(ledger, 'b')).toEqual([]);
  });

  it('are read one file at a time', async () => {
    const { ledger, read } = counting();
    for (const stem of STEMS) {
      const before = read();
      const records = await listUndoRecords(ledger, { runId: 'a', stem });
      expect(records.map(({ number }) => number).toSorted((one, other) => one - other)).toEqual(NUMBERS);
      expect(new Set(records.map((record) => record.stem))).toEqual(new Set([stem]));
      expect(read() - before).toBe(NUMBERS.length);
    }
  });

  it('are kept in mind only where something could not be put back', async () => {
    const { ledger } = world.observer;
    const record = { number: 3, sha256: 'x', keys: ['k'] };
    await saveUndoRecord(ledger, 'a', { ...record, stem: '0-0', unrestored: [], isReadable: true });
    await saveUndoRecord(ledger, 'a', { ...record, stem: '0-1', unrestored: ['k'], isReadable: false });
    const found = [];
    for await (const one of unrestoredRecords(ledger, 'a')) found.push(one);
    const { number, sha256 } = record;
    expect(found).toEqual([{ stem: '0-1', number, sha256, unrestored: ['k'], isReadable: false }]);
  });
});
