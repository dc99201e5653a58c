import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { type ActingShop, actingShop } from './acting-shop.ts';
import { tamper } from './attack-cells.ts';
import { type Checked, readTables, targetContent, violationsOf } from './checker.ts';
import type { FaultShop } from './fault-shop.ts';
import type { OperatorAct, RandomCase } from './random-cases.ts';
import { functionName, whenRequested } from './request-points.ts';

const nameOf = (arn: string): string => arn.split(':').at(-1) ?? '';

/** A run that is under way. */
interface Attempt {
  arn: string | undefined;
  readonly seller: ActingShop;
  /** Resolves when no request that was held back, repeated or begun by others is still under way. */
  settled(): Promise<unknown>;
}

async function arm(shop: FaultShop, one: RandomCase): Promise<Attempt> {
  const seller = await actingShop(shop);
  const handles = one.faults.map((fault) => shop.aws.faults.add(fault));
  const tampered: Promise<unknown>[] = [];
  for (const { stage: at, ...kill } of one.kills)
    shop.aws.faults.killAt({ functionName: functionName(at), ...kill });
  for (const { stage: at, nth: place, ...act } of one.shop)
    whenRequested(shop, { stage: at, nth: place }, () => seller.act(act));
  const { tamper: tampering, stop } = one;
  if (tampering !== undefined)
    whenRequested(shop, tampering, () => void tampered.push(tamper(shop, tampering.record)));
  const attempt: Attempt = {
    arn: undefined,
    seller,
    settled: async () => {
      await Promise.all([...tampered, seller.settled(), ...handles.map((handle) => handle.settled())]);
    },
  };
  if (stop !== undefined)
    whenRequested(shop, stop, () => {
      void shop.sfn.send(new StopExecutionCommand({ executionArn: attempt.arn })).catch(() => undefined);
    });
  return attempt;
}

async function statusOf(shop: FaultShop, runId: string): Promise<unknown> {
  return (await shop.ledgerRun(runId))?.['status'];
}

const INPUT = { maxQuarantined: 1_000, allowEmpty: true } as const;

async function operate(shop: FaultShop, act: OperatorAct, runId: string): Promise<unknown> {
  switch (act) {
    case 'resume':
      return shop.run('migrate', { resume: runId });
    case 'roll back':
      return shop.run('rollback', { runId });
    case 'roll back with confirmation':
      return shop.run('rollback', { runId, confirm: runId });
    case 'start again':
      return shop.run('migrate', INPUT);
    case 'migrate alone':
      return shop.invoke('migrateProductsEnhanced');
    case 'create a table alone':
      return shop.invoke('createReturnsTable');
  }
}

/** Does what the report of a run without a good end advises. Does nothing if the run has ended. */
async function finish(shop: FaultShop, runId: string): Promise<Checked['end']> {
  await shop.settle();
  const first = await statusOf(shop, runId);
  if (first === 'ROLLBACK_FAILED') await shop.run('rollback', { runId });
  if (first === 'HELD') await shop.run('migrate', { resume: runId });
  await shop.settle();
  const status = await statusOf(shop, runId);
  if (status === 'HELD') await shop.run('rollback', { runId });
  const last = await statusOf(shop, runId);
  return last === 'SUCCEEDED' || last === 'ROLLED_BACK' ? last : 'NOTHING';
}

/**
 * Without its records nobody can tell which run owns a table or an item, or count what a shard has written. So both
 * stay, and the next run starts from there.
 */
const isExcused = (gap: string): boolean =>
  /^(I3: table .* (stayed|is not as it was)|I6: the report counts .*)$/.test(gap);
const isOrphan = (gap: string): boolean => gap === 'the ledger: the lock stayed';

/** Runs the case to its end, recovers it, lets an operator act and starts again. Returns what the checker finds. */
export async function runCase(shop: FaultShop, one: RandomCase): Promise<string[]> {
  const before = await readTables(shop);
  const attempt = await arm(shop, one);
  const { seller } = attempt;
  const arn = await shop.begin({ ...INPUT, onFailure: one.onFailure });
  attempt.arn = arn;
  await shop.endOf(arn);
  shop.aws.faults.clear();
  await attempt.settled();
  const runId = nameOf(arn);
  const end = await finish(shop, runId);
  const isTampered = one.tamper !== undefined;
  const found = await violationsOf(shop, { before, runId, end, shop: seller });
  const problems = isTampered ? found.filter((gap) => !isExcused(gap) && !isOrphan(gap)) : found;
  const isUnchanged = end === 'SUCCEEDED' && one.operator.length === 0 && one.shop.length === 0;
  const content = isUnchanged ? await targetContent(shop) : undefined;
  for (const act of one.operator) await operate(shop, act, runId);
  if (one.operator.length > 0) await finish(shop, runId);
  return [...problems, ...(await startAgain(shop, { before, content, seller }))];
}

/** I4: another run without faults succeeds and leaves the same behind. */
async function startAgain(
  shop: FaultShop,
  first: {
    readonly before: Checked['before'];
    readonly content: readonly string[] | undefined;
    readonly seller: ActingShop;
  },
): Promise<string[]> {
  const { before, seller } = first;
  const arn = await shop.begin(INPUT);
  const { status, error, cause } = await shop.endOf(arn);
  if (status !== 'SUCCEEDED') return [`I4: the next run ended ${status} with ${error}: ${cause}`];
  const content = await targetContent(shop);
  const isSame = first.content === undefined || JSON.stringify(content) === JSON.stringify(first.content);
  return [
    ...(isSame ? [] : ['I4: the second run left something else behind than the first']),
    ...(await violationsOf(shop, { before, runId: nameOf(arn), end: 'SUCCEEDED', shop: seller })).map(
      (gap) => `I4: ${gap}`,
    ),
  ];
}
