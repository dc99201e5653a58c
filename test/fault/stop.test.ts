import { RedriveExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTables, targetContent, violationsOf } from '../support/checker.ts';
import { eventually } from '../support/embedded.ts';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { requestCounts, stages, whenRequested } from '../support/request-points.ts';
import { secretProducts } from '../support/secret-products.ts';
import { isSoak } from '../support/soak.ts';

const products = secretProducts(12);

describe('an execution that is stopped from the console', () => {
  let shop: FaultShop;
  let usual: ReadonlyMap<string, number> = new Map();
  let expected: readonly string[] = [];

  beforeAll(async () => {
    shop = await openFaultShop({ environment: { FENCE_WAIT_SECONDS: '6', INTENT_WAIT_SECONDS: '1' } });
    for (let run = 0; run < 2; run += 1) {
      await shop.reset(products);
      await shop.migrate();
    }
    usual = requestCounts(shop.aws.requestLog.entries);
    expected = await targetContent(shop);
  });
  afterAll(() => shop.stop());

  /** Starts a run and stops it in the middle of a function's work. The function itself works on, as on AWS. */
  async function stopIn(stage: string, input: unknown = {}): Promise<string> {
    let arn: string | undefined;
    let isReached = false;
    whenRequested(
      shop,
      { stage, nth: Math.ceil((usual.get(stage) ?? 1) / 2) },
      () => void (isReached = true),
    );
    arn = await shop.begin(input);
    await eventually(() => isReached || undefined);
    await shop.sfn.send(new StopExecutionCommand({ executionArn: arn }));
    return arn;
  }

  /** In these stages the run may begin after the event was handled. Then the schedule finds it. */
  const beforeTheRun: ReadonlySet<string> = new Set(['testConnection', 'beginRun']);

  async function endLateBegin(): Promise<void> {
    for (const stage of beforeTheRun) await shop.aws.killWorkers(stage);
    await shop.settle();
  }

  const nameOf = (arn: string): string => arn.split(':').at(-1) ?? '';

  const recovered = (runId: string) =>
    eventually(async () => {
      const run = await shop.ledgerRun(runId);
      return run?.['status'] === 'RUNNING' || run?.['status'] === 'ROLLING_BACK' ? undefined : { run };
    });

  async function assertRolledBack(
    runId: string,
    before: Awaited<ReturnType<typeof readTables>>,
  ): Promise<void> {
    const { run } = await recovered(runId);
    const status = run?.['status'];
    const end = run === undefined ? 'NOTHING' : status === 'SUCCEEDED' ? 'SUCCEEDED' : 'ROLLED_BACK';
    expect(['ROLLED_BACK', 'SUCCEEDED', undefined]).toContain(status);
    expect(await violationsOf(shop, { before, runId, end })).toEqual([]);
  }

  describe.each(stages)('in %s', (stage) => {
    // One stage in one way and the next in the other; in a soak, each in both.
    const isByEvent = stages.indexOf(stage) % 2 === 0;

    it.runIf(isSoak || isByEvent)('is rolled back by the event', async () => {
      await shop.reset(products);
      const before = await readTables(shop);
      const arn = await stopIn(stage);
      if (beforeTheRun.has(stage)) await endLateBegin();
      await assertRolledBack(nameOf(arn), before);
    });

    it.runIf(isSoak || !isByEvent)(
      'is rolled back by the schedule when the event is lost, and the next run leaves the same tables',
      async () => {
        await shop.reset(products);
        const before = await readTables(shop);
        shop.aws.events.hold();
        const arn = await stopIn(stage);
        shop.aws.events.drop();
        await shop.settle();
        if (beforeTheRun.has(stage)) await endLateBegin();
        await assertRolledBack(nameOf(arn), before);
        await shop.migrate();
        expect(await targetContent(shop)).toEqual(expected);
      },
    );
  });

  it.each(['backupProducts', 'createCartTable', 'migrateProductsEnhanced', 'completeRun'])(
    "in %s lets the next run begin at once, and its own late event leaves that run's tables alone",
    async (stage) => {
      await shop.reset(products);
      const before = await readTables(shop);
      shop.aws.events.hold();
      const stopped = nameOf(await stopIn(stage));

      const report = await shop.migrate();
      await shop.aws.events.release();
      await shop.aws.tickSchedule();

      expect(['ROLLED_BACK', 'SUCCEEDED']).toContain((await shop.ledgerRun(stopped))?.['status']);
      expect(await targetContent(shop)).toEqual(expected);
      const checked = { before, runId: report.runId, end: 'SUCCEEDED' } as const;
      expect(await violationsOf(shop, checked)).toEqual([]);
    },
  );

  it('is held if its input says so, and keeps the lock until it is resumed', async () => {
    await shop.reset(products);
    const runId = nameOf(await stopIn('migrateProductsEnhanced', { onFailure: 'hold' }));
    expect((await recovered(runId)).run).toMatchObject({ status: 'HELD' });

    const other = await shop.endOf(await shop.begin());
    expect(other).toMatchObject({ status: 'FAILED', error: 'LockHeldError' });
    expect(other.cause).toContain(`{"resume": "${runId}"}`);

    const report = await shop.migrate({ resume: runId });
    expect(report).toMatchObject({ runId, status: 'SUCCEEDED' });
    expect(await targetContent(shop)).toEqual(expected);
  });

  it('is also rolled back after it timed out', async () => {
    await shop.reset(products);
    const before = await readTables(shop);
    let isReached = false;
    whenRequested(shop, { stage: 'migrateProductsEnhanced', nth: 2 }, () => void (isReached = true));
    const arn = await shop.begin();
    await eventually(() => isReached || undefined);
    shop.aws.timeOutExecution(arn);
    await assertRolledBack(nameOf(arn), before);
  });

  it('changes nothing when it is redriven after it was rolled back', async () => {
    await shop.reset(products);
    const before = await readTables(shop);
    const arn = await stopIn('migrateProductsEnhanced');
    await assertRolledBack(nameOf(arn), before);
    const ledger = await shop.ledgerItems();

    await shop.sfn.send(new RedriveExecutionCommand({ executionArn: arn }));
    const { status } = await shop.endOf(arn);
    await shop.settle();

    expect(status).toBe('FAILED');
    await assertRolledBack(nameOf(arn), before);
    const facts = (items: typeof ledger) =>
      items
        .filter(({ SK }) => SK === 'RUN' || SK.startsWith('TABLE#'))
        .map(({ status: one, outcome }) => [one, outcome]);
    expect(facts(await shop.ledgerItems())).toEqual(facts(ledger));
  });

  it('leaves nothing to do for calls that come late for it', async () => {
    await shop.reset(products);
    shop.aws.faults.add({ operation: 'BatchWriteItem', kind: 'error', code: 'ValidationException' });
    const arn = await shop.begin();
    await shop.endOf(arn);
    shop.aws.faults.clear();
    const before = await readTables(shop);
    const runId = nameOf(arn);
    const begun = await shop.ledgerRun(runId);
    const run = { runId, executionArn: arn };
    const worker = { ...run, shard: 0 };
    const execution = { id: arn, name: runId, startTime: begun?.['startedAt'] };
    const payloads: Readonly<Record<string, unknown>> = {
      beginRun: { machine: 'migrate', input: {}, execution, tested: { plan: begun?.['plan'] } },
      verifyMigration: { action: 'scan', worker },
      backupProducts: worker,
      transformProducts: worker,
      migrateProductsEnhanced: worker,
    };
    for (const stage of stages.filter((one) => one !== 'testConnection')) {
      const { answer } = await shop.invoke<{ readonly errorType?: string }>(stage, payloads[stage] ?? run);
      expect([stage, answer.errorType]).toEqual([stage, 'RunClosedError']);
    }
    const checked = { before, runId, end: 'ROLLED_BACK' } as const;
    expect(await violationsOf(shop, checked)).toEqual([]);
  });
});

describe('two executions at once', () => {
  let shop: FaultShop;
  beforeAll(async () => void (shop = await openFaultShop()));
  afterAll(() => shop.stop());

  it('let exactly one proceed, and the other names the holder and how to release the lock', async () => {
    await shop.reset(products);
    const before = await readTables(shop);
    const arns = await Promise.all(['a', 'b'].map((name) => shop.begin({}, `${name}-${Date.now()}`)));
    const ends = await Promise.all(arns.map((arn) => shop.endOf(arn)));

    const [winner, loser] = ends.toSorted((one) => (one.status === 'SUCCEEDED' ? -1 : 1));
    expect([winner?.status, loser?.status, loser?.error]).toEqual(['SUCCEEDED', 'FAILED', 'LockHeldError']);
    expect(loser?.cause).toContain(winner?.name);
    expect(loser?.cause).toContain('If that execution is stopped, the run is rolled back');
    const runId = winner?.name ?? '';
    expect(await violationsOf(shop, { before, runId, end: 'SUCCEEDED' })).toEqual([]);
  });
});
