import { afterEach, describe, expect, it } from 'vitest';
import { type ItemsRolledBack, rollBackItems } from '../../../functions/roll-back/roll-back-items.ts';
import { createInDoubt } from '../../../functions/shared/aws/in-doubt.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { doubtMillisOf, type Runtime } from '../../../functions/shared/runtime.ts';
import { keyIdentity } from '../../support/shop.ts';
import {
  awsError,
  type MigrateBench,
  migrateBench,
  noted,
  sizedProducts,
  targetName,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

describe('an item whose put-back gets no answer', () => {
  /**
   * The shop changes the second item before it is deleted, and no attempt at putting it back gets an answer. `land` lets
   * the last attempt take effect.
   */
  function withoutPutBack(atDeletion: (nth: number) => void = () => undefined) {
    let now = Date.now();
    const clock = { now: () => now, sleep: () => Promise.resolve() };
    const inDoubt = createInDoubt(clock, doubtMillisOf({ fenceWaitSeconds: 30 }));
    const unanswered = (): Error => {
      now += 10_000;
      inDoubt.note();
      return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    };
    let changed: WireItem = {};
    let land = (): Promise<unknown> => Promise.resolve();
    let deletions = 0;
    const hooked = bench.withItems({
      async deleteIf(table, key, condition) {
        deletions += 1;
        atDeletion(deletions);
        if (deletions === 2) {
          changed = noted((await bench.target()).get(keyIdentity(key)) ?? {});
          await bench.put(changed);
        }
        return bench.runtime.items.deleteIf(table, key, condition);
      },
      putIf(table, item, condition) {
        land = () => bench.runtime.items.putIf(table, item, condition);
        return Promise.reject(unanswered());
      },
    });
    const runtime: Runtime = { ...hooked, clock, inDoubt };
    const take = (): Promise<ItemsRolledBack> =>
      rollBackItems(runtime, {
        run: bench.run,
        tableName: targetName,
        deadline: now + 600_000,
        check: () => Promise.resolve(),
      });
    return { take, land: () => land(), changed: () => changed };
  }

  it('is looked at by the next turn, and counts as changed where it has come back late', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    await bench.migrate();
    const { take, land, changed } = withoutPutBack();
    const first = await take();
    expect(first).toMatchObject({ done: false, deleted: 4 });
    expect(first.left).toEqual({});
    await land();
    const { left, ...counted } = await take();
    expect(counted).toMatchObject({ done: true, deleted: 4 });
    expect(left).toEqual({ changed: { count: 1, keys: [expect.stringMatching(/^PRODUCT#/)] } });
    expect([...(await bench.target()).values()]).toEqual([changed()]);
  });

  it('is looked at by the next turn, and counts as lost where it has never come back', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    await bench.migrate();
    const { take } = withoutPutBack();
    expect(await take()).toMatchObject({ done: false, deleted: 4, left: {} });
    const { left, ...counted } = await take();
    expect(counted).toMatchObject({ done: true, deleted: 4 });
    expect(left).toEqual({ lost: { count: 1, keys: [expect.stringMatching(/^PRODUCT#/)] } });
    expect(await take()).toMatchObject({ done: true, left: { lost: { count: 1 } } });
  });

  it('is named at once where another deletion ends the turn with an error for good, and remembered', async () => {
    bench = await migrateBench({ products: sizedProducts(1), existing: [] });
    await bench.migrate();
    let isDenied = true;
    const { take } = withoutPutBack((nth) => {
      const answered = { $metadata: { httpStatusCode: 400 } };
      if (nth === 4 && isDenied) throw Object.assign(awsError('AccessDeniedException'), answered);
    });
    await expect(take()).rejects.toThrow('AccessDeniedException');
    const { warnings } = await readRun(bench.runtime.ledger, bench.run.runId);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^Table products-enhanced may lack a change of PRODUCT#.* could not be put back\.$/,
      ),
    ]);
    isDenied = false;
    expect(await take()).toMatchObject({ done: true, deleted: 4, left: { lost: { count: 1 } } });
  });
});
