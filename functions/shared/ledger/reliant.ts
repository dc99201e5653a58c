import { LEDGER_VERSION, listBelow, type LedgerTable, reliedKey, reliesKey } from './ledger-table.ts';
import { findAnyRun } from './run.ts';
import { type TransactItem, transact } from './transact.ts';

/** A table in which a later run relies on what an earlier one made. */
export interface ReliedTable {
  readonly name: string;
  /** DynamoDB's TableId; absent where the later run does not know it. */
  readonly tableId?: string | undefined;
}

/** A later run that relies on an earlier one, written with its commit. */
export interface Reliant {
  readonly runId: string;
  /** ISO 8601. */
  readonly committedAt: string;
  readonly tables: readonly ReliedTable[];
}

/** By id of an earlier run: the tables in which it is relied on. */
export type Reliance = ReadonlyMap<string, readonly ReliedTable[]>;

/** A transaction takes 100 actions: two for each run relied on, and some for the run and its lock. */
const pairsBesideStatus = 45;
const pairsTogether = 50;

type Pair = readonly [TransactItem, TransactItem];

/** Writes all but the last pairs, and gives back the last for the transaction that changes the status. */
async function writeSurplus(ledger: LedgerTable, pairs: readonly Pair[]): Promise<readonly TransactItem[]> {
  const surplus = Math.max(0, pairs.length - pairsBesideStatus);
  for (let start = 0; start < surplus; start += pairsTogether)
    await transact(ledger, pairs.slice(start, Math.min(start + pairsTogether, surplus)).flat());
  return pairs.slice(surplus).flat();
}

/**
 * What a commit writes for the runs that it relies on. Where these are more than one transaction takes, the first are
 * written at once: a run that is not committed after all removes them when it is rolled back. Safe to repeat.
 *
 * @returns actions for the transaction that commits: at most 90.
 */
export function rely(
  ledger: LedgerTable,
  { runId, committedAt }: Pick<Reliant, 'runId' | 'committedAt'>,
  reliance: Reliance,
): Promise<readonly TransactItem[]> {
  const TableName = ledger.tableName;
  const pairs = [...reliance].map(([on, tables]): Pair => {
    const version = { ':version': LEDGER_VERSION };
    const reliant = { ':by': runId, ':at': committedAt, ':tables': tables, ...version };
    const relied = {
      UpdateExpression: 'SET runId = :by, committedAt = :at, #tables = :tables, ledgerVersion = :version',
      ExpressionAttributeNames: { '#tables': 'tables' },
      ExpressionAttributeValues: reliant,
    };
    const relies = {
      UpdateExpression: 'SET runId = :on, ledgerVersion = :version',
      ExpressionAttributeValues: { ':on': on, ...version },
    };
    return [
      { Update: { TableName, Key: reliedKey(on, runId), ...relied } },
      { Update: { TableName, Key: reliesKey(runId, on), ...relies } },
    ];
  });
  return writeSurplus(ledger, pairs);
}

/**
 * What the end of a roll back removes: a run that is rolled back relies on nothing any more. Safe to repeat.
 *
 * @returns actions for the transaction that writes ROLLED_BACK: at most 90.
 */
export async function forgetReliance(ledger: LedgerTable, runId: string): Promise<readonly TransactItem[]> {
  const TableName = ledger.tableName;
  const relies = await listBelow(ledger, `RUN#${runId}`, 'RELIES#');
  const pairs = (relies as unknown as readonly { readonly runId: string }[]).map(({ runId: on }): Pair => [
    { Delete: { TableName, Key: reliedKey(on, runId) } },
    { Delete: { TableName, Key: reliesKey(runId, on) } },
  ]);
  return writeSurplus(ledger, pairs);
}

/** Latest commit first. */
const newestFirst = (one: Reliant, other: Reliant): number =>
  other.committedAt.localeCompare(one.committedAt) || other.runId.localeCompare(one.runId);

/** Runs that rely on this one, the latest commit first. Strongly consistent. */
export async function listReliants(ledger: LedgerTable, runId: string): Promise<readonly Reliant[]> {
  const records = await listBelow(ledger, `RUN#${runId}`, 'RELIED#');
  const reliants = (records as unknown as Reliant[]).toSorted(newestFirst);
  // A worker that was late may have written for a run that was rolled back since.
  while (reliants[0] !== undefined && (await findAnyRun(ledger, reliants[0].runId))?.status === 'ROLLED_BACK')
    reliants.shift();
  return reliants;
}
