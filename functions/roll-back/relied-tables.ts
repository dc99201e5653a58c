import { reliantsAmong, type Reliant } from '../shared/ledger/reliant.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { Runtime } from '../shared/runtime.ts';
import { reliantsText } from './confirm.ts';

/** What later runs allow a roll back to do with one table. */
export type ReliedAction =
  /** No later run relies on it. */
  | { readonly kind: 'free' }
  /** The operator has confirmed. The table is backed up before anything is removed. */
  | { readonly kind: 'back up first' }
  /** `remark` says who relies on it. */
  | { readonly kind: 'keep'; readonly remark: string };

/** Tells for an existing table whether a roll back may change it. */
export type ReliedTables = (table: {
  readonly name: string;
  readonly tableId: string | undefined;
}) => ReliedAction;

/**
 * Judges the table that exists now. A table of the same name with another id is not the one that a run relied on. An
 * unknown id counts as the same.
 *
 * @param reliants newest first, none of them rolled back
 * @param confirmed what the operator typed; nothing is destroyed unless it names the newest
 */
export function decideRelied(reliants: readonly Reliant[], confirmed: string | undefined): ReliedTables {
  return ({ name, tableId }) => {
    const relying = reliants.filter(({ tables }) =>
      tables.some(
        (table) =>
          table.name === name &&
          (table.tableId === undefined || tableId === undefined || table.tableId === tableId),
      ),
    );
    if (relying.length === 0) return { kind: 'free' };
    if (confirmed === reliants[0]?.runId) return { kind: 'back up first' };
    return {
      kind: 'keep',
      remark: `${reliantsText(relying)} ${relying.length === 1 ? 'relies' : 'rely'} on it`,
    };
  };
}

/**
 * Every turn reads this again, so it also respects a run that was committed in between.
 *
 * @param relied as this turn has read it
 */
export async function readReliedTables(
  { ledger }: Runtime,
  run: Run,
  relied: readonly Reliant[],
): Promise<ReliedTables> {
  return decideRelied(await reliantsAmong(ledger, relied), run.confirmed);
}
