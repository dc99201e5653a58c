import type { Runtime } from '../runtime.ts';
import { describeTable } from './describe-table.ts';

/** A table that is there. */
export interface ExistingTable {
  /** DynamoDB's own; empty where an engine gives none. */
  readonly tableId: string;
  /** `ACTIVE`, `UPDATING`, `DELETING` ... */
  readonly status: string;
}

/** Which of these tables are there now, by name. */
export async function existingTables(
  { clients }: { readonly clients: Pick<Runtime['clients'], 'tables'> },
  names: readonly string[],
): Promise<ReadonlyMap<string, ExistingTable>> {
  const looks = await Promise.all(
    names.map(async (name) => [name, await describeTable(clients.tables, name)] as const),
  );
  return new Map(
    looks.flatMap(([name, table]) =>
      table === undefined
        ? []
        : [[name, { tableId: table.TableId ?? '', status: table.TableStatus ?? '' }] as const],
    ),
  );
}
