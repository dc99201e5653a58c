import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Lock } from '../../../functions/shared/ledger/lock.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import type { TableRecord } from '../../../functions/shared/ledger/table-record.ts';
import { TRANSITIONS } from '../../../functions/shared/ledger/transition.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { describeTable, RUN_TAG, tagsOf } from '../../../functions/shared/aws/describe-table.ts';

/** An existing table. */
export interface ExistingTable {
  readonly name: string;
  readonly tableId: string;
  /** The run that owns it. `undefined` if it is the shop's own. */
  readonly runId: string | undefined;
}

/** Everything that exists at one moment. */
export interface Snapshot {
  readonly runs: ReadonlyMap<string, Run>;
  readonly lock: Lock | undefined;
  readonly records: ReadonlyMap<string, readonly TableRecord[]>;
  readonly tables: ReadonlyMap<string, ExistingTable>;
}

type LedgerItem = Readonly<Record<string, unknown>> & { readonly PK: string; readonly SK: string };

/** Reads ledger and tables past every gate. No other request may be under way at the same time. */
export async function takeSnapshot(observer: Runtime): Promise<Snapshot> {
  const { client, tableName } = observer.ledger;
  const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName, ConsistentRead: true }));
  const items = Items as LedgerItem[];
  const records = new Map<string, TableRecord[]>();
  for (const item of items.filter(({ SK }) => SK.startsWith('TABLE#'))) {
    const runId = item.PK.slice('RUN#'.length);
    records.set(runId, [...(records.get(runId) ?? []), item as unknown as TableRecord]);
  }
  const runs = items.filter(({ SK }) => SK === 'RUN') as unknown as Run[];
  return {
    runs: new Map(runs.map((run) => [run.runId, run])),
    lock: items.find(({ SK }) => SK === 'LOCK') as unknown as Lock | undefined,
    records,
    tables: await readTables(observer),
  };
}

async function readTables({ clients, ledger }: Runtime): Promise<Map<string, ExistingTable>> {
  const { TableNames = [] } = await clients.dynamo.send(new ListTablesCommand({}));
  const tables = new Map<string, ExistingTable>();
  for (const name of TableNames.filter((one) => one !== ledger.tableName)) {
    const table = await describeTable(clients.dynamo, name);
    const runId = (await tagsOf(clients.dynamo, table?.TableArn ?? ''))?.get(RUN_TAG);
    const tableId = table?.TableId ?? '';
    tables.set(tableId, { name, tableId, runId });
  }
  return tables;
}

const holding = new Set(['RUNNING', 'HELD', 'ROLLING_BACK']);

/** Violations of what must hold at every moment, given the moment one request before. */
export function violations(before: Snapshot, now: Snapshot, usedByShop: ReadonlySet<string>): string[] {
  return [
    ...lockViolations(now),
    ...statusViolations(before, now),
    ...tableViolations(before, now, usedByShop),
  ];
}

function lockViolations({ runs, lock }: Snapshot): string[] {
  const holders = [...runs.values()].filter(({ status }) => holding.has(status));
  const gaps = holders
    .filter(({ runId }) => lock?.runId !== runId)
    .map(({ runId, status }) => `run ${runId} is ${status} and the lock is ${lock?.runId ?? 'nobody'}'s`);
  const holder = lock && runs.get(lock.runId);
  if (lock !== undefined && !holders.includes(holder as Run))
    gaps.push(`the lock is run ${lock.runId}'s, which is ${holder?.status ?? 'not there'}`);
  if (holder?.status === 'RUNNING' && lock?.executionArn !== holder.executionArn)
    gaps.push(`the lock names ${lock?.executionArn}, and the run ${holder.executionArn}`);
  return gaps;
}

function statusViolations(before: Snapshot, now: Snapshot): string[] {
  return [...now.runs.values()].flatMap(({ runId, status }) => {
    const last = before.runs.get(runId)?.status;
    if (last === status || (last === undefined && status === 'RUNNING')) return [];
    return last !== undefined && TRANSITIONS[last].includes(status)
      ? []
      : [`run ${runId} went from ${last ?? 'nothing'} to ${status}`];
  });
}

/** Only a table's own run may delete it, only while the table is closed, and never with items of the shop. */
function tableViolations(before: Snapshot, now: Snapshot, usedByShop: ReadonlySet<string>): string[] {
  const gone = [...before.tables.values()].filter(({ tableId }) => !now.tables.has(tableId));
  return gone.flatMap(({ name, tableId, runId }) => {
    if (runId === undefined) return [`the shop's own table ${name} is gone`];
    if (usedByShop.has(tableId)) return [`table ${name} of run ${runId} is gone with the shop's items`];
    const status = now.runs.get(runId)?.status;
    return status === 'ROLLING_BACK' || status === 'ROLLED_BACK' || status === 'ROLLBACK_FAILED'
      ? []
      : [`table ${name} is gone while its run ${runId} is ${status}`];
  });
}
