import type { Runtime } from '../runtime.ts';
import { describeTable } from './describe-table.ts';

/** An existing table. */
export interface ExistingTable {
  /** DynamoDB's own. Empty on an engine that gives none. */
  readonly tableId: string;
  /** `ACTIVE`, `UPDATING`, `DELETING` ... */
  readonly status: string;
}

/** Which of these tables exist now, by name. */
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
