import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import { type ActingShop, actingShop } from './acting-shop.ts';
import type { Attacked, AttackKind, AttackStage } from './attack-cells.ts';
import { type Checked, ledgerGaps, readTables, type Tables, targetContent, violationsOf } from './checker.ts';
import type { FaultShop } from './fault-shop.ts';
import { reportGaps } from './report-checker.ts';
import { createShopTables } from './shop-tables.ts';

/** What an undisturbed run over these products sends and leaves behind. */
export interface UsualRun {
  readonly products: readonly WireItem[];
  /** Requests by stage. */
  readonly requestCount: (stage: AttackStage) => number;
  readonly content: readonly string[];
}

/** Refuses a run's first write, so that its four tables are rolled back. */
export function failAfterTables({ aws }: FaultShop): void {
  const at = { operation: ['BatchWriteItem', 'PutItem'], table: 'products-enhanced' };
  aws.faults.add({ ...at, kind: 'error', code: 'ValidationException', status: 400 });
}

/**
 * Starts one run under the attack and then another one without. Returns a sentence for each promise that does not hold.
 */
export async function strikeWith(
  shop: FaultShop,
  kind: AttackKind,
  { stage, usual }: { readonly stage: AttackStage; readonly usual: UsualRun },
): Promise<string[]> {
  await shop.reset(usual.products);
  if (kind.isIntoExisting === true) await createShopTables(shop);
  const before = await readTables(shop);
  const seller = await actingShop(shop);
  const middle = Math.max(1, Math.ceil(usual.requestCount(stage) / 2));
  const attacked: Attacked = { shop, seller, stage, middle, arn: undefined };
  const armed = kind.arm(attacked);
  if (stage === 'rollBack') failAfterTables(shop);
  const arn = await shop.begin(kind.input);
  attacked.arn = arn;
  await shop.endOf(arn);
  const runId = arn.split(':').at(-1) ?? '';
  const stuck = await brokenOff(shop, runId);
  shop.aws.faults.clear();
  await armed.over();
  await shop.settle();
  const end = await endOf(shop, runId);
  const checked = { before, runId, end, shop: seller };
  return [
    ...(armed.isStruck() ? [] : ['the attack did not strike']),
    ...stuck,
    ...(kind.isHarmless !== true || end === (stage === 'rollBack' ? 'ROLLED_BACK' : 'SUCCEEDED')
      ? []
      : [`the run ended ${end}`]),
    ...(await violationsOf(shop, checked)).filter((gap) => !isExcused(kind, gap)),
    ...(await contentGaps(shop, checked, usual.content)),
    ...(await startAgain(shop, { before, seller })),
  ];
}

/** A roll back that could not remove everything must still have ended, with a report that says so. */
async function brokenOff(shop: FaultShop, runId: string): Promise<string[]> {
  if ((await shop.ledgerRun(runId))?.['status'] !== 'ROLLBACK_FAILED') return [];
  return [...(await ledgerGaps(shop)), ...(await reportGaps(shop, runId))];
}

/** Does what the report advises, as an operator would. */
async function endOf(shop: FaultShop, runId: string): Promise<Checked['end']> {
  const statusNow = async () => (await shop.ledgerRun(runId))?.['status'];
  const first = await statusNow();
  if (first === 'ROLLBACK_FAILED') await shop.run('rollback', { runId });
  if (first === 'HELD') await shop.run('migrate', { resume: runId });
  await shop.settle();
  const status = await statusNow();
  return status === 'SUCCEEDED' || status === 'ROLLED_BACK' ? status : 'NOTHING';
}

/**
 * Without its records nobody can tell which run owns a table or count what a shard has written. The next start removes
 * a lock without a run.
 */
function isExcused({ mayLeaveTables }: AttackKind, gap: string): boolean {
  return (
    mayLeaveTables === true &&
    (/^(I3: table .* stayed|I6: the report counts .*)$/.test(gap) || gap === 'the ledger: the lock stayed')
  );
}

async function contentGaps(
  shop: FaultShop,
  { end, shop: seller }: Checked & { readonly shop: ActingShop },
  expected: readonly string[],
): Promise<string[]> {
  if (end !== 'SUCCEEDED' || seller.versions.size > 0 || seller.hasWritten) return [];
  const content = await targetContent(shop);
  return JSON.stringify(content) === JSON.stringify(expected)
    ? []
    : ['SUCCEEDED, and the target is not what it becomes without the attack'];
}

/** I4: the next run succeeds, and every table is open to the shop after it. */
async function startAgain(
  shop: FaultShop,
  { before, seller }: { readonly before: Tables; readonly seller: ActingShop },
): Promise<string[]> {
  const arn = await shop.begin({});
  const { status, error, cause } = await shop.endOf(arn);
  if (status !== 'SUCCEEDED') return [`I4: the next run ended ${status} with ${error}: ${cause}`];
  const runId = arn.split(':').at(-1) ?? '';
  const gaps = await violationsOf(shop, { before, runId, end: 'SUCCEEDED', shop: seller });
  const refusedBefore = seller.refusedCount;
  for (let pick = 0; pick < 4; pick += 1) seller.act({ kind: 'order', pick });
  await seller.settled();
  const isOpen = seller.refusedCount === refusedBefore && (await seller.lost()).length === 0;
  return [...gaps, ...(isOpen ? [] : ['a table is closed to the shop'])].map((gap) => `I4: ${gap}`);
}
