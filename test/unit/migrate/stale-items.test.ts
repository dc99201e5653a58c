import type { FilledTable } from '../../../functions/shared/migration/migration.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { staleAmong } from '../../../functions/migrate-products/stale-items.ts';
import { rollBackItems } from '../../../functions/roll-back/roll-back-items.ts';
import { claimShard } from '../../../functions/shared/copy/shard-claim.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { listShards } from '../../../functions/shared/ledger/shard.ts';
import { migration } from '../../../functions/migrations/shop/index.ts';
import * as itemKey from '../../../functions/shared/items/item-key.ts';
import { type WireItem, wireItem } from '../../../functions/shared/items/wire-item.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { scanSegment } from '../../../functions/verify-migration/scan-segment.ts';
import { drive, longTurn, shortTurn } from '../files/backup-bench.ts';
import {
  awsError,
  changeSource,
  type MigrateBench,
  migrateBench,
  noted,
  replacing,
  sizedProduct,
  sizedProducts,
  snapshot,
  targetKey,
  targetName,
} from './migrate-bench.ts';

const [catalogue] = migration.filled as [FilledTable];
const keyText = (item: WireItem): string => itemKey.keyText(item, catalogue.tableKey);

let bench: MigrateBench;
afterEach(() => bench.stop());

const sizes = (...names: string[]): WireItem => ({ sizes: { L: names.map((S) => ({ S })) } });

/** A migrated catalogue; since then p-1 has lost two sizes, and p-2 has another name, from which its SKUs are made. */
async function afterChanges(change: Partial<Run> = replacing): Promise<Run> {
  bench = await migrateBench({ products: sizedProducts(6) });
  await bench.migrate();
  await changeSource(bench, sizedProduct(1, sizes('S', 'M')));
  await changeSource(bench, sizedProduct(2, { name: { S: 'Renamed' } }));
  return bench.nextRun('run-2', change);
}

const stale = [
  'PRODUCT#p-1 / VARIANT#PRO-L-P1-1DEE6E3EC6',
  'PRODUCT#p-1 / VARIANT#PRO-XL-P1-1DEE6E3EC6',
  'PRODUCT#p-2 / VARIANT#PRO-L-P2-B97DB4A9F4',
  'PRODUCT#p-2 / VARIANT#PRO-M-P2-B97DB4A9F4',
  'PRODUCT#p-2 / VARIANT#PRO-S-P2-B97DB4A9F4',
  'PRODUCT#p-2 / VARIANT#PRO-XL-P2-B97DB4A9F4',
];

async function keysOfTarget(): Promise<readonly string[]> {
  return [...(await bench.target()).values()].map((item) => keyText(item));
}

/** Verifies the target's Scan and returns what is named as stale. */
async function namedStale(run: Run): Promise<{ readonly count: number; readonly keys: readonly string[] }> {
  const { runId, executionArn } = run;
  await drive((input, turn) => scanSegment(bench.runtime, input, turn), { runId, executionArn, shard: 0 });
  const shards = await listShards(bench.runtime.ledger, runId, 'VerifyMigration');
  return {
    count: shards.reduce((sum, { counters }) => sum + (counters['staleVariants'] ?? 0), 0),
    keys: shards.flatMap(({ samples }) => samples?.['staleVariants'] ?? []).toSorted(),
  };
}

/** Deletes, but for a shop that changes one of the items right before. */
function noteBefore(changed: string): Runtime['items']['deleteIf'] {
  return async (table, key, condition) => {
    const item = (await bench.target()).get(itemKey.keyIdentity(key, catalogue.tableKey)) ?? {};
    if (keyText(key) === changed) await bench.put(noted(item));
    return bench.runtime.items.deleteIf(table, key, condition);
  };
}

/** Migrates. @returns how many write units that has counted */
async function writeUnits(runtime: Runtime, run: Run): Promise<number> {
  await bench.migrate(run, runtime);
  const shards = await listShards(runtime.ledger, run.runId, 'MigrateProducts');
  return shards.reduce((sum, { counters }) => sum + (counters['writeUnits'] ?? 0), 0);
}

describe('variants that their product no longer has', () => {
  it('are named by a run that keeps, and stay', async () => {
    const run = await afterChanges({});
    await bench.migrate(run);
    expect(await namedStale(run)).toEqual({ count: 6, keys: stale });
    expect(await keysOfTarget()).toEqual(expect.arrayContaining(stale));
  });

  it.each([
    ['in one go', longTurn],
    ['by workers that never have time', shortTurn],
  ])('are removed by a run that replaces, %s', async (_, turnOf) => {
    const run = await afterChanges();
    await bench.migrate(run, bench.runtime, turnOf);
    const keys = await keysOfTarget();
    expect(keys.filter((key) => stale.includes(key))).toEqual([]);
    expect(keys).toHaveLength(6 * 5 - 2);
    expect((await bench.shard(run))?.counters).toMatchObject({ staleRemoved: 6, items: 28 });
    expect(await namedStale(run)).toEqual({ count: 0, keys: [] });
  });

  it('stay when somebody has changed them, and are named', async () => {
    const run = await afterChanges();
    const changed = (await bench.target()).get(targetKey('VARIANT#PRO-L-P1-1DEE6E3EC6')) ?? {};
    await bench.put(noted(changed));
    await bench.migrate(run);
    expect(await namedStale(run)).toEqual({ count: 1, keys: ['PRODUCT#p-1 / VARIANT#PRO-L-P1-1DEE6E3EC6'] });
    expect((await bench.target()).get(targetKey('VARIANT#PRO-L-P1-1DEE6E3EC6'))).toEqual(noted(changed));
  });

  it('lead to one warning where nobody has seen what was deleted with them', async () => {
    const run = await afterChanges();
    const unseen = new Set<string>();
    const losing = bench.withItems({
      async deleteIf(table, key, condition) {
        const outcome = await bench.runtime.items.deleteIf(table, key, condition);
        const text = keyText(key);
        if (unseen.has(text)) return outcome;
        unseen.add(text);
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      },
    });
    await bench.migrate(run, losing);
    expect((await keysOfTarget()).filter((key) => stale.includes(key))).toEqual([]);
    const { warnings } = await readRun(bench.runtime.ledger, run.runId);
    expect(warnings).toEqual([expect.stringContaining('the change may be lost')]);
  });

  it.each([
    ['cannot be put back', () => Promise.reject(awsError('AccessDeniedException'))],
    [
      'is written again before it is back',
      async (item: WireItem) => {
        await bench.put(wireItem(Object.entries(item).filter(([name]) => name === 'PK' || name === 'SK')));
        return { written: false, writeUnits: 1, existing: undefined } as const;
      },
    ],
  ])(
    'lead to a warning that names the one that the shop changed at that moment and that %s',
    async (_, put) => {
      const run = await afterChanges();
      const [first = ''] = stale;
      const hooked = bench.withItems({
        deleteIf: noteBefore(first),
        putIf: (table, item, condition) =>
          keyText(item) === first ? put(item) : bench.runtime.items.putIf(table, item, condition),
      });
      await bench.migrate(run, hooked).catch(() => undefined);
      const { warnings } = await readRun(bench.runtime.ledger, run.runId);
      expect(warnings).toEqual([
        `Table ${targetName} may lack a change of ${first}: somebody made it while the item was being deleted, and the item could not be put back.`,
      ]);
    },
  );

  it('cost one unit more where one is put back that the shop changed at that moment', async () => {
    const unchanged = await afterChanges();
    const undisturbed = await writeUnits(bench.runtime, unchanged);
    await bench.stop();
    const run = await afterChanges();
    const [first = ''] = stale;
    const hooked = bench.withItems({
      deleteIf: noteBefore(first),
    });
    expect(await writeUnits(hooked, run)).toBe(undisturbed + 1);
    expect(await keysOfTarget()).toContain(first);
  });

  it('lead to a warning where another call has died while it may have deleted them', async () => {
    const run = await afterChanges();
    const place = { runId: run.runId, state: 'MigrateProducts', shard: 0, basis: undefined } as const;
    await claimShard(bench.runtime, place, undefined);
    await bench.migrate(run);
    const { warnings } = await readRun(bench.runtime.ledger, run.runId);
    expect(warnings).toEqual([expect.stringContaining('the change may be lost')]);
  });

  it('come back when the run is rolled back, and the table is as it was before', async () => {
    const run = await afterChanges();
    const before = await snapshot(bench);
    await bench.migrate(run);
    expect(await snapshot(bench)).not.toBe(before);
    const check = (): Promise<void> => Promise.resolve();
    const scope = { run, tableName: targetName, deadline: Date.now() + 60_000, check };
    expect(await rollBackItems(bench.runtime, scope)).toMatchObject({ done: true, left: {} });
    expect((await rollBackItems(bench.runtime, scope)).left).toEqual({});
    expect(await snapshot(bench)).toBe(before);
  });

  it('do not come back when somebody has put another item into their place', async () => {
    const run = await afterChanges();
    await bench.migrate(run);
    const mine = { PK: { S: 'PRODUCT#p-1' }, SK: { S: 'VARIANT#PRO-L-P1-1DEE6E3EC6' }, note: { S: 'mine' } };
    await bench.put(mine);
    const check = (): Promise<void> => Promise.resolve();
    await rollBackItems(bench.runtime, {
      run,
      tableName: targetName,
      deadline: Date.now() + 60_000,
      check,
    });
    expect((await bench.target()).get(targetKey('VARIANT#PRO-L-P1-1DEE6E3EC6'))).toEqual(mine);
  });

  it('are not removed when they cannot be kept first', async () => {
    const run = await afterChanges();
    bench.objects.beforePut = (key) => {
      if (key.includes('-removed-')) throw new Error('no bucket');
    };
    await expect(bench.migrate(run)).rejects.toThrow('no bucket');
    expect(await keysOfTarget()).toEqual(expect.arrayContaining(stale));
    bench.objects.beforePut = () => undefined;
    await bench.migrate(run);
    expect((await keysOfTarget()).filter((key) => stale.includes(key))).toEqual([]);
  });

  it('are those of the product alone, as a migration wrote them', async () => {
    await afterChanges();
    const target = await bench.target();
    const items = ['METADATA', 'VARIANT#PRO-S-P1-1DEE6E3EC6'].map((SK) => target.get(targetKey(SK)) ?? {});
    const others = [
      // Of another product, though in the same partition.
      wireItem([
        ...Object.entries(target.get(targetKey('VARIANT#PRO-M-P1-1DEE6E3EC6')) ?? {}),
        ['productId', { S: 'p-2' }],
      ]),
      // Never written by a migration.
      { PK: { S: 'PRODUCT#p-1' }, SK: { S: 'REVIEW#1' }, productId: { S: 'p-1' } },
      noted(target.get(targetKey('VARIANT#PRO-L-P1-1DEE6E3EC6')) ?? {}),
    ];
    const found = [...items, ...others, target.get(targetKey('VARIANT#PRO-XL-P1-1DEE6E3EC6')) ?? {}];
    const removed = staleAmong(found, { items, runId: 'run-2', table: catalogue });
    expect(removed.map((item) => keyText(item))).toEqual(['PRODUCT#p-1 / VARIANT#PRO-XL-P1-1DEE6E3EC6']);
    expect(staleAmong(found, { items, runId: 'run-1', table: catalogue })).toEqual([]);
  });
});
