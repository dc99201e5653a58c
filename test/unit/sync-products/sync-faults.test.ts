import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Turn } from '../../../functions/shared/runtime.ts';
import { CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { catalogueTable } from '../../support/shop.ts';
import { openSyncBench, product, type SyncBench, targetName } from './sync-bench.ts';
import { awsError, fill, ids, throwing, WRITES } from './troubles.ts';

let bench: SyncBench;
beforeAll(async () => void (bench = await openSyncBench()));
beforeEach(async () => {
  await bench.reset();
  await bench.begin();
});
afterAll(() => bench.world.stop());

const acknowledged = { failed: undefined };
/** A turn of two minutes, which the test ends when it likes. */
function timedTurn(): { readonly turn: Turn; readonly end: () => void } {
  const { clock } = bench.world;
  const endsAt = clock.now() + 120_000;
  return {
    turn: { remainingMillis: () => endsAt - clock.now(), requestId: 'timed' },
    end: () => clock.advance(Math.max(0, endsAt - 15_000 - clock.now())),
  };
}

describe('a target table that somebody replaces in the middle of a call', () => {
  it('gets no write more than 5 seconds later', async () => {
    await bench.putSource(product('1'));
    const { clock, observer } = bench.world;
    let replacedAt = Number.POSITIVE_INFINITY;
    const ages: number[] = [];
    const runtime = bench.gated(async (operation, send) => {
      if (!WRITES.has(operation)) return send();
      ages.push(clock.now() - replacedAt);
      const answer = await send();
      if (replacedAt !== Number.POSITIVE_INFINITY) return answer;
      replacedAt = clock.now();
      await observer.clients.dynamo.send(new DeleteTableCommand({ TableName: targetName }));
      await observer.clients.dynamo.send(
        new CreateTableCommand(createTableInput(catalogueTable, { name: targetName, tags: {} })),
      );
      clock.advance(6_000);
      return answer;
    });
    await expect(bench.call(['1'], { runtime })).rejects.toThrow(
      `Table ${targetName} is not the one that this run began with`,
    );
    expect(Math.max(...ages)).toBeLessThan(5_000);
  });
});

describe('a passing fault', () => {
  it.each(['ThrottlingException', 'InternalServerError', 'ProvisionedThroughputExceededException'])(
    'is tried again within the call: %s',
    async (name) => {
      await fill(bench);
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
    await fill(bench);
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
    await fill(bench);
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
      await fill(bench);
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
    await fill(bench);
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
    await fill(bench);
    const runtime = bench.gated((operation, send) =>
      operation === 'GetItem' ? Promise.reject(awsError('ResourceNotFoundException')) : send(),
    );
    await expect(bench.call(ids, { runtime })).rejects.toMatchObject({
      name: 'TableUnavailableError',
      message: expect.stringContaining('The changes stay in the stream for 24 hours'),
    });
  });
});

describe('the ledger', () => {
  it('that does not answer fails the call, so that nothing is acknowledged', async () => {
    await fill(bench);
    const runtime = bench.world.runtime((operation, send) =>
      operation === 'BatchGetItem' || operation === 'GetItem'
        ? Promise.reject(awsError('ValidationException'))
        : send(),
    );
    await expect(bench.call(ids, { runtime })).rejects.toThrow('ValidationException');
    expect(await bench.minute()).toBeUndefined();
  });
});
