import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { replaceTable, tableIdOf } from '../../support/replace-table.ts';
import { sourceTableName } from '../../support/shop.ts';
import { openSyncBench, product, type SyncBench } from './sync-bench.ts';
import { WRITES } from './troubles.ts';

let bench: SyncBench;
let sourceTableId: string;
const client = () => bench.world.observer.clients.dynamo;
beforeAll(async () => void (bench = await openSyncBench()));
beforeEach(async () => {
  await bench.reset();
  sourceTableId = await tableIdOf(client(), sourceTableName);
  await bench.putSource(product('1'), product('2'));
  await bench.begin({ sourceTableId, isStarted: true });
  await bench.call(['1', '2']);
});
afterAll(() => bench.world.stop());

describe('a source that was deleted and made again while its old stream is still read', () => {
  it('deletes nothing from the target, fails the call, and is noted as a gap', async () => {
    const { size } = await bench.target();
    const tableId = await replaceTable(client(), sourceTableName);
    await expect(bench.call(['1', '2'])).rejects.toMatchObject({
      name: 'SourceReplacedError',
      message: expect.stringMatching(
        `^Table products is not the one that sync sync-1 began with: .*TableId ${tableId}.*${sourceTableId}.* target stays as it is[^]*\nnpm run sync -- --stage test --cancel`,
      ),
    });
    expect(await bench.target()).toHaveProperty('size', size);
    const { gap } = await bench.sync();
    expect(gap?.reason).toMatch(/^Table products is not the one/);
    expect(gap?.reason).not.toContain('npm');
    expect(await bench.minute()).toMatchObject({ records: 2 });
  });

  it('deletes nothing for keys that wait either', async () => {
    const { size } = await bench.target();
    await replaceTable(client(), sourceTableName);
    await expect(bench.call([])).rejects.toThrow('is not the one that sync sync-1 began with');
    expect(await bench.target()).toHaveProperty('size', size);
  });

  it('gets no deletion more than 5 seconds later where it happens in the middle of a call', async () => {
    const { clock } = bench.world;
    let replacedAt = Number.POSITIVE_INFINITY;
    const ages: number[] = [];
    await bench.putSource(product('1', { name: { S: 'Boot' } }));
    const runtime = bench.gated(async (operation, send) => {
      if (!WRITES.has(operation)) return send();
      ages.push(clock.now() - replacedAt);
      const answer = await send();
      if (replacedAt !== Number.POSITIVE_INFINITY) return answer;
      replacedAt = clock.now();
      await replaceTable(client(), sourceTableName);
      clock.advance(6_000);
      return answer;
    });
    await expect(bench.call(['1'], { runtime })).rejects.toThrow(
      'is not the one that sync sync-1 began with',
    );
    expect(Math.max(...ages)).toBeLessThan(5_000);
  });

  it('is not looked for by a sync of an earlier version, which has noted no TableId', async () => {
    await bench.reset();
    await bench.putSource(product('1'));
    await bench.begin();
    await replaceTable(client(), sourceTableName);
    expect(await bench.call(['1'])).toEqual({ failed: undefined });
  });
});

describe('a source that is gone', () => {
  it('fails the call, and the target stays', async () => {
    const { size } = await bench.target();
    await client().send(new DeleteTableCommand({ TableName: sourceTableName }));
    await expect(bench.call(['1'])).rejects.toThrow(`Table products is gone: somebody has deleted it.`);
    expect(await bench.target()).toHaveProperty('size', size);
  });
});
