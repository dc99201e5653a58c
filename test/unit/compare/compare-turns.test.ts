import { UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareSource } from '../../../functions/compare-all/compare-source.ts';
import { compareTarget } from '../../../functions/compare-all/compare-target.ts';
import { judgeCompare } from '../../../functions/compare-all/judge-compare.ts';
import { runKey, shardKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { findShard } from '../../../functions/shared/ledger/shard.ts';
import { forgetNamed, listNamed } from '../../../functions/shared/ledger/sync-names.ts';
import { listPending } from '../../../functions/shared/ledger/sync-records.ts';
import { keyOf } from '../../../functions/shared/items/item-key.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import type { ComparedOutput } from '../../../functions/shared/state.ts';
import { longTurn } from '../files/backup-bench.ts';
import { awsError, sizedProduct, sizedProducts } from '../migrate/migrate-bench.ts';
import { type CompareBench, compareBench, type Gate } from './compare-bench.ts';
import { CONFLICTS, drift, itemsOf, KEY, SOURCE, TARGET } from './drift.ts';

let world: CompareBench;
afterEach(() => world.bench.stop());

const ONE_SEGMENT = { plan: { segments: [0] } };
const FOUND = { differing: 0, repaired: 5, conflicts: 2, quarantined: 1 } as const;

/** The target is what a compare without a fault makes of the same drift. */
async function expectRepaired(): Promise<void> {
  const [target, expected] = [await world.target(), await world.expected()];
  expect(expected.filter((text) => !target.includes(text))).toHaveLength(1);
  expect(target.filter((text) => !expected.includes(text))).toHaveLength(3 + 5);
}

/** Lets so many requests through, then none: the sandbox is gone. */
function dyingAfter(requests: number): Gate {
  let left = requests;
  return (_, send) => {
    left -= 1;
    return left >= 0 ? send() : Promise.reject(new Error('The worker was killed.'));
  };
}

describe('a worker of a compare', () => {
  it.each([1, 4, 7, 10, 13, 16, 20, 25, 30, 35, 40, 45])(
    'goes on where a killed one has stopped, after request %i',
    async (requests) => {
      world = await compareBench(ONE_SEGMENT);
      await drift(world);
      const killed = world.compare({ runtime: await world.gated(dyingAfter(requests)) });
      await expect(killed).rejects.toThrow('The worker was killed.');
      const found = await world.compare();
      // What the killed worker has repaired since its checkpoint is in place, but not counted.
      expect(found).toEqual({ ...FOUND, repaired: expect.any(Number) });
      expect(found.repaired).toBeLessThanOrEqual(FOUND.repaired);
      await expectRepaired();
    },
  );

  it('warns that a change may be lost where a killed one has left a deletion behind', async () => {
    world = await compareBench(ONE_SEGMENT);
    await drift(world);
    let isDead = false;
    const gated = await world.gated((operation, send) => {
      if (isDead) return Promise.reject(new Error('The worker was killed.'));
      isDead = operation === 'DeleteItem';
      return send();
    });
    await expect(world.compare({ runtime: gated })).rejects.toThrow('The worker was killed.');
    await world.compare();
    const { warnings } = await readRun(world.runtime.ledger, world.run.runId);
    expect(warnings).toEqual([expect.stringContaining('the change may be lost')]);
  });

  it('shares a segment with no other call: the later one takes it over, and all is counted once', async () => {
    world = await compareBench(ONE_SEGMENT);
    await drift(world);
    const { runId, executionArn } = world.run;
    const input = { runId, executionArn, shard: 0 };
    for (const worker of [compareSource, compareTarget]) {
      await Promise.all([1, 2, 3].map(() => worker(world.runtime, input, longTurn())));
      await worker(world.runtime, input, longTurn());
    }
    expect(await world.judge()).toEqual({ ...FOUND, repaired: expect.any(Number) });
    await expectRepaired();
  });

  it('that has no time left looks at one source item, and saves how far it has come', async () => {
    world = await compareBench({ ...ONE_SEGMENT, items: sizedProducts(3) });
    for (const id of [0, 1, 2]) await world.put(SOURCE, sizedProduct(id, { price: { S: '170' } }));
    const { runId, executionArn } = world.run;
    const turnOf = () => ({ remainingMillis: () => 0, requestId: 'short' });
    const first = await compareSource(world.runtime, { runId, executionArn, shard: 0 }, turnOf());
    expect(first).toMatchObject({ done: false, itemsDone: 1 });
    const shard = await findShard(world.runtime.ledger, runId, 'CompareSource', 0);
    expect(shard).toMatchObject({ counters: { repaired: 1, sourceItems: 1 }, cursor: { table: SOURCE } });
    await world.map('source', { turnOf });
    expect((await findShard(world.runtime.ledger, runId, 'CompareSource', 0))?.counters).toMatchObject({
      repaired: 3,
      sourceItems: 3,
    });
  });

  it('notes a source item that never rests as pending, and counts it as differing', async () => {
    world = await compareBench({ ...ONE_SEGMENT, items: sizedProducts(3) });
    await world.put(SOURCE, sizedProduct(1, { price: { S: '170' } }));
    let price = 200;
    const runtime = await world.gated(async (operation, send) => {
      if (operation === 'UpdateItem')
        await world.put(SOURCE, sizedProduct(1, { price: { S: `${(price += 1)}` } }));
      return send();
    });
    expect(await world.compare({ runtime: { ...runtime, ledger: world.runtime.ledger } })).toMatchObject({
      differing: 1,
    });
    const [pending, ...others] = await listPending(world.runtime.ledger, world.run.runId);
    expect(pending).toMatchObject({ key: { id: { S: 'p-1' } }, text: 'p-1' });
    expect(others).toEqual([]);
  });

  it('writes nothing more once the sync has been taken over by another execution', async () => {
    world = await compareBench(ONE_SEGMENT);
    await drift(world);
    const before = await world.target();
    const runtime = await world.gated(async (operation, send) => {
      if (operation === 'Scan') await world.next('cut-over', 'SWITCHING');
      return send();
    });
    await expect(world.map('source', { runtime })).rejects.toThrow(/SWITCHING|arn:cut-over/);
    expect(await world.target()).toEqual(before);
  });

  it('changes nothing in a table that has taken the place of the one that the sync follows', async () => {
    const followed = { tables: [{ name: TARGET, tableId: 'another-table' }] };
    world = await compareBench({ ...ONE_SEGMENT, follows: followed });
    await drift(world);
    const before = await world.target();
    await expect(world.compare()).rejects.toThrow(TARGET);
    expect(await world.target()).toEqual(before);
  });

  it('refuses a run that follows nothing', async () => {
    world = await compareBench(ONE_SEGMENT);
    const run = await world.bench.begin('migrate-1', {}, { lockTable: 'another' });
    await expect(world.map('source', { run })).rejects.toThrow('does not say which run migrate-1 follows');
  });
});

describe('a source item whose target item DynamoDB refuses', () => {
  const REFUSED = { differing: 0, repaired: 0, conflicts: 0, quarantined: 1 } as const;
  const DIFFERING = { differing: 1, repaired: 0, conflicts: 0, quarantined: 0 } as const;

  /** By the compare that repairs. */
  let found: ComparedOutput;

  /** Takes no new item. */
  function refusing(): Runtime {
    const { items } = world.runtime;
    const putIf: typeof items.putIf = () => Promise.reject(awsError('ValidationException', 'too odd'));
    return { ...world.runtime, items: { ...items, putIf } };
  }
  /** The compare of a cut over. */
  const readOnly = async (): Promise<ComparedOutput> =>
    world.compare({ run: await world.next('cut-over', 'SWITCHING') });

  beforeEach(async () => {
    world = await compareBench({ ...ONE_SEGMENT, items: sizedProducts(3) });
    await world.put(SOURCE, sizedProduct(7));
    found = await world.compare({ runtime: refusing() });
  });

  it('is named as quarantined by a compare that repairs', async () => {
    expect(found).toEqual(REFUSED);
    expect(await world.named()).toEqual(['quarantined p-7']);
  });

  it('is named as quarantined by the compare of a cut over, too, which writes nothing', async () => {
    expect(await readOnly()).toEqual(REFUSED);
    expect(await world.named()).toEqual(['quarantined p-7']);
  });

  it('differs for a cut over once another item of it is missing, which a repair would write', async () => {
    await world.put(TARGET, ...itemsOf(7).slice(0, 1));
    expect(await world.compare({ runtime: refusing(), run: await world.next('again') })).toEqual(REFUSED);
    await world.remove(TARGET, keyOf(itemsOf(7)[0] ?? {}, KEY));
    expect(await readOnly()).toEqual(DIFFERING);
  });

  it('differs for a cut over once it has been corrected in the source', async () => {
    await world.put(SOURCE, sizedProduct(7, { name: { S: 'Corrected' } }));
    expect(await readOnly()).toEqual(DIFFERING);
    expect(await world.compare({ run: await world.next('cut-over') })).toMatchObject({ repaired: 1 });
  });

  it('differs for a cut over once an index of the target has changed, because DynamoDB may take it now', async () => {
    const { dynamo } = world.runtime.clients;
    const index = {
      IndexName: 'byBrand',
      KeySchema: [{ AttributeName: 'brand', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    } as const;
    await dynamo.send(
      new UpdateTableCommand({
        TableName: TARGET,
        AttributeDefinitions: [{ AttributeName: 'brand', AttributeType: 'S' }],
        GlobalSecondaryIndexUpdates: [{ Create: { ...index, KeySchema: [...index.KeySchema] } }],
      }),
    );
    expect(await readOnly()).toEqual(DIFFERING);
  });

  it('is known beyond the bound on names', async () => {
    const [named] = await listNamed(world.runtime.ledger, world.run.runId);
    if (named !== undefined) await forgetNamed(world.runtime.ledger, named);
    expect(await readOnly()).toEqual(REFUSED);
  });
});

describe('a target item with more attributes than a condition can name', () => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`attribute${n}`, { N: `${n}` }]));

  it('is counted as one that a person must delete, by every compare, and is written again after that', async () => {
    world = await compareBench({ ...ONE_SEGMENT, items: [sizedProduct(1, many)] });
    await world.put(SOURCE, sizedProduct(1, { ...many, name: { S: 'Renamed' } }));
    const [metadata = {}] = itemsOf(1);
    for (const status of ['SYNCING', 'SWITCHING'] as const) {
      const run = await world.next(`compare-${status}`, status);
      expect(await world.compare({ run })).toMatchObject({ differing: 1 });
      expect(await world.compared()).toMatchObject({ differing: 1, byHand: 1 });
      expect(await listNamed(world.runtime.ledger, run.runId)).toMatchObject([
        { kind: 'differing', text: `${TARGET}: PRODUCT#p-1 / METADATA`, isByHand: true },
      ]);
    }
    await world.remove(TARGET, keyOf(metadata, KEY));
    expect(await world.compare({ run: await world.next('again') })).toMatchObject({
      repaired: 1,
      differing: 0,
    });
    expect(await world.target()).toEqual(await world.expected());
  });
});

describe('a compare under faults', () => {
  const DATA = new Set(['Scan', 'Query', 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem']);
  /** Fails every third request of the data plane once, before or after it takes effect. */
  const failing = (error: () => Error, when: 'before' | 'after'): Gate => {
    let count = 0;
    return async (operation, send) => {
      count += 1;
      if (!DATA.has(operation) || count % 3 !== 0) return send();
      if (when === 'after') await send();
      throw error();
    };
  };

  it.each([
    ['throttled', 'ProvisionedThroughputExceededException', 'before', 5],
    ['unavailable', 'InternalServerError', 'before', 5],
    // A write whose answer is lost is not known as the compare's own.
    ['cut off', 'TimeoutError', 'after', 0],
  ] as const)('comes to the same end where requests are %s', async (_, name, when, repaired) => {
    world = await compareBench(ONE_SEGMENT);
    await drift(world);
    const gated = await world.gated(failing(() => awsError(name), when));
    const found = await world.compare({ runtime: { ...gated, ledger: world.runtime.ledger } });
    expect(found).toEqual({ ...FOUND, repaired: expect.any(Number) });
    expect(found.repaired).toBeGreaterThanOrEqual(repaired);
    await expectRepaired();
  });

  it('has a key looked at again once a write that got no answer can no longer land', async () => {
    world = await compareBench(ONE_SEGMENT);
    await world.put(SOURCE, sizedProduct(1, { price: { S: '170' } }));
    let isLost = false;
    const gated = await world.gated(async (operation, send) => {
      const answer = await send();
      if (operation !== 'UpdateItem' || isLost) return answer;
      isLost = true;
      throw awsError('TimeoutError');
    });
    await world.compare({ runtime: { ...gated, ledger: world.runtime.ledger } });
    const pending = await listPending(world.runtime.ledger, world.run.runId);
    expect(pending).toMatchObject([{ text: 'p-1', quietAt: gated.inDoubt.until }]);
    expect(await world.target()).toEqual(await world.expected());
  });

  it('comes to the same end where most keys of a request are left unprocessed', async () => {
    world = await compareBench(ONE_SEGMENT);
    await drift(world);
    const { items } = world.runtime;
    const batchGet: typeof items.batchGet = async (table, keys) => {
      const answer = await items.batchGet(table, keys.slice(0, 3));
      return { ...answer, unprocessedKeys: keys.slice(3) };
    };
    const runtime = { ...world.runtime, items: { ...items, batchGet } };
    expect(await world.compare({ runtime })).toEqual(FOUND);
  });

  it('stops at once where it may not do what it must, and names what stays as before', async () => {
    world = await compareBench(ONE_SEGMENT);
    await drift(world);
    const gated = await world.gated((operation, send) =>
      operation === 'DeleteItem' ? Promise.reject(awsError('AccessDeniedException')) : send(),
    );
    const runtime = { ...gated, ledger: world.runtime.ledger };
    await expect(world.compare({ runtime })).rejects.toThrow('AccessDeniedException');
    expect(await world.compare()).toMatchObject({ conflicts: 2, quarantined: 1 });
    await expectRepaired();
  });
});

describe('the judgement of a compare', () => {
  it('counts nothing on less than every segment of both sides', async () => {
    world = await compareBench();
    await world.map('source');
    await expect(world.judge()).rejects.toThrow('3 of the 3 segments of CompareTarget were not finished');
    expect(await world.compared()).toBeUndefined();
  });

  it('counts nothing that an earlier execution has found', async () => {
    world = await compareBench();
    await world.compare();
    const run = await world.next('again');
    await expect(world.judge(run)).rejects.toThrow('3 of the 3 segments of CompareSource were not finished');
    await world.map('source', { run });
    await world.map('target', { run });
    await world.judge(run);
    expect(await world.compared()).toMatchObject({ executionArn: 'arn:again', sourceItems: 12 });
  });

  it('counts nothing of the read-only compare where it went back to repairing', async () => {
    world = await compareBench();
    const switching = await world.next('cut-over', 'SWITCHING');
    await world.compare({ run: switching });
    const syncing = await world.next('cut-over', 'SYNCING');
    await expect(world.judge(syncing)).rejects.toThrow('were not finished');
  });

  it('says that something differs though a source item changed between the looks of the two sides', async () => {
    world = await compareBench(ONE_SEGMENT);
    const run = await world.next('cut-over', 'SWITCHING');
    await world.map('source', { run });
    // A writer that is not frozen.
    await world.put(SOURCE, sizedProduct(1, { name: { S: 'Renamed' } }));
    await world.map('target', { run });
    expect((await world.judge(run)).differing).toBeGreaterThan(0);
  });

  it('waits until the last request of a second call is through', async () => {
    world = await compareBench(ONE_SEGMENT);
    await world.map('source');
    await world.map('target');
    const { ledger, config, clock } = world.runtime;
    const { runId, executionArn } = world.run;
    await updateIf(ledger, shardKey(runId, 'CompareTarget', 0), { set: { claim: 'a late call' } });
    const waits: number[] = [];
    const runtime = {
      ...world.runtime,
      config: { ...config, fenceWaitSeconds: 30 },
      clock: { ...clock, now: () => clock.now() + waits.reduce((sum, millis) => sum + millis, 0) },
      sleep: async (millis: number) => void waits.push(millis),
    };
    await judgeCompare(runtime, { runId, executionArn });
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(29_000);
  });

  it('returns what another call has ended the compare with while it waited for late requests', async () => {
    world = await compareBench({ ...ONE_SEGMENT, kind: 'compare' });
    await world.map('source');
    await world.map('target');
    const { ledger, config } = world.runtime;
    const { runId, executionArn } = world.run;
    const call = { runId, executionArn };
    await updateIf(ledger, runKey(runId), { set: { lateUntil: Date.now() + 20_000 } });
    const others: unknown[] = [];
    const runtime = {
      ...world.runtime,
      config: { ...config, fenceWaitSeconds: 30 },
      sleep: async () => {
        await updateIf(ledger, runKey(runId), { set: { lateUntil: 0 } });
        others.push(await judgeCompare(world.runtime, call));
      },
    };
    const own = await judgeCompare(runtime, call);
    expect(others).toEqual([own]);
  });

  it.each([
    ['the deployed one', 'one', 'one'],
    ['unknown', 'another', undefined],
  ] as const)('notes that the transform compared with was %s', async (_, transformVersion, noted) => {
    world = await compareBench(ONE_SEGMENT);
    await updateIf(world.runtime.ledger, runKey(world.run.runId), { set: { transformVersion } });
    await world.compare();
    expect((await world.compared())?.transformVersion).toBe(noted);
  });

  it('comes to the same when it is asked again', async () => {
    world = await compareBench();
    await drift(world);
    const found = await world.compare();
    expect(await world.judge()).toEqual(found);
    expect(await world.named()).toEqual([...CONFLICTS.map((text) => `conflict ${text}`), 'quarantined p-6']);
  });

  it('is refused for an execution that the sync does not belong to any more', async () => {
    world = await compareBench();
    await world.map('source');
    await world.map('target');
    await world.next('cut-over', 'SWITCHING');
    await expect(world.judge()).rejects.toThrow('is worked on by arn:cut-over');
  });
});
