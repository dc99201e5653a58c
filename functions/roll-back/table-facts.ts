import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { describeTable, isCreatedSince, RUN_TAG, tagsOf } from '../shared/aws/describe-table.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { TableRecord } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { replicasOf } from '../shared/tables/global-table.ts';
import { isIntentWaitOver, type TableFacts } from './decide-table.ts';

/** A table as it is now, and what shows whose it is. */
export interface ExistingTable {
  readonly table: TableDescription;
  readonly tag: string | undefined;
  readonly isWithoutTags: boolean;
}

/** `undefined`: there is none. @throws the SDK's errors */
export async function existingTable(runtime: Runtime, name: string): Promise<ExistingTable | undefined> {
  const table = await describeTable(runtime.clients.tables, name);
  if (table === undefined) return undefined;
  // A table that is being deleted may be gone by the time its tags are read.
  if (table.TableStatus === 'DELETING') return { table, tag: undefined, isWithoutTags: false };
  const tags = await tagsOf(runtime.clients.tables, table.TableArn ?? '');
  return { table, tag: tags?.get(RUN_TAG), isWithoutTags: tags === undefined };
}

/** What the roll back decides by. */
export function factsOf(
  runtime: Runtime,
  { markedAt = 0, runId }: Run,
  record: TableRecord,
  existing: ExistingTable | undefined,
): TableFacts {
  const times = {
    markedAt,
    createdAt: existing?.table.CreationDateTime?.getTime(),
    now: runtime.clock.now(),
  };
  return {
    runId,
    recorded: { outcome: record.outcome, tableId: record.tableId },
    isIntentWaitOver: isIntentWaitOver(times, runtime.config.intentWaitSeconds * 1_000),
    ...(existing === undefined
      ? {}
      : {
          existing: {
            tableId: existing.table.TableId ?? '',
            runTag: existing.tag,
            status: existing.table.TableStatus ?? '',
            replicas: replicasOf(existing.table),
            ...(existing.isWithoutTags && { isSinceIntent: isCreatedSince(existing.table, record.intentAt) }),
          },
        }),
  };
}

/** What is known of a table that is gone. An earlier turn may have deleted it and died before it saw that. */
export function goneFacts(
  { deleting, outcome }: TableRecord,
  markedAt: number,
): Pick<TableRecord, 'remark' | 'isNeverCreated'> {
  if (deleting?.markedAt === markedAt && outcome !== 'KEPT')
    return deleting.remark === '' ? {} : { remark: deleting.remark };
  return outcome === 'INTENT'
    ? { remark: 'it was announced, but never created', isNeverCreated: true }
    : { remark: 'somebody had already deleted it' };
}
