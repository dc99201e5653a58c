import { listReliants, type Reliant } from '../shared/ledger/reliant.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { Runtime } from '../shared/runtime.ts';
import { reliantsText } from './confirm.ts';

/** What a roll back does with one table, as far as later runs are concerned. */
export type ReliedAction =
  /** No later run relies on it. */
  | { readonly kind: 'free' }
  /** The operator has confirmed: it is backed up before anything is taken from it. */
  | { readonly kind: 'back up first' }
  /** `remark` says who relies on it. */
  | { readonly kind: 'keep'; readonly remark: string };

/** The existing table. */
export interface ExistingTable {
  readonly name: string;
  readonly tableId: string | undefined;
}

/** Tells for each existing table whether a roll back may take from it. */
export type ReliedTables = (table: ExistingTable) => ReliedAction;

/**
 * Goes by the table that is there now: a table of the same name with another id is not the one that was relied on.
 * Where an id is not known, it counts as the same.
 *
 * @param reliants newest first, none of them rolled back
 * @param confirmed what the operator typed; names the newest, or nothing is destroyed
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

/** Read again by every turn: a run that was committed since is respected. */
export async function readReliedTables({ ledger }: Runtime, run: Run): Promise<ReliedTables> {
  return decideRelied(await listReliants(ledger, run.runId), run.confirmed);
}
