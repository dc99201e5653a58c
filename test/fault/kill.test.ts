import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTables, targetContent, violationsOf } from '../support/checker.ts';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { functionName, requestCounts, stages } from '../support/request-points.ts';
import { secretProducts } from '../support/secret-products.ts';
import { isSoak } from '../support/soak.ts';

const products = secretProducts(12);

describe('a worker that is ended during a call', () => {
  let shop: FaultShop;
  let usual: ReadonlyMap<string, number> = new Map();
  let expected: readonly string[] = [];

  beforeAll(async () => {
    shop = await openFaultShop();
    // Runs twice, because a warm worker sends one request less than a cold one, and a cold one follows a killed one.
    for (let run = 0; run < 2; run += 1) {
      await shop.reset(products);
      await shop.migrate();
    }
    usual = requestCounts(shop.aws.requestLog.entries);
    expected = await targetContent(shop);
  });
  afterAll(() => shop.stop());

  const points = (stage: string): readonly number[] => {
    const count = usual.get(stage) ?? 0;
    return [...new Set([1, Math.ceil(count / 2), count])];
  };

  const pointNames = ['first', 'middle', 'last'] as const;

  /** Ends a worker of each of these stages at that request, all in one run. */
  async function assertSurvived(
    among: readonly string[],
    point: number,
    when: 'before' | 'after',
  ): Promise<void> {
    await shop.reset(products);
    const before = await readTables(shop);
    const kills = among.map((stage) => {
      const nth = points(stage)[point] ?? points(stage).at(-1) ?? 1;
      return [stage, shop.aws.faults.killAt({ functionName: functionName(stage), nth, when })] as const;
    });

    const report = await shop.migrate();

    expect(kills.map(([stage, { struck }]) => [stage, struck])).toEqual(among.map((stage) => [stage, 1]));
    expect(await targetContent(shop)).toEqual(expected);
    const checked = { before, runId: report.runId, end: 'SUCCEEDED' } as const;
    expect(await violationsOf(shop, checked)).toEqual([]);
  }

  it.each(pointNames)(
    'is called again, in every stage, at its %s request, and the run ends as if nothing had happened',
    async (name) => assertSurvived(stages, pointNames.indexOf(name), 'after'),
  );

  describe.each(stages)('%s', (stage) => {
    it.runIf(isSoak).each(pointNames)(
      'is called again at its %s request, and the run ends as if nothing had happened',
      async (name) => {
        for (const when of ['before', 'after'] as const)
          await assertSurvived([stage], pointNames.indexOf(name), when);
      },
    );

    it('leaves its run committed or rolled back if it is ended again and again, and the next run leaves the same tables', async () => {
      await shop.reset(products);
      const before = await readTables(shop);
      const middle = points(stage)[1] ?? 1;
      // The call and its two retries. Cold workers follow the killed one, so each of them begins again.
      for (const further of [0, 1, 2])
        shop.aws.faults.killAt({ functionName: functionName(stage), nth: middle + further, when: 'after' });

      const arn = await shop.begin();
      const { status } = await shop.endOf(arn);
      await shop.settle();
      shop.aws.faults.clear();

      const runId = arn.split(':').at(-1) ?? '';
      const run = await shop.ledgerRun(runId);
      const isCommitted = run?.['status'] === 'SUCCEEDED';
      const end = run === undefined ? 'NOTHING' : isCommitted ? 'SUCCEEDED' : 'ROLLED_BACK';
      expect([stage, status]).toEqual([stage, isCommitted ? 'SUCCEEDED' : 'FAILED']);
      expect(await violationsOf(shop, { before, runId, end })).toEqual([]);
      await shop.migrate();
      expect(await targetContent(shop)).toEqual(expected);
    });
  });

  it.each([1, 2, 3])(
    'has its run rolled back if RollBack is also ended after %i quarters of its requests',
    async (quarter) => {
      await shop.reset(products);
      const before = await readTables(shop);
      const failing = { operation: 'BatchWriteItem', kind: 'error', code: 'ValidationException' } as const;
      shop.aws.faults.add(failing);
      await shop.endOf(await shop.begin());
      const count = requestCounts(shop.aws.requestLog.entries).get('rollBack') ?? 0;
      await shop.reset(products);
      shop.aws.faults.add(failing);
      const nth = Math.ceil((count * quarter) / 4);
      const kill = shop.aws.faults.killAt({ functionName: functionName('rollBack'), nth, when: 'after' });

      const arn = await shop.begin();
      await shop.endOf(arn);
      await shop.settle();
      shop.aws.faults.clear();

      expect(kill.struck).toBe(1);
      const runId = arn.split(':').at(-1) ?? '';
      expect(await shop.ledgerRun(runId)).toMatchObject({ status: 'ROLLED_BACK' });
      expect(await violationsOf(shop, { before, runId, end: 'ROLLED_BACK' })).toEqual([]);
    },
  );
});
