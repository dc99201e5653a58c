import { afterEach, describe, expect, it } from 'vitest';
import {
  openReconcile,
  type ReconcileKey,
  type ReconcileScope,
} from '../../../functions/shared/copy/reconcile/open-reconcile.ts';
import type { Reconciled, ReconcileRequest } from '../../../functions/shared/copy/reconcile/reconcile.ts';
import { reconcileBatch } from '../../../functions/shared/copy/reconcile/reconcile-batch.ts';
import type { ReconcileCost } from '../../../functions/shared/copy/reconcile/requests.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { ItemTable } from '../../../functions/shared/aws/item-table.ts';
import { keyText, productToItems, transformContext } from '../../support/shop.ts';
import { sourceTable } from '../files/backup-bench.ts';
import {
  awsError,
  changeSource,
  type MigrateBench,
  migrateBench,
  noted,
  sizedProduct,
  sizedProducts,
  snapshot,
  targetKey,
  targetName,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

const METADATA = 'METADATA';
const SMALL = 'VARIANT#PRO-S-P1-1DEE6E3EC6';
const MEDIUM = 'VARIANT#PRO-M-P1-1DEE6E3EC6';
const keyOf = (id: string): WireItem => ({ id: { S: id } });
const sizes = (...names: string[]): WireItem => ({ sizes: { L: names.map((S) => ({ S })) } });
const noCost = (): ReconcileCost => ({ readUnits: 0, writeUnits: 0, throttles: 0 });

interface Options
  extends Partial<ReconcileRequest>, Partial<Pick<ReconcileScope, 'fence' | 'warnUnseen' | 'warnLost'>> {
  readonly items?: Partial<ItemTable>;
  readonly cost?: ReconcileCost;
}

function scopeOf(fence: ReconcileScope['fence'] = () => Promise.resolve()): ReconcileScope {
  const deadline = Date.now() + 60_000;
  return { run: bench.run, fence, deadline, readUnitsPerSecond: 0, writeUnitsPerSecond: 0 };
}

/** Reconciles a product of the bench, p-1 where none is given. */
function reconcile(options: Options = {}): Promise<Reconciled> {
  const { items = {}, cost = noCost(), fence, warnUnseen, warnLost, ...request } = options;
  const runtime = bench.withItems(items);
  const warners = {
    ...(warnUnseen !== undefined && { warnUnseen }),
    ...(warnLost !== undefined && { warnLost }),
  };
  const scope = { ...scopeOf(fence), ...warners };
  return openReconcile(runtime, scope)({ sourceKey: keyOf('p-1'), repair: true, ...request }, cost);
}

/** A migrated catalogue of four products with four sizes each. */
async function migrated(): Promise<void> {
  bench = await migrateBench({ products: sizedProducts(4) });
  await bench.migrate();
}

interface SentRequest {
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Every request that the bench's data plane sends from now on. */
function watchRequests(): readonly SentRequest[] {
  const sent: SentRequest[] = [];
  bench.runtime.clients.dynamo.middlewareStack.add(
    (next, context) => (args) => {
      const { body } = args.request as { readonly body: string };
      sent.push({ operation: String(context['commandName']), body: JSON.parse(body) });
      return next(args);
    },
    { step: 'finalizeRequest', name: 'watch' },
  );
  return sent;
}

const existing = async (SK: string): Promise<WireItem> => (await bench.target()).get(targetKey(SK)) ?? {};

async function removeSource(id: string): Promise<void> {
  await bench.runtime.items.deleteIf(sourceTable, keyOf(id), {
    expression: 'attribute_exists(#key)',
    names: { '#key': 'id' },
  });
}

/** The target must hold exactly what these products become. */
async function expectTarget(products: readonly WireItem[]): Promise<void> {
  const made = products.flatMap((one) => {
    const result = productToItems(one, transformContext(bench.run));
    return result.kind === 'items' ? result.texts : [];
  });
  expect((await snapshot(bench)).split('\n')).toEqual(made.toSorted());
}

describe('one source key that is reconciled', () => {
  it('needs two reads and no write where target and source say the same', async () => {
    await migrated();
    const before = await snapshot(bench);
    const cost = noCost();
    expect(await reconcile({ cost })).toEqual({
      outcome: 'equal',
      written: 0,
      deleted: 0,
      differences: [],
      conflicts: [],
    });
    expect(cost).toMatchObject({ writeUnits: 0, throttles: 0 });
    expect(cost.readUnits).toBeGreaterThan(0);
    expect(await snapshot(bench)).toBe(before);
  });

  it('is written where the product is new', async () => {
    await migrated();
    await changeSource(bench, sizedProduct(9));
    expect(await reconcile({ sourceKey: keyOf('p-9') })).toMatchObject({ outcome: 'repaired', written: 5 });
    await expectTarget([...sizedProducts(4), sizedProduct(9)]);
  });

  it('is changed where the product has changed, and its variants are removed that it has lost', async () => {
    await migrated();
    const changed = sizedProduct(1, { ...sizes('S', 'XXL'), price: { S: '170' } });
    await changeSource(bench, changed);
    const cost = noCost();
    const result = await reconcile({ cost });
    expect(result).toMatchObject({ outcome: 'repaired', written: 3, deleted: 3, conflicts: [] });
    expect(result.differences.map(({ kind }) => kind)).toEqual([
      'missing',
      'different',
      'different',
      'extra',
      'extra',
      'extra',
    ]);
    expect(result.differences[0]).toMatchObject({
      table: targetName,
      key: 'PRODUCT#p-1 / VARIANT#PRO-XXL-P1-1DEE6E3EC6',
    });
    expect(cost.writeUnits).toBeGreaterThanOrEqual(6);
    const [first, , ...rest] = sizedProducts(4);
    await expectTarget([first ?? {}, changed, ...rest]);
  });

  it('is removed where the product is gone', async () => {
    await migrated();
    await removeSource('p-1');
    expect(await reconcile()).toMatchObject({ outcome: 'repaired', written: 0, deleted: 5 });
    await expectTarget(sizedProducts(4).filter((_, index) => index !== 1));
    expect(await reconcile()).toMatchObject({ outcome: 'equal' });
  });

  it('keeps its items where the product cannot be transformed any more, and names it', async () => {
    await migrated();
    const before = await snapshot(bench);
    await changeSource(bench, sizedProduct(1, { price: { S: 'free' } }));
    expect(await reconcile()).toMatchObject({
      outcome: 'equal',
      quarantined: { code: 'InvalidPrice', reason: expect.stringContaining('p-1') },
    });
    expect(await snapshot(bench)).toBe(before);
  });

  it('keeps what the shop has changed or added in the target, and names it', async () => {
    await migrated();
    const edited = noted(await existing(SMALL));
    const own = { PK: { S: 'PRODUCT#p-1' }, SK: { S: 'REVIEW#1' }, stars: { N: '5' } };
    await bench.put(edited);
    await bench.put(own);
    await changeSource(bench, sizedProduct(1, { price: { S: '170' } }));
    const result = await reconcile();
    expect(result).toMatchObject({ outcome: 'repaired', written: 3, deleted: 0 });
    expect(result.conflicts).toEqual([
      { kind: 'added', table: targetName, key: 'PRODUCT#p-1 / REVIEW#1' },
      { kind: 'changed', table: targetName, key: `PRODUCT#p-1 / ${SMALL}` },
    ]);
    expect(await existing(SMALL)).toEqual(edited);
    expect(await existing('REVIEW#1')).toEqual(own);
  });

  it('leaves items of other products alone that lie in the same table', async () => {
    await migrated();
    await removeSource('p-1');
    await removeSource('p-2');
    await reconcile();
    await expectTarget(sizedProducts(4).filter((_, index) => index !== 1));
  });

  it('keeps the times and the mark of an earlier run that wrote the item', async () => {
    bench = await migrateBench({ products: sizedProducts(2) });
    await bench.migrate();
    const before = await snapshot(bench);
    const run = { ...bench.run, runId: 'run-2', startedAt: '2026-05-05T00:00:00.000Z' };
    const later = openReconcile(bench.runtime, { ...scopeOf(), run });
    expect(await later({ sourceKey: keyOf('p-1'), repair: true }, noCost())).toMatchObject({
      outcome: 'equal',
    });
    expect(await snapshot(bench)).toBe(before);
    await changeSource(bench, sizedProduct(1, { price: { S: '170' } }));
    await later({ sourceKey: keyOf('p-1'), repair: true }, noCost());
    expect(await existing(SMALL)).toMatchObject({ migrationRun: { S: 'run-1' }, price: { N: '17000' } });
    expect(await existing(METADATA)).toMatchObject({ migrationRun: { S: 'run-1' } });
  });

  it('only names what differs where nothing is to be repaired', async () => {
    await migrated();
    await changeSource(bench, sizedProduct(1, { ...sizes('S'), price: { S: '170' } }));
    const before = await snapshot(bench);
    const result = await reconcile({ repair: false });
    expect(result).toMatchObject({ outcome: 'different', written: 0, deleted: 0 });
    expect(result.differences).toHaveLength(5);
    expect(result.differences).toContainEqual({
      kind: 'extra',
      table: targetName,
      key: `PRODUCT#p-1 / ${MEDIUM}`,
    });
    expect(await snapshot(bench)).toBe(before);
  });

  it('names an item with more attributes than a condition can name, which stays', async () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`a${index}`, { N: '1' }]));
    bench = await migrateBench({ products: [sizedProduct(1, many)] });
    await bench.migrate();
    await changeSource(bench, sizedProduct(1, { ...many, a3: { N: '2' } }));
    expect(await reconcile()).toMatchObject({
      outcome: 'equal',
      conflicts: [{ kind: 'tooLarge', key: 'PRODUCT#p-1 / METADATA' }],
    });
    await removeSource('p-1');
    expect(await reconcile()).toMatchObject({ outcome: 'repaired', deleted: 5 });
    expect(await bench.target()).toHaveProperty('size', 0);
  });
});

describe('while a key is reconciled', () => {
  /** Calls `meanwhile` before the nth deletion. */
  function beforeDeletion(nth: number, meanwhile: (key: WireItem) => Promise<void>): Partial<ItemTable> {
    let calls = 0;
    return {
      async deleteIf(table, key, condition) {
        calls += 1;
        if (calls === nth) await meanwhile(key);
        return bench.runtime.items.deleteIf(table, key, condition);
      },
    };
  }
  const inTarget = async (key: WireItem): Promise<WireItem> =>
    existing('S' in (key['SK'] ?? {}) ? (key['SK'] as { S: string }).S : '');

  it('an attribute is kept that the shop adds between the look at an item and its deletion', async () => {
    await migrated();
    await removeSource('p-1');
    let edited: WireItem = {};
    const items = beforeDeletion(2, async (key) => {
      edited = noted(await inTarget(key));
      await bench.put(edited);
    });
    const result = await reconcile({ items });
    expect(result).toMatchObject({ outcome: 'repaired', deleted: 4, conflicts: [{ kind: 'changed' }] });
    expect([...(await bench.target()).values()]).toContainEqual(edited);
  });

  it('that attribute is kept even where another worker writes the item before it is back', async () => {
    await migrated();
    await removeSource('p-1');
    let fresh: WireItem = {};
    let edited: WireItem = {};
    const items: Partial<ItemTable> = {
      ...beforeDeletion(2, async (key) => {
        fresh = await inTarget(key);
        edited = noted(fresh);
        await bench.put(edited);
      }),
      async putIf(table, item, condition) {
        await bench.put(fresh);
        return bench.runtime.items.putIf(table, item, condition);
      },
    };
    expect(await reconcile({ items })).toMatchObject({ deleted: 4, conflicts: [{ kind: 'changed' }] });
    expect([...(await bench.target()).values()]).toContainEqual(edited);
  });

  it('a change of the shop is named as lost where the shop writes the deleted item again before it is back', async () => {
    await migrated();
    await removeSource('p-1');
    let own: WireItem = {};
    const items: Partial<ItemTable> = {
      ...beforeDeletion(1, async (key) => {
        own = { ...key, stock: { N: '3' } };
        await bench.put(noted(await inTarget(key)));
      }),
      async putIf(table, item, condition) {
        await bench.put(own);
        return bench.runtime.items.putIf(table, item, condition);
      },
    };
    const { conflicts } = await reconcile({ items });
    expect(conflicts.map(({ kind }) => kind)).toEqual(['lost', 'added']);
    expect([...(await bench.target()).values()]).toContainEqual(own);
  });

  it('the item is named where it cannot be put back', async () => {
    await migrated();
    await removeSource('p-1');
    let key = '';
    const items: Partial<ItemTable> = {
      ...beforeDeletion(1, async (place) => {
        key = keyText(place);
        await bench.put(noted(await inTarget(place)));
      }),
      putIf: () => Promise.reject(awsError('AccessDeniedException')),
    };
    const warned: string[] = [];
    const warnLost = async (table: string, text: string): Promise<void> => void warned.push(table, text);
    await expect(reconcile({ items, warnLost })).rejects.toThrow('AccessDeniedException');
    expect(warned).toEqual([targetName, key]);
  });

  it('a change of the source between the look and the write is followed at once', async () => {
    await migrated();
    await changeSource(bench, sizedProduct(9));
    let isFirst = true;
    const newest = sizedProduct(9, { price: { S: '99' } });
    const items: Partial<ItemTable> = {
      async putIf(table, item, condition) {
        if (isFirst) await changeSource(bench, newest);
        isFirst = false;
        return bench.runtime.items.putIf(table, item, condition);
      },
    };
    expect(await reconcile({ items, sourceKey: keyOf('p-9') })).toMatchObject({ outcome: 'repaired' });
    await expectTarget([...sizedProducts(4), newest]);
  });

  it('the key becomes pending where the source changes at each of three tries', async () => {
    await migrated();
    await changeSource(bench, sizedProduct(9));
    let version = 0;
    const items: Partial<ItemTable> = {
      async putIf(table, item, condition) {
        await changeSource(bench, sizedProduct(9, sizes(`N${(version += 1)}`)));
        return bench.runtime.items.putIf(table, item, condition);
      },
    };
    const sent = watchRequests();
    expect(await reconcile({ items, sourceKey: keyOf('p-9') })).toMatchObject({ outcome: 'pending' });
    expect(sent.filter(({ operation }) => operation === 'QueryCommand')).toHaveLength(3);
    expect(await reconcile({ sourceKey: keyOf('p-9') })).toMatchObject({ outcome: 'repaired' });
    await expectTarget([...sizedProducts(4), sizedProduct(9, sizes(`N${version}`))]);
  });
});

describe('requests of a reconcile', () => {
  it('warn of the table where a deletion was applied, and its answer lost', async () => {
    await migrated();
    await removeSource('p-1');
    let deletions = 0;
    const items: Partial<ItemTable> = {
      async deleteIf(table, key, condition) {
        deletions += 1;
        const outcome = await bench.runtime.items.deleteIf(table, key, condition);
        if (deletions === 1) throw awsError('TimeoutError');
        return outcome;
      },
    };
    const warned: string[] = [];
    expect(await reconcile({ items, warnUnseen: async (name) => void warned.push(name) })).toMatchObject({
      outcome: 'repaired',
    });
    expect(warned).toEqual([targetName]);
    await expectTarget([0, 2, 3].map((index) => sizedProduct(index)));
  });

  it('are tried again where DynamoDB is too fast for them or an answer is lost', async () => {
    await migrated();
    await changeSource(bench, sizedProduct(9));
    let puts = 0;
    const items: Partial<ItemTable> = {
      async putIf(table, item, condition) {
        puts += 1;
        if (puts === 1) throw awsError('ThrottlingException');
        const outcome = await bench.runtime.items.putIf(table, item, condition);
        if (puts === 3) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        return outcome;
      },
    };
    const cost = noCost();
    expect(await reconcile({ items, cost, sourceKey: keyOf('p-9') })).toMatchObject({ outcome: 'repaired' });
    expect(cost.throttles).toBe(1);
    await expectTarget([...sizedProducts(4), sizedProduct(9)]);
  });

  it('are consistent reads, and writes on a condition, none of them to the source', async () => {
    await migrated();
    await changeSource(bench, sizedProduct(1, { ...sizes('S', 'XXL'), price: { S: '170' } }));
    const sent = watchRequests();
    await reconcile();
    const reads = sent.filter(({ operation }) => /^(?:GetItem|Query)Command$/.test(operation));
    expect(reads.map(({ body }) => [body['TableName'], body['ConsistentRead']])).toEqual([
      [targetName, true],
      [sourceTable, true],
      [sourceTable, true],
    ]);
    const writes = sent.filter((one) => !reads.includes(one));
    expect(writes.map(({ body }) => body['TableName'])).toEqual(Array.from({ length: 6 }, () => targetName));
    expect(writes.filter(({ body }) => body['ConditionExpression'] === undefined)).toEqual([]);
  });

  it.each([
    ['reads', { readUnitsPerSecond: 40 }],
    ['writes', { writeUnitsPerSecond: 40 }],
  ])('keep to the cap on %s, all keys of a batch together', async (_what, cap) => {
    bench = await migrateBench({ products: sizedProducts(40) });
    await bench.migrate();
    for (let index = 0; index < 40; index += 1)
      await changeSource(bench, sizedProduct(index, { brand: { S: 'Own' } }));
    const before = Date.now();
    await batch(openReconcile(bench.runtime, { ...scopeOf(), ...cap }), sizedProducts(40));
    // At least 40 units; what one batch begins at once is not waited for.
    expect(Date.now() - before).toBeGreaterThan(400);
  });

  it('await the fence before each write, and stop where it is closed', async () => {
    await migrated();
    await changeSource(bench, sizedProduct(9));
    let looks = 0;
    const fence = async (): Promise<void> => {
      looks += 1;
      if (looks > 2) throw new Error('closed');
    };
    await expect(reconcile({ fence, sourceKey: keyOf('p-9') })).rejects.toThrow('closed');
    expect((await bench.target()).size).toBe(4 * 5 + 2);
  });

  it('name an item that DynamoDB refuses for good, and delete nothing after it', async () => {
    await migrated();
    await changeSource(bench, sizedProduct(1, sizes('XXL')));
    const items: Partial<ItemTable> = {
      putIf: () => Promise.reject(awsError('ValidationException', 'Type mismatch for Index Key')),
    };
    const before = await snapshot(bench);
    expect(await reconcile({ items })).toMatchObject({
      outcome: 'equal',
      quarantined: { code: 'ItemRefused', reason: expect.stringMatching(/XXL.*Type mismatch for Index Key/) },
    });
    expect(await snapshot(bench)).toBe(before);
  });
});

const batch = (reconcileKey: ReconcileKey, keys: readonly WireItem[], isShort = () => false) =>
  reconcileBatch(reconcileKey, {
    keys,
    sourceKey: bench.runtime.migration.source.key,
    repair: true,
    isShort,
  });

describe('a batch of source keys', () => {
  it('is reconciled once for each key, whatever comes with the keys', async () => {
    await migrated();
    await removeSource('p-2');
    await changeSource(bench, sizedProduct(1, { price: { S: '170' } }));
    const ends = await batch(openReconcile(bench.runtime, scopeOf()), [
      keyOf('p-1'),
      keyOf('p-2'),
      sizedProduct(1),
      keyOf('p-3'),
    ]);
    expect([...ends.values()].map(({ sourceKey, outcome }) => [sourceKey, outcome])).toEqual([
      [keyOf('p-1'), 'repaired'],
      [keyOf('p-2'), 'repaired'],
      [keyOf('p-3'), 'equal'],
    ]);
    expect([...ends.keys()]).toEqual(['["p-1"]', '["p-2"]', '["p-3"]']);
  });

  it('goes on where one key fails', async () => {
    await migrated();
    for (const index of [1, 2, 3]) await changeSource(bench, sizedProduct(index, sizes(`N${index}`)));
    const runtime = bench.withItems({
      async putIf(table, item, condition) {
        if (JSON.stringify(item).includes('"p-2"')) throw awsError('AccessDeniedException');
        return bench.runtime.items.putIf(table, item, condition);
      },
    });
    const ends = await batch(
      openReconcile(runtime, scopeOf()),
      [1, 2, 3].map((index) => keyOf(`p-${index}`)),
    );
    expect([...ends.values()].map(({ outcome }) => outcome)).toEqual(['repaired', 'failed', 'repaired']);
    expect(ends.get('["p-2"]')).toMatchObject({ error: { name: 'AccessDeniedException' } });
    expect(ends.get('["p-2"]')?.readUnits).toBeGreaterThan(0);
  });

  it('begins no further key where time is short', async () => {
    await migrated();
    const ends = await batch(
      openReconcile(bench.runtime, scopeOf()),
      [keyOf('p-1'), keyOf('p-2')],
      () => true,
    );
    expect([...ends.values()].map(({ outcome }) => outcome)).toEqual(['unstarted', 'unstarted']);
  });
});
