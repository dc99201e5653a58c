import type { Report, ReportedTable } from '../../functions/shared/runs/report.ts';
import { stringAttribute } from '../../functions/shared/items/wire-item.ts';
import type { FaultShop } from './fault-shop.ts';

const target = 'products-enhanced';
const ended = new Set(['SUCCEEDED', 'ROLLED_BACK', 'ROLLBACK_FAILED', 'HELD', 'PLANNED']);

/** The report of a run from the bucket. `undefined` if there is none. */
export async function reportOf(shop: FaultShop, runId: string): Promise<Report | undefined> {
  const keys = await shop.objectKeys(`runs/${runId}/report.json`);
  return keys.length === 0
    ? undefined
    : (JSON.parse(await shop.objectText(`runs/${runId}/report.json`)) as Report);
}

/** The report is written after the run's end. It takes no longer than this. */
const WRITING_MILLIS = 15_000;

/** The report of a run's end. When the time is up, the report that exists then. */
async function finalReportOf(shop: FaultShop, runId: string, status: string): Promise<Report | undefined> {
  const until = Date.now() + WRITING_MILLIS;
  for (;;) {
    const report = await reportOf(shop, runId);
    if (report?.status === status || Date.now() >= until) return report;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Promise 6: the report of a run states the tables and counts that exist now. For a run that has just ended, and whose
 * tables nobody has removed by hand since.
 */
export async function reportGaps(shop: FaultShop, runId: string): Promise<string[]> {
  const status = (await shop.ledgerRun(runId))?.['status'];
  if (!ended.has(String(status))) return [];
  const report = await finalReportOf(shop, runId, String(status));
  if (report === undefined) return [`I6: run ${runId} is ${String(status)} and has no report`];
  const tables = await Promise.all(report.tables.map((table) => tableGaps(shop, runId, table)));
  return [
    ...(report.status === status
      ? []
      : [`I6: the report says ${report.status}, the ledger ${String(status)}`]),
    ...tables.flat(),
    ...(await accessGaps(shop, report)),
    ...(await countGaps(shop, report)),
  ];
}

/** `DELETED` describes the table that the run worked with, even if another table has its name now. */
async function tableGaps(
  shop: FaultShop,
  runId: string,
  { name, outcome }: ReportedTable,
): Promise<string[]> {
  const records = await shop.ledgerItems();
  const record = records.find(({ PK, SK }) => PK === `RUN#${runId}` && SK === `TABLE#${name}`);
  const found = await tableIdOf(shop, name);
  const isThere = found !== undefined && (record?.['tableId'] === undefined || record['tableId'] === found);
  if (outcome === 'DELETED') return isThere ? [`I6: the report says DELETED of ${name}, which is there`] : [];
  return found === undefined ? [`I6: the report says ${outcome} of ${name}, which is not there`] : [];
}

async function tableIdOf({ dynamo }: FaultShop, TableName: string): Promise<string | undefined> {
  if (!(await dynamo.tableNames()).includes(TableName)) return undefined;
  const { Table } = await dynamo.call<{ Table: { TableId: string } }>('DescribeTable', { TableName });
  return Table.TableId;
}

/** A table that is reported as open must have no policy statement of ours. */
async function accessGaps({ dynamo }: FaultShop, { tables }: Report): Promise<string[]> {
  const open = tables.filter(({ access }) => access === 'OPEN');
  const looked = open.map(async ({ name }) => {
    const ResourceArn = `arn:aws:dynamodb:ap-southeast-2:123456789012:table/${name}`;
    const policy = await dynamo.call<{ Policy: string }>('GetResourcePolicy', { ResourceArn }).catch(() => ({
      Policy: '',
    }));
    return policy.Policy.includes('migration') ? [`I6: ${name} is said to be open and is closed`] : [];
  });
  return (await Promise.all(looked)).flat();
}

/**
 * Items that are reported as in place must be in place: those of this run, and those that it found under expected keys.
 */
async function countGaps({ dynamo }: FaultShop, report: Report): Promise<string[]> {
  const { runId, migrated, status } = report;
  const isThere = (await dynamo.tableNames()).includes(target);
  const items = isThere ? await dynamo.scan(target) : [];
  const own = items.filter((item) => stringAttribute(item, 'migrationRun') === runId).length;
  if (status === 'SUCCEEDED') {
    const expected = own + migrated.alreadyPresent - (migrated.replaced ?? 0);
    return migrated.items === expected
      ? []
      : [`I6: the report counts ${migrated.items} items in place, and there are ${expected}`];
  }
  const isLess = status === 'HELD' ? migrated.items < 0 : migrated.items !== own;
  return isLess
    ? [`I6: the report counts ${migrated.items} items in place, and ${own} belong to the run`]
    : [];
}
