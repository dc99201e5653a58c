import { deleteItem, updateItem } from './actions.ts';
import { type LedgerTable, reliedKey, reliesKey, VERSIONED } from './ledger-table.ts';
import { findAnyRun } from './run.ts';
import { listBelow } from './store.ts';
import { transact, type TransactItem } from './transact.ts';

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
const PAIRS_BESIDE_STATUS = 45;
const PAIRS_TOGETHER = 50;

type Pair = readonly [TransactItem, TransactItem];

/** Writes all but the last pairs, and gives back the last for the transaction that changes the status. */
async function writeSurplus(ledger: LedgerTable, pairs: readonly Pair[]): Promise<readonly TransactItem[]> {
  const surplus = Math.max(0, pairs.length - PAIRS_BESIDE_STATUS);
  for (let start = 0; start < surplus; start += PAIRS_TOGETHER)
    await transact(ledger, pairs.slice(start, Math.min(start + PAIRS_TOGETHER, surplus)).flat());
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
  const pairs = [...reliance].map(([on, tables]): Pair => {
    const relied = { ...VERSIONED, runId, committedAt, tables };
    return [
      updateItem(ledger, reliedKey(on, runId), { set: relied }),
      updateItem(ledger, reliesKey(runId, on), { set: { ...VERSIONED, runId: on } }),
    ];
  });
  return writeSurplus(ledger, pairs);
}

/**
 * What the end of a roll back removes: a run that is rolled back relies on nothing any more. Safe to repeat.
 *
 * @param relies the runs that it relies on
 * @returns actions for the transaction that writes ROLLED_BACK: at most 90.
 */
export function forgetReliance(
  ledger: LedgerTable,
  runId: string,
  relies: readonly string[],
): Promise<readonly TransactItem[]> {
  const pairs = relies.map((on): Pair => [
    deleteItem(ledger, reliedKey(on, runId)),
    deleteItem(ledger, reliesKey(runId, on)),
  ]);
  return writeSurplus(ledger, pairs);
}

/** Latest commit first. */
const newestFirst = (one: Reliant, other: Reliant): number =>
  other.committedAt.localeCompare(one.committedAt) || other.runId.localeCompare(one.runId);

/** Runs that rely on this one, the latest commit first. Strongly consistent. */
export async function listReliants(ledger: LedgerTable, runId: string): Promise<readonly Reliant[]> {
  const below = { partition: `RUN#${runId}`, prefix: 'RELIED#' };
  return reliantsAmong(ledger, await listBelow<Reliant>(ledger, below));
}

/** {@link listReliants} of the records that were read of them. */
export async function reliantsAmong(
  ledger: LedgerTable,
  recorded: readonly Reliant[],
): Promise<readonly Reliant[]> {
  const reliants = recorded.toSorted(newestFirst);
  // A worker that was late may have written for a run that was rolled back since.
  while (reliants[0] !== undefined && (await findAnyRun(ledger, reliants[0].runId))?.status === 'ROLLED_BACK')
    reliants.shift();
  return reliants;
}
