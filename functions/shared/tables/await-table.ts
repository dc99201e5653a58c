import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { TableUnavailableError } from '../errors.ts';
import { FIRST_PAUSE_MILLIS, MAX_PAUSE_MILLIS, pause } from '../retry.ts';
import type { Runtime } from '../runtime.ts';
import { describeTable } from '../aws/describe-table.ts';
import { missingTableError } from './target-conflicts.ts';

/**
 * How long one call waits for a table in all, in milliseconds: until its creation is accepted, a table of the same name is
 * gone, and it is usable. A call that has waited this long fails for good, because the state would otherwise wait as long
 * at each of its retries.
 */
export const TABLE_PATIENCE_MILLIS = 600_000;

/** A table that was created a moment ago may not be found yet. */
const APPEARANCE_MILLIS = 60_000;

/** Which table is waited for, and until when. */
export interface AwaitedTable {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/**
 * Waits while the table is being created. A table that is being changed (UPDATING, because its owner adds an index, for
 * example) takes reads and writes and is not waited for.
 *
 * @throws TableUnavailableError where the table is gone, cannot be used, or is not usable in time; not retried.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
 */
export async function waitUntilUsable(runtime: Runtime, awaited: AwaitedTable): Promise<TableDescription> {
  const { name } = awaited;
  const missingUntil = Math.min(awaited.deadline, runtime.clock.now() + APPEARANCE_MILLIS);
  const usable = await watch(runtime, awaited, (table) => {
    if (table?.TableStatus === 'ACTIVE' || table?.TableStatus === 'UPDATING') return table;
    const isGone = table === undefined && runtime.clock.now() >= missingUntil;
    if (isGone || table?.TableStatus === 'DELETING') throw missingTableError(name);
    if (table !== undefined && isUnusable(table))
      throw new TableUnavailableError(
        `Table ${name} is ${table.TableStatus ?? 'in no known state'}, so it can be neither read nor written. It was not touched. Make it ACTIVE in the DynamoDB console.`,
      );
    return undefined;
  });
  if (usable !== undefined) return usable;
  throw new TableUnavailableError(
    `Table ${name} is still CREATING after ${TABLE_PATIENCE_MILLIS / 60_000} minutes, and the step does not wait any longer. Look at it in the DynamoDB console, and wait until it is ACTIVE or gone.`,
  );
}

/** Polls a table until `see` returns something. */
async function watch<T>(
  { clients, clock }: Runtime,
  { name, deadline }: AwaitedTable,
  see: (table: TableDescription | undefined) => T | undefined,
): Promise<T | undefined> {
  for (let pauseMillis = FIRST_PAUSE_MILLIS; ; pauseMillis = Math.min(2 * pauseMillis, MAX_PAUSE_MILLIS)) {
    const seen = see(await describeTable(clients.tables, name));
    if (seen !== undefined || clock.now() >= deadline) return seen;
    await pause(clock, pauseMillis);
  }
}

/** DynamoDB refuses reads and writes of a table in these states, and waiting does not end them. */
const isUnusable = ({ TableStatus }: TableDescription): boolean =>
  !['ACTIVE', 'UPDATING', 'CREATING', 'DELETING'].includes(TableStatus ?? '');

/**
 * Waits until a table that is being deleted is gone, or another has its name.
 *
 * @throws TableUnavailableError where it is still there at the deadline; not retried.
 */
export async function waitUntilGone(runtime: Runtime, awaited: AwaitedTable): Promise<void> {
  const gone = await watch(runtime, awaited, (table) =>
    table?.TableStatus === 'DELETING' ? undefined : true,
  );
  if (gone !== undefined) return;
  throw new TableUnavailableError(
    `Table ${awaited.name} is still being deleted after ${TABLE_PATIENCE_MILLIS / 60_000} minutes, and the step does not wait any longer. Nothing was created under its name. Wait until it is gone.`,
  );
}
