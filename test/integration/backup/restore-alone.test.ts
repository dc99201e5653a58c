import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { restoreAlone } from '../../../functions/restore-from-backup/restore-alone.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { type Bench, longTurn, products, shortTurn } from '../../unit/files/backup-bench.ts';
import { backedUp, tableItems, tableNames } from './restore-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

describe('restoreFromBackup called alone', () => {
  it('restores the newest backup whole', async () => {
    ({ bench } = await backedUp(products(200)));
    const outcome = await restoreAlone(bench.runtime, longTurn());
    expect(outcome).toMatchObject({
      done: true,
      result: { mode: 'NEW', written: 200, warnings: [expect.stringContaining('A backup does not say')] },
    });
    expect(await tableItems(bench, String(outcome.result['targetTable']))).toEqual(
      products(200).map(canonicalJson).toSorted(),
    );
  });
  it('goes on with the same table when it is invoked again', async () => {
    ({ bench } = await backedUp(products(400)));
    const first = await restoreAlone(bench.runtime, shortTurn());
    expect(first.done).toBe(false);
    let outcome = first;
    while (!outcome.done) outcome = await restoreAlone(bench.runtime, shortTurn());
    expect(outcome.runId).toBe(first.runId);
    expect((await tableNames(bench)).filter((name) => name.includes('restored'))).toHaveLength(1);
    expect(outcome.result).toMatchObject({ written: 400 });
  });
  it('is not complete where items were deleted between two calls, whatever the first has verified', async () => {
    ({ bench } = await backedUp(products(200)));
    const restoredItems = async (): Promise<readonly [string, readonly WireItem[]]> => {
      const tableName = (await tableNames(bench)).find((name) => name.includes('restored'));
      if (tableName === undefined) return ['', []];
      const request = { tableName, segment: 0, totalSegments: 1 };
      return [tableName, (await bench.runtime.items.scanPage(request)).items];
    };
    // Few items a page, so that verifying takes more calls than writing.
    const slow = bench.withItems({
      scanPage: (request) => bench.runtime.items.scanPage({ ...request, limit: 3 }),
    });
    let [restored, items] = await restoredItems();
    while (items.length < 200) {
      expect(await restoreAlone(slow, shortTurn())).toMatchObject({ done: false });
      [restored, items] = await restoredItems();
    }
    for (const { id } of items.slice(0, 30))
      await bench.runtime.clients.dynamo.send(
        new DeleteItemCommand({
          TableName: restored,
          Key: { id: { S: stringAttribute({ id: id ?? { S: '' } }, 'id') ?? '' } },
        }),
      );
    await expect(restoreAlone(bench.runtime, longTurn())).rejects.toMatchObject({
      name: 'VerificationFailedError',
      message: expect.stringContaining('the table holds 170, not 200'),
    });
  });
  it('says which machine proves a table that is too large for one call', async () => {
    ({ bench } = await backedUp(products(200)));
    const slow = bench.withItems({
      scanPage: (request) => bench.runtime.items.scanPage({ ...request, limit: 3 }),
    });
    const untilRefused = async (): Promise<never> => {
      for (;;) await restoreAlone(slow, shortTurn());
    };
    await expect(untilRefused()).rejects.toThrow(
      /\nProve it with a whole restore.*:\nnpm run restore -- --stage \S+ --backup \S+ --target \S+\nIn the console, start restore with \{"backupId"/,
    );
  });
});
