import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TransformError } from '../../../functions/shared/errors.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { listPending } from '../../../functions/shared/ledger/sync-records.ts';
import { doubtMillisOf, type Runtime, type Turn } from '../../../functions/shared/runtime.ts';
import type { Gate } from '../../support/ledger-world.ts';
import { itemsOf, openSyncBench, product, type SyncBench } from './sync-bench.ts';

let bench: SyncBench;
beforeAll(async () => void (bench = await openSyncBench()));
beforeEach(async () => {
  await bench.reset();
  await bench.begin();
});
afterAll(() => bench.world.stop());

const acknowledged = { failed: undefined };
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
const ids = ['1', '2', '3', '4'];

/** An answer of DynamoDB. */
const awsError = (name: string, httpStatusCode = 400): Error =>
  Object.assign(new Error(`${name} for a test`), { name, $metadata: { httpStatusCode } });
/** No answer at all. */
const silence = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

/** One product each that is new, changed, has lost a size, and was deleted. @returns their ids */
async function fill(prefix = ''): Promise<readonly string[]> {
  const own = ids.map((id) => `${prefix}${id}`);
  const [added = '', changed = '', smaller = '', gone = ''] = own;
  for (const id of [changed, smaller, gone]) await bench.putTarget(...itemsOf(product(id)));
  await bench.putSource(
    product(added),
    product(changed, { price: { S: '170' } }),
    product(smaller, { sizes: { L: [{ S: 'M' }] } }),
  );
  return own;
}

const idOf = (item: WireItem): string => stringAttribute(item, 'id') ?? '';

/** A turn of two minutes, which the test ends when it likes. */
function timedTurn(): { readonly turn: Turn; readonly end: () => void } {
  const { clock } = bench.world;
  const endsAt = clock.now() + 120_000;
  return {
    turn: { remainingMillis: () => endsAt - clock.now(), requestId: 'timed' },
    end: () => clock.advance(Math.max(0, endsAt - 15_000 - clock.now())),
  };
}

describe('a passing fault', () => {
  it.each(['ThrottlingException', 'InternalServerError', 'ProvisionedThroughputExceededException'])(
    'is tried again within the call: %s',
    async (name) => {
      await fill();
      let requests = 0;
      const runtime = bench.gated((_operation, send) => {
        requests += 1;
        return requests % 3 === 0 ? Promise.reject(awsError(name)) : send();
      });
      expect(await bench.call(ids, { runtime })).toEqual(acknowledged);
      expect(await bench.differences()).toEqual([]);
    },
  );

  it('that outlives the call has the batch delivered again from the first key that it hit', async () => {
    await fill();
    const { turn, end } = timedTurn();
    const runtime = bench.gated((operation, send) => {
      if (operation !== 'UpdateItem') return send();
      end();
      return Promise.reject(awsError('ThrottlingException'));
    });
    const { failed } = await bench.call(ids, { runtime, turn });
    expect(failed).toBeDefined();
    expect(await bench.pending()).toEqual([]);
    expect(await bench.minute()).toMatchObject({ records: 1 });
    expect(await bench.call(['2', '3', '4'])).toEqual(acknowledged);
    expect(await bench.differences()).toEqual([]);
    expect(await bench.minute()).toMatchObject({ records: 4 });
  });
});

describe('a call that is short of time', () => {
  it('has the batch delivered again from the first key that it did not begin', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `p${index}`);
    for (const id of many) await bench.putSource(product(id));
    const { turn, end } = timedTurn();
    let reads = 0;
    const runtime = bench.gated((operation, send) => {
      reads += operation === 'GetItem' ? 1 : 0;
      if (reads === 30) end();
      return send();
    });
    const { failed } = await bench.call(many, { runtime, turn });
    expect(failed).toBeDefined();
    const done = (await bench.minute())?.records ?? 0;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(40);
    expect(await bench.call(many.slice(done))).toEqual(acknowledged);
    expect(await bench.differences()).toEqual([]);
  });

  it('begins no key at all where nothing is left', async () => {
    await fill();
    const turn: Turn = { remainingMillis: () => 0, requestId: 'none' };
    const runtime = bench.gated((operation, send) =>
      WRITES.has(operation) ? Promise.reject(new Error(`${operation} was sent`)) : send(),
    );
    const { failed } = await bench.call(ids, { runtime, turn });
    expect(failed).toBeDefined();
    expect(await bench.minute()).toMatchObject({ records: 0, repaired: 0 });
  });
});

describe('a permission that is missing', () => {
  it.each(['GetItem', 'Query', 'PutItem'])(
    'fails the call, so that nothing is acknowledged: %s',
    async (forbidden) => {
      await fill();
      const runtime = bench.gated((operation, send) =>
        operation === forbidden ? Promise.reject(awsError('AccessDeniedException')) : send(),
      );
      await expect(bench.call(ids, { runtime })).rejects.toThrow('AccessDeniedException');
      expect(await bench.pending()).toEqual([]);
      expect(await bench.call(ids)).toEqual(acknowledged);
      expect(await bench.differences()).toEqual([]);
    },
  );

  it('fails the call where it is only missed by a key that waits', async () => {
    await fill();
    await bench.call(['1'], { runtime: throwing(bench.world.observer, '1') });
    const runtime = bench.gated((operation, send) =>
      operation === 'Query' ? Promise.reject(awsError('AccessDeniedException')) : send(),
    );
    await expect(bench.call([], { runtime })).rejects.toThrow('AccessDeniedException');
    expect(await bench.pending()).toEqual(['1']);
  });
});

describe('a table that is missing', () => {
  it('fails the call with a sentence', async () => {
    await fill();
    const runtime = bench.gated((operation, send) =>
      operation === 'GetItem' ? Promise.reject(awsError('ResourceNotFoundException')) : send(),
    );
    await expect(bench.call(ids, { runtime })).rejects.toMatchObject({
      name: 'TableUnavailableError',
      message: expect.stringContaining('The changes stay in the stream for 24 hours'),
    });
  });
});

/** A runtime whose transform throws at these products: a mistake in the migration's code. */
function throwing(runtime: Runtime, ...stuck: readonly string[]): Runtime {
  const { migration } = runtime;
  const transform: Runtime['migration']['transform'] = (item, context) => {
    const id = idOf(item);
    if (stuck.includes(id)) throw new TransformError(`Product ${id} made the transform throw.`);
    return migration.transform(item, context);
  };
  return { ...runtime, migration: { ...migration, transform } };
}

describe('a key that cannot be settled', () => {
  it('is kept as pending with its reason, and holds up no other', async () => {
    await fill();
    const runtime = throwing(bench.world.observer, '1');
    expect(await bench.call([...ids, '1'], { runtime })).toEqual(acknowledged);
    const [pending] = await listPending(bench.world.observer.ledger, 'sync-1');
    expect(pending).toMatchObject({
      text: '1',
      key: { id: { S: '1' } },
      reason: 'TransformError: Product 1 made the transform throw.',
      since: bench.world.clock.now(),
    });
    expect(await bench.minute()).toMatchObject({ records: 5, repaired: 3, pending: 1 });
    expect((await bench.differences()).every((one) => one.includes('PRODUCT#1'))).toBe(true);
  });

  it('stays while it cannot, and goes with the first clean look', async () => {
    await fill();
    const runtime = throwing(bench.world.observer, '1');
    await bench.call(ids, { runtime });
    await bench.call(['2'], { runtime });
    expect(await bench.pending()).toEqual(['1']);
    await bench.call(['2']);
    expect(await bench.pending()).toEqual([]);
    expect(await bench.differences()).toEqual([]);
  });

  it('stays where it is noted again while a call looks at it', async () => {
    await bench.putSource(product('1'));
    const broken = throwing(bench.world.observer, '1');
    await bench.call(['1'], { runtime: broken });
    let isNoted = false;
    const looking = bench.gated(async (operation, send) => {
      const answer = await send();
      if (operation === 'PutItem' && !isNoted) {
        isNoted = true;
        await bench.call(['1'], { runtime: broken });
      }
      return answer;
    });
    await bench.call([], { runtime: looking });
    expect(await bench.pending()).toEqual(['1']);
    await bench.call([]);
    expect(await bench.pending()).toEqual([]);
  });

  it('is a product that changes at every look, too', async () => {
    await bench.putSource(product('1'));
    let price = 200;
    const restless = bench.gated(async (operation, send) => {
      const answer = await send();
      if (operation === 'GetItem')
        await bench.putSource(product('1', { price: { S: String((price += 1)) } }));
      return answer;
    });
    expect(await bench.call(['1'], { runtime: restless })).toEqual(acknowledged);
    expect(await bench.pending()).toEqual(['1']);
    await bench.call(['other']);
    expect(await bench.pending()).toEqual([]);
    expect(await bench.differences()).toEqual([]);
  });

  it('does not starve others: of many, each gets its turn', async () => {
    const many = Array.from({ length: 30 }, (_, index) => `p${index}`);
    for (const id of many) await bench.putSource(product(id));
    const stuck = many.slice(0, 20);
    await bench.call(many, { runtime: throwing(bench.world.observer, ...many) });
    expect(await bench.pending()).toHaveLength(30);
    const runtime = throwing(bench.world.observer, ...stuck);
    for (let call = 0; call < 24; call += 1)
      await bench.call([], { runtime: { ...runtime, random: () => call / 24 } });
    expect(await bench.pending()).toEqual(stuck.toSorted());
  });
});

describe('a write whose answer is lost', () => {
  const losing =
    (isDue: (operation: string) => boolean, isApplied = true): Gate =>
    async (operation, send) => {
      if (!isDue(operation)) return send();
      if (isApplied) await send();
      throw silence();
    };

  it.each([...WRITES])(
    'leaves the target in step, and its batch pending until it is quiet: %s',
    async (lost) => {
      await fill();
      let isDue = true;
      const isFirst = (operation: string): boolean => {
        if (operation !== lost || !isDue) return false;
        isDue = false;
        return true;
      };
      expect(await bench.call(ids, { runtime: bench.gated(losing(isFirst)) })).toEqual(acknowledged);
      expect(await bench.differences()).toEqual([]);
      expect(await bench.pending()).toEqual(ids);
      const quietAt = bench.world.clock.now() + doubtMillisOf(bench.world.config);
      for (const pending of await listPending(bench.world.observer.ledger, 'sync-1'))
        expect(pending.quietAt).toBe(quietAt);
      await bench.call([]);
      expect(await bench.pending()).toEqual(ids);
      bench.world.clock.advance(doubtMillisOf(bench.world.config));
      await bench.call([]);
      expect(await bench.pending()).toEqual([]);
      expect(await bench.differences()).toEqual([]);
    },
  );

  it('is put right though it lands after everything else, over a state that has come back', async () => {
    const [cheap, dear] = [product('1'), product('1', { price: { S: '170' } })];
    await bench.putTarget(...itemsOf(cheap));
    await bench.putSource(dear);
    const late: (() => Promise<unknown>)[] = [];
    const runtime = bench.gated(async (operation, send) => {
      if (operation !== 'UpdateItem' || late.length > 0) return send();
      late.push(send);
      throw silence();
    });
    await bench.call(['1'], { runtime });
    await bench.putSource(cheap);
    await bench.call(['1']);
    expect(await bench.differences()).toEqual([]);
    for (const send of late) await send();
    expect(await bench.differences()).not.toEqual([]);
    bench.world.clock.advance(doubtMillisOf(bench.world.config));
    await bench.call([]);
    expect(await bench.differences()).toEqual([]);
    expect(await bench.pending()).toEqual([]);
  });
});

describe('a function that is killed', () => {
  it('at any of its requests leaves a batch that the next delivery settles', async () => {
    for (let at = 1; ; at += 1) {
      const own = await fill(`kill${at}-`);
      const { gate, isQuiet } = killingAt(at);
      const call = bench.call(own, { runtime: bench.world.runtime(gate) });
      const isOver = await Promise.race([call.then(() => true), isQuiet.then(() => false)]);
      expect(await bench.call(own)).toEqual(acknowledged);
      expect(await bench.differences()).toEqual([]);
      if (isOver) break;
      expect(at).toBeLessThan(80);
    }
  });
});

/** Answers nothing from the n-th request on: the sandbox is gone, and what was under way has reached its end. */
function killingAt(nth: number): { readonly gate: Gate; readonly isQuiet: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let [requests, underWay] = [0, 0];
  const look = (): void => {
    const before = requests;
    setTimeout(() => (underWay === 0 && requests === before ? resolve() : undefined), 5);
  };
  const gate: Gate = async (_operation, send) => {
    requests += 1;
    if (requests >= nth) {
      look();
      return new Promise(() => undefined);
    }
    underWay += 1;
    try {
      return await send();
    } finally {
      underWay -= 1;
      if (requests >= nth) look();
    }
  };
  return { gate, isQuiet: promise };
}

describe('two calls at once', () => {
  it.each([1, 2, 3, 4, 5, 6])('and a shop that goes on writing end in step, seed %i', async (seed) => {
    await fill();
    let state = seed;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const changes: WireItem[] = Array.from({ length: 12 }, (_, index) =>
      product(String(1 + (index % 4)), { price: { S: String(200 + index + seed) } }),
    );
    const shuffling: Gate = async (_operation, send) => {
      await new Promise((resolve) => setTimeout(resolve, random() * 8));
      return send();
    };
    const late: string[] = [];
    const shop = async (): Promise<void> => {
      for (const change of changes) {
        await new Promise((resolve) => setTimeout(resolve, random() * 10));
        await bench.putSource(change);
        late.push(idOf(change));
      }
    };
    const consumer = async (): Promise<void> => {
      for (let calls = 0; calls < 6; calls += 1)
        await bench.call([...ids, ...late.slice(-3)], { runtime: bench.gated(shuffling) });
    };
    await Promise.all([shop(), consumer(), consumer()]);
    // What the shop wrote last is delivered once more, twice, at once.
    await Promise.all([bench.call(late), bench.call(late)]);
    await bench.call([]);
    expect(await bench.pending()).toEqual([]);
    expect(await bench.differences()).toEqual([]);
  });
});

describe('the ledger', () => {
  it('that does not answer fails the call, so that nothing is acknowledged', async () => {
    await fill();
    const runtime = bench.world.runtime((operation, send) =>
      operation === 'BatchGetItem' || operation === 'GetItem'
        ? Promise.reject(awsError('ValidationException'))
        : send(),
    );
    await expect(bench.call(ids, { runtime })).rejects.toThrow('ValidationException');
    expect(await bench.minute()).toBeUndefined();
  });
});
