import { GetExecutionHistoryCommand, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { canonicalJson } from '../../functions/shared/items/canonical-json.ts';
import { stringAttribute, type WireItem } from '../../functions/shared/items/wire-item.ts';
import type { ActingShop } from './acting-shop.ts';
import { coverageGaps } from './coverage-checker.ts';
import type { FaultShop } from './fault-shop.ts';
import { reportGaps, reportOf } from './report-checker.ts';
import { unmarked, withoutMarks } from './shop-marks.ts';

/**
 * A part of every value of a test's products except the id, and of nothing else. It must not appear in a log or a
 * payload.
 */
export const secret = 'zqx';

/** What existed at one moment: canonical items by table, without the ledger. */
export type Tables = ReadonlyMap<string, readonly string[]>;

/** Reads every table except the ledger, bypassing faults and log. */
export async function readTables({ dynamo, aws }: FaultShop): Promise<Tables> {
  const names = (await dynamo.tableNames()).filter((name) => name !== aws.ledgerTable);
  const read = names.toSorted().map(async (name) => {
    const items = await dynamo.scan(name);
    return [name, items.map(canonicalJson).toSorted()] as const;
  });
  return new Map(await Promise.all(read));
}

const made = ['migrationRun', 'migrationDigest', 'createdAt', 'updatedAt'];

/** The target without values that differ from run to run, so that two runs over one source give the same content. */
export async function targetContent({ dynamo }: FaultShop): Promise<readonly string[]> {
  const items = await dynamo.scan('products-enhanced');
  return items
    .map((item) =>
      canonicalJson(Object.fromEntries(Object.entries(item).filter(([name]) => !made.includes(name)))),
    )
    .toSorted();
}

const reads = new Set([
  'BatchGetItem',
  'DescribeContinuousBackups',
  'DescribeTable',
  'DescribeTimeToLive',
  'GetItem',
  'ListTagsOfResource',
  'Query',
  'Scan',
]);

/** I1: no function wrote to `products`, and its bytes are the same. */
async function sourceGaps(shop: FaultShop, { before, shop: seller }: Checked): Promise<string[]> {
  const writes = shop.aws.requestLog.entries.filter(
    ({ functionName, tables, operation }) =>
      functionName !== undefined && tables.includes('products') && !reads.has(operation),
  );
  const now = await readTables(shop);
  const products = before.get('products') ?? [];
  const expected = new Map([['products', seller?.productsNow(products) ?? products]]);
  return [
    ...writes.map(({ functionName, operation }) => `I1: ${functionName} sent ${operation} to products`),
    ...differences('I1', expected, now, ['products']),
  ];
}

function differences(rule: string, before: Tables, now: Tables, names: Iterable<string>): string[] {
  return [...names].flatMap((name) => {
    const [one = [], found] = [before.get(name), now.get(name)];
    if (found === undefined) return [`${rule}: table ${name} is gone`];
    const other = withoutMarks(found, one);
    return JSON.stringify(one) === JSON.stringify(other) ? [] : [`${rule}: table ${name} is not as it was`];
  });
}

/** The versions of a product that a run may have read: the current one, and those that the shop has replaced. */
function versionsOf(product: WireItem, { shop: seller }: Checked): readonly WireItem[] {
  const versions = seller?.versions.get(stringAttribute(product, 'id') ?? '') ?? [];
  return [product, ...versions.filter((version) => version !== undefined)];
}

/** The run leaves foreign items under a product's keys alone and names them. Such a product is not covered. */
function productGaps(product: WireItem, items: readonly WireItem[], checked: Checked): readonly string[] {
  const found = items.map(unmarked);
  if (found.some(({ isOfShop }) => isOfShop)) return [];
  const gaps = versionsOf(product, checked).map((version) =>
    coverageGaps(
      version,
      found.map(({ item }) => item),
    ),
  );
  // Products that the shop adds during a run are drift, because the run may have read the table before.
  const isNew = checked.shop?.versions.get(stringAttribute(product, 'id') ?? '')?.[0] === undefined;
  const isLeftOut = checked.shop !== undefined && isNew && items.length === 0;
  return isLeftOut || gaps.some((some) => some.length === 0) ? [] : (gaps[0] ?? []);
}

/** I2: every product is covered by the target or quarantined with a reason, and nothing else was added. */
async function targetGaps(shop: FaultShop, checked: Checked): Promise<string[]> {
  const { before, runId } = checked;
  const products = await shop.dynamo.scan('products');
  const target = await shop.dynamo.scan('products-enhanced');
  const quarantined = new Set(await quarantinedIds(shop, runId));
  const existing = new Set(before.get('products-enhanced'));
  const byPartition = Map.groupBy(target, (item) => stringAttribute(item, 'PK'));
  const wanted = products.filter((product) => !quarantined.has(stringAttribute(product, 'id') ?? ''));
  const gaps = wanted.flatMap((product) => {
    const id = stringAttribute(product, 'id') ?? '';
    const items = byPartition.get(`PRODUCT#${id}`) ?? [];
    return productGaps(product, items, checked).map((gap) => `I2: product ${id}: ${gap}`);
  });
  const known = [...wanted.map((product) => stringAttribute(product, 'id')), ...removedIds(checked)];
  const partitions = new Set(known.map((id) => `PRODUCT#${id}`));
  const extra = target
    .filter((item) => !partitions.has(stringAttribute(item, 'PK') ?? ''))
    .map(unmarked)
    .filter(({ item, isOfShop }) => !isOfShop && !existing.has(canonicalJson(item)));
  const others = [...before.keys()].filter((name) => name !== 'products-enhanced' && name !== 'products');
  return [
    ...gaps,
    ...(extra.length === 0 ? [] : [`I2: ${extra.length} items in products-enhanced belong to no product`]),
    ...differences('I2', before, await readTables(shop), others),
  ];
}

/** A product that the shop has removed stays in the target. The run reports it as drift and deletes nothing. */
const removedIds = ({ shop: seller }: Checked): readonly string[] => [...(seller?.versions.keys() ?? [])];

/** Ids of the products in a run's quarantine files, each with its code. */
export async function quarantinedIds(shop: FaultShop, runId: string): Promise<readonly string[]> {
  const keys = await shop.objectKeys(`runs/${runId}/quarantine/`);
  const texts = await Promise.all(keys.map((key) => shop.objectText(key)));
  const lines = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  return lines.map((line) => {
    const { code, item } = JSON.parse(line) as { readonly code: string; readonly item: WireItem };
    if (code === '') throw new Error('a quarantined product without a code');
    return stringAttribute(item, 'id') ?? '';
  });
}

/**
 * I3: everything that existed before is as it was, and nothing else exists except tables that the shop has written to.
 */
async function rolledBackGaps(shop: FaultShop, { before, runId }: Checked): Promise<string[]> {
  const now = await readTables(shop);
  const left = [...now].filter(([name]) => !before.has(name));
  const report = await reportOf(shop, runId);
  const isNamed = (name: string): boolean =>
    report?.tables.some((table) => table.name === name && table.outcome === 'KEPT') === true;
  return [
    ...left
      .filter(([name, texts]) => !isNamed(name) || withoutMarks(texts).length === texts.length)
      .map(([name]) => `I3: table ${name} stayed`),
    ...differences(
      'I3',
      before,
      now,
      [...before.keys()].filter((name) => name !== 'products'),
    ),
  ];
}

/** Every write of the shop that was answered 200 is in place. */
async function shopGaps({ shop: seller }: Checked): Promise<string[]> {
  return ((await seller?.lost()) ?? []).map((write) => `I3: the shop has lost ${write}`);
}

/** I3: a sealed backup can be verified, however its run ended. */
async function backupGaps(shop: FaultShop, runId: string): Promise<string[]> {
  const backup = (await shop.ledgerRun(runId))?.['backup'];
  if (backup === undefined || backup === null) return [];
  const { backupId } = backup as { readonly backupId: string };
  const { error, answer } = await shop.invoke<{ readonly sound?: boolean }>('verifyBackup', { backupId });
  return error === undefined && answer.sound === true ? [] : [`I3: backup ${backupId} is not sound`];
}

/** The ledger is at rest: nobody is working, and only a held run keeps the lock. */
export async function ledgerGaps(shop: FaultShop): Promise<string[]> {
  const items = await shop.ledgerItems();
  const statuses = new Map(
    items.filter(({ SK }) => SK === 'RUN').map((run) => [run['runId'], run['status']]),
  );
  const open = [...statuses].filter(([, status]) => status === 'RUNNING' || status === 'ROLLING_BACK');
  const lock = items.find(({ SK }) => SK === 'LOCK');
  return [
    ...open.map(([runId, status]) => `the ledger: run ${String(runId)} stayed ${String(status)}`),
    ...(lock !== undefined && statuses.get(lock['runId']) !== 'HELD' ? ['the ledger: the lock stayed'] : []),
  ];
}

/** I5: no attribute value in any log line or state payload. */
async function leakGaps(shop: FaultShop): Promise<string[]> {
  const lines = shop.logLines.filter((line) => line.toLowerCase().includes(secret));
  const histories = await Promise.all(
    Object.values(shop.aws.stateMachines).map((arn) => leakingEvents(shop, arn)),
  );
  return [
    ...lines.slice(0, 3).map((line) => `I5: a log line says ${line.slice(0, 300)}`),
    ...histories.flat().slice(0, 3),
  ];
}

async function leakingEvents({ sfn }: FaultShop, stateMachineArn: string): Promise<string[]> {
  const { executions = [] } = await sfn.send(
    new ListExecutionsCommand({ stateMachineArn, maxResults: 1_000 }),
  );
  const found = executions.slice(0, 3).map(async ({ executionArn }) => {
    const { events = [] } = await sfn.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 1_000 }),
    );
    return events
      .filter((event) => JSON.stringify(event).toLowerCase().includes(secret))
      .map(({ type }) => `I5: a payload of ${type} holds an attribute's value`);
  });
  return (await Promise.all(found)).flat();
}

/** How the run under test ended, and what existed before it. */
export interface Checked {
  readonly before: Tables;
  readonly runId: string;
  readonly end: 'SUCCEEDED' | 'ROLLED_BACK' | 'NOTHING';
  /** The shop that has read and written during the run. Absent if nobody has. */
  readonly shop?: ActingShop | undefined;
}

/**
 * A sentence for each violation of I1 to I3, I5 and I6. The caller checks I4, because only the caller can start again.
 * Clear the faults before.
 */
export async function violationsOf(shop: FaultShop, checked: Checked): Promise<string[]> {
  await checked.shop?.settled();
  const gaps = await Promise.all([
    sourceGaps(shop, checked),
    checked.end === 'SUCCEEDED' ? targetGaps(shop, checked) : rolledBackGaps(shop, checked),
    backupGaps(shop, checked.runId),
    shopGaps(checked),
    ledgerGaps(shop),
    leakGaps(shop),
    reportGaps(shop, checked.runId),
  ]);
  return gaps.flat();
}
