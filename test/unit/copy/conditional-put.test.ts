import { describe, expect, it } from 'vitest';
import type { ConditionalOutcome } from '../../../functions/shared/aws/item-table.ts';
import {
  changeIfSame,
  type ConditionalPutScope,
  putIfAbsent,
} from '../../../functions/shared/copy/load/conditional-put.ts';
import { createRate } from '../../../functions/shared/copy/rate.ts';
import { TransientError } from '../../../functions/shared/errors.ts';
import { keyText } from '../../../functions/shared/items/item-key.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';

const item: WireItem = { PK: { S: 'p-1' }, text: { S: 'x'.repeat(2_000) } };
const other: WireItem = { PK: { S: 'p-1' }, text: { S: 'theirs' } };

const written: ConditionalOutcome = { written: true, writeUnits: 2 };
const refusedBy = (existing?: WireItem): ConditionalOutcome => ({ written: false, writeUnits: 1, existing });

/** A table that answers writes and looks in turn, the last answer again and again. */
function tableOf({
  writes,
  looks = [],
}: {
  readonly writes: readonly (ConditionalOutcome | Error)[];
  readonly looks?: readonly (WireItem | undefined)[];
}) {
  const calls: string[] = [];
  const taken: number[] = [];
  const countOf = (call: string): number => calls.filter((one) => one === call).length;
  const write = (): Promise<ConditionalOutcome> => {
    const answer = writes[countOf('write')] ?? writes.at(-1) ?? written;
    calls.push('write');
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const rate = createRate({ unitsPerSecond: 0, clock: Date, deadline: Date.now() + 60_000 });
  let readUnits = 0;
  const scope: ConditionalPutScope & Pick<Parameters<typeof changeIfSame>[0], 'updateIf'> = {
    tableName: 'a-table',
    key: [{ name: 'PK', type: 'S' }],
    items: {
      putIf: write,
      batchGet: () => {
        const found = looks[countOf('look')] ?? looks.at(-1);
        calls.push('look');
        return Promise.resolve({ items: found ? [found] : [], unprocessedKeys: [], readUnits: 1 });
      },
    },
    updateIf: write,
    rate: { ...rate, take: (units) => (taken.push(units), rate.take(units)) },
    fence: { check: () => (calls.push('check'), Promise.resolve()) },
    meter: { writeUnits: 0, throttles: 0 },
    retry: (attempt) => attempt(),
    onRead: (units) => {
      readUnits += units;
    },
    refusalOf: (refused, reason) =>
      new Error(`${keyText(refused, [{ name: 'PK', type: 'S' }])}: ${reason.message}`),
  };
  return { scope, calls, taken, readUnits: () => readUnits };
}

describe('a conditional put', () => {
  it('writes where nothing is, for the units of its size, once the run is looked at', async () => {
    const { scope, calls, taken } = tableOf({ writes: [written] });
    expect(await putIfAbsent(scope, item)).toBe('written');
    expect(calls).toEqual(['check', 'write']);
    expect(taken).toEqual([2]);
    expect(scope.meter.writeUnits).toBe(2);
  });

  it('returns the existing item, which DynamoDB returns with its refusal', async () => {
    const { scope, calls } = tableOf({ writes: [refusedBy(other)] });
    expect(await putIfAbsent(scope, item)).toEqual(other);
    expect(calls).toEqual(['check', 'write']);
  });

  it('reads the existing item where an engine does not return it, and counts that', async () => {
    const { scope, calls, readUnits } = tableOf({ writes: [refusedBy()], looks: [other] });
    expect(await putIfAbsent(scope, item)).toEqual(other);
    expect(calls).toEqual(['check', 'write', 'look']);
    expect(readUnits()).toBe(1);
  });

  it('writes again where the existing item is gone when it is looked at', async () => {
    const { scope, calls } = tableOf({ writes: [refusedBy(), written], looks: [undefined] });
    expect(await putIfAbsent(scope, item)).toBe('written');
    expect(calls).toEqual(['check', 'write', 'look', 'check', 'write']);
  });

  it('does not wait for somebody who deletes and writes the item all the time', async () => {
    const { scope, calls } = tableOf({ writes: [refusedBy()], looks: [undefined] });
    await expect(putIfAbsent(scope, item)).rejects.toThrow(TransientError);
    expect(calls.filter((call) => call === 'write')).toHaveLength(6);
  });

  it('says in the caller’s words which item DynamoDB will never take', async () => {
    const error = Object.assign(new Error('Item too large'), { name: 'ValidationException' });
    const { scope } = tableOf({ writes: [error] });
    await expect(putIfAbsent(scope, item)).rejects.toThrow('p-1: Item too large');
  });
});

describe('a conditional change', () => {
  it('is written where the item still is as read', async () => {
    const { scope } = tableOf({ writes: [written] });
    expect(await changeIfSame(scope, { from: other, to: item })).toBe('written');
  });

  it('returns another item, and says where there is none any more', async () => {
    const changed = { ...other, text: { S: 'changed' } };
    const read = tableOf({ writes: [refusedBy()], looks: [changed] });
    expect(await changeIfSame(read.scope, { from: other, to: item })).toEqual(changed);
    const gone = tableOf({ writes: [refusedBy()], looks: [undefined] });
    expect(await changeIfSame(gone.scope, { from: other, to: item })).toBe('vanished');
  });

  it('is not tried on an item that no expression can name all attributes of', async () => {
    const names = Array.from({ length: 200 }, (_, index) => [`a${index}`, { S: 'x' }]);
    const large = { ...other, ...(Object.fromEntries(names) as WireItem) };
    const { scope, calls } = tableOf({ writes: [written] });
    expect(await changeIfSame(scope, { from: large, to: item })).toBe('too large');
    expect(calls).toEqual([]);
  });
});
