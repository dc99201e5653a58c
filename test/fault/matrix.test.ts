import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultHandle } from '../../workflow/local/gateway/faults.ts';
import type { LoggedRequest } from '../../workflow/local/gateway/request-log.ts';
import { attackKinds, type AttackStage } from '../support/attack-cells.ts';
import { failAfterTables, strikeWith } from '../support/attack-run.ts';
import { readTables, targetContent, violationsOf } from '../support/checker.ts';
import { type FaultKind, faultKinds, hang, matrixText } from '../support/fault-cells.ts';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { functionName, stages } from '../support/request-points.ts';
import { secretProducts } from '../support/secret-products.ts';
import { isSoak } from '../support/soak.ts';

const products = secretProducts(12);
const prefix = 'products-migration-local-';
const WAITS = { FENCE_WAIT_SECONDS: '1', INTENT_WAIT_SECONDS: '1', CLOSE_WAIT_SECONDS: '1' };
const short = ({ functionName = '' }: LoggedRequest): string => functionName.slice(prefix.length);

describe('every fault, in every stage that can meet it', () => {
  let shop: FaultShop;
  let usual: readonly LoggedRequest[] = [];
  let usualRollBack: readonly LoggedRequest[] = [];
  let expected: readonly string[] = [];
  const cells: { fault: string; stage: string; result: string }[] = [];

  beforeAll(async () => {
    // The fence is a second. Requests that an attack delays arrive well within it, and nothing has to wait longer.
    shop = await openFaultShop({ environment: WAITS });
    await shop.reset(products);
    await shop.migrate();
    usual = shop.aws.requestLog.entries.filter(({ functionName }) => functionName !== undefined);
    expected = await targetContent(shop);
    await shop.reset(products);
    await runRolledBack();
    usualRollBack = shop.aws.requestLog.entries.filter((request) => short(request) === 'rollBack');
  });
  afterAll(async () => {
    await shop.stop();
    console.log(`\n${matrixText(cells)}\n`);
  });

  /** Runs a migration whose first write is refused, so that there are four tables to roll back. */
  async function runRolledBack(): Promise<string> {
    failAfterTables(shop);
    const arn = await shop.begin();
    await shop.endOf(arn);
    return arn.split(':').at(-1) ?? '';
  }

  /** Arms the fault at a stage's first request of each operation that it can strike. */
  function arm(kind: FaultKind, stage: string, sent = usual): readonly FaultHandle[] {
    const met = sent.filter((request) => short(request) === stage && kind.strikes(request));
    const operations = [...new Set(met.map(({ service, operation }) => `${service} ${operation}`))];
    const struck = kind.isOncePerStage ? [operations[Math.floor(operations.length / 2)] ?? ''] : operations;
    return struck.map((at) => {
      const [service, operation = ''] = at.split(' ');
      return shop.aws.faults.add(
        kind.fault({
          service: service as LoggedRequest['service'],
          operation,
          functionName: functionName(stage),
        }),
      );
    });
  }

  /** Starts one run with the fault in these stages, and returns what does not hold afterwards. */
  async function strike(kind: FaultKind, among: readonly string[]): Promise<string[]> {
    await shop.reset(products);
    const before = await readTables(shop);
    const handles = among.map((stage) => [stage, arm(kind, stage)] as const);
    const arn = await shop.begin();
    const { status, error = 'none', cause } = await shop.endOf(arn);
    shop.aws.faults.clear();
    const runId = arn.split(':').at(-1) ?? '';
    const spared = handles.filter(([, armed]) => armed.every(({ struck }) => struck === 0));
    const isAsItShall = kind.stops === undefined ? status === 'SUCCEEDED' : error === kind.stops;
    const end = status === 'SUCCEEDED' ? 'SUCCEEDED' : 'ROLLED_BACK';
    const content = status === 'SUCCEEDED' ? await targetContent(shop) : expected;
    return [
      ...spared.map(([stage]) => `the fault did not strike ${stage}`),
      ...(isAsItShall ? [] : [`the run ended ${status} with ${error}: ${cause}`]),
      ...(JSON.stringify(content) === JSON.stringify(expected)
        ? []
        : ['the target is not what it becomes without faults']),
      ...(await violationsOf(shop, { before, runId, end })),
    ];
  }

  /** Strikes all stages in one run. In a soak, or if the fault stops the run, each stage gets a run of its own. */
  async function strikeAll(kind: FaultKind, among: readonly string[]): Promise<void> {
    const meeting = among.filter((stage) =>
      usual.some((request) => short(request) === stage && kind.strikes(request)),
    );
    const isAlone = isSoak || kind.stops !== undefined;
    const problems: string[] = [];
    for (const group of isAlone ? meeting.map((stage) => [stage]) : [meeting]) {
      const found = await strike(kind, group);
      const result = found.length === 0 ? 'survived' : 'NOT';
      cells.push(...group.map((stage) => ({ fault: kind.name, stage, result })));
      problems.push(...found.map((one) => `${group.length === 1 ? group.join() : 'all stages'}: ${one}`));
    }
    expect(problems).toEqual([]);
  }

  /** If the fault lasts longer than a turn may wait, the roll back is reported as failed and is started again. */
  async function strikeRollBack(kind: FaultKind): Promise<void> {
    if (!usualRollBack.some((request) => kind.strikes(request))) return;
    await shop.reset(products);
    const before = await readTables(shop);
    const armed = arm(kind, 'rollBack', usualRollBack);
    const runId = await runRolledBack();
    shop.aws.faults.clear();
    await shop.settle();
    if ((await shop.ledgerRun(runId))?.['status'] === 'ROLLBACK_FAILED')
      await shop.run('rollback', { runId });
    const problems = [
      ...(armed.some(({ struck }) => struck > 0) ? [] : ['the fault did not strike']),
      ...(await violationsOf(shop, { before, runId, end: 'ROLLED_BACK' })),
    ];
    cells.push({ fault: kind.name, stage: 'rollBack', result: problems.length === 0 ? 'survived' : 'NOT' });
    expect(problems).toEqual([]);
  }

  it.each(faultKinds.map((kind) => [kind.name, kind] as const))('is survived: %s', async (_name, kind) =>
    strikeAll(kind, stages),
  );

  it.each(faultKinds.map((kind) => [kind.name, kind] as const))(
    'is survived by a roll back: %s',
    async (_name, kind) => strikeRollBack(kind),
  );

  /** As if completeRun sent one: what somebody does to a table after its look at the tables is no fault of the run. */
  const requestCount = (stage: AttackStage): number =>
    stage === 'completeRun'
      ? 1
      : [...usual, ...usualRollBack].filter((request) => short(request) === stage).length;

  /** One of the stages, which differs from kind to kind; in a soak, all of them. */
  function someOf(among: readonly AttackStage[], index: number): readonly AttackStage[] {
    const at = (index * 5) % among.length;
    return isSoak ? among : among.slice(at, at + 1);
  }

  const attacks = attackKinds.filter(({ isLong }) => isSoak || isLong !== true);

  it.each(attacks.map((kind, index) => [kind.name, { kind, index }] as const))(
    'is survived, or rolled back without a loss, and the next run succeeds: %s',
    async (_name, { kind, index }) => {
      const problems: string[] = [];
      for (const stage of someOf(kind.stages, index)) {
        const found = await strikeWith(shop, kind, {
          stage,
          usual: { products, requestCount, content: expected },
        });
        cells.push({ fault: kind.name, stage, result: found.length === 0 ? 'survived' : 'NOT' });
        problems.push(...found.map((one) => `${stage}: ${one}`));
      }
      expect(problems).toEqual([]);
    },
  );

  it('is survived even if there is no answer at all, so that the client gives up after its own timeout', async () => {
    await strikeAll(hang, ['migrateProductsEnhanced']);
  });
});
