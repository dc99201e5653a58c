import type { Report, ReportedTable } from '../../functions/shared/runs/report.ts';
import { stringAttribute } from '../../functions/shared/items/wire-item.ts';
import type { FaultShop } from './fault-shop.ts';

const target = 'products-enhanced';
const ended = new Set(['SUCCEEDED', 'ROLLED_BACK', 'ROLLBACK_FAILED', 'HELD', 'PLANNED']);

/** The report of a run as it lies in the bucket; `undefined` where there is none. */
export async function reportOf(shop: FaultShop, runId: string): Promise<Report | undefined> {
  const keys = await shop.objectKeys(`runs/${runId}/report.json`);
  return keys.length === 0
    ? undefined
    : (JSON.parse(await shop.objectText(`runs/${runId}/report.json`)) as Report);
}

/** The report is written behind the end of its run; longer than this it does not take. */
const WRITING_MILLIS = 15_000;

/** The report of a run's end, or the one that is there instead when the time is up. */
async function finalReportOf(shop: FaultShop, runId: string, status: string): Promise<Report | undefined> {
  const until = Date.now() + WRITING_MILLIS;
  for (;;) {
    const report = await reportOf(shop, runId);
    if (report?.status === status || Date.now() >= until) return report;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Promise 6: what the report of a run says of its tables and counts is what is there now. For a run that has just
 * ended, and whose tables nobody has removed by hand since.
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

/** `DELETED` is said of the table that the run has worked with, whatever has its name now. */
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

/** A table that is reported as open has no statement of ours on it. */
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

/** Items said to be in place are in place: those of this run, and those that it found under expected keys. */
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
  return isLess ? [`I6: the report counts ${migrated.items} items in place, and ${own} are of the run`] : [];
}
