import { describeTable } from '../aws/describe-table.ts';
import { type Command, type Commands, commandsOf, type StagePlace, stepText } from '../commands.ts';
import type { Config } from '../env.ts';
import { SwitchedError } from '../errors.ts';
import type { Run } from '../ledger/run.ts';
import { findSwitched, type Switched } from '../ledger/sync.ts';
import type { Runtime } from '../runtime.ts';
import type { KnownTable } from '../tables/known-table.ts';
import { filledTablesOf } from '../tables/run-tables.ts';

/** Who is about to write into tables that the shop may have switched to. */
export interface SwitchScope {
  /** Starts the same work with the confirmation. */
  readonly confirmed: (commands: Commands, confirm: string) => Command;
  /** What the operator typed: the id of the sync that switched. */
  readonly confirm: string | undefined;
  /** What the confirmed command is for; default: to do the same. */
  readonly purpose?: string;
}

/** What a look at the switch to one table needs. */
type SwitchLooker = Pick<Runtime, 'ledger'> & { readonly clients: Pick<Runtime['clients'], 'tables'> };

/** What the look at all of them needs. */
export type SwitchRuntime = SwitchLooker &
  Pick<Runtime, 'migration'> & {
    readonly config: StagePlace & Pick<Config, 'sourceTable' | 'tablePrefix'>;
  };

/**
 * The switch of the shop to the table that has this name now. One to a table that is gone, or that another has replaced
 * since, is over. `undefined`: no sync has switched to it.
 */
export async function findSwitchTo(
  { ledger, clients }: SwitchLooker,
  name: string,
): Promise<Switched | undefined> {
  const switched = await findSwitched(ledger, name);
  if (switched === undefined) return undefined;
  const table = await describeTable(clients.tables, name);
  if (table === undefined) return undefined;
  const { tableId = table.TableId } = switched;
  return tableId === table.TableId ? switched : undefined;
}

/** `The shop has used table t since sync s switched to it at ...`: the beginning of a sentence. */
export function usedSinceText({ name, switched: { syncId, switchedAt } }: SwitchedTable): string {
  return `The shop has used table ${name} since sync ${syncId} switched to it at ${switchedAt}`;
}

/** A table that the shop has switched to. */
export interface SwitchedTable {
  readonly name: string;
  readonly switched: Switched;
}

/** Of these tables those that the shop has switched to; one that has another TableId now is not meant. */
export async function findSwitches(
  runtime: SwitchLooker,
  tables: readonly KnownTable[],
): Promise<readonly SwitchedTable[]> {
  const switches: SwitchedTable[] = [];
  for (const { name, tableId } of tables) {
    const switched = await findSwitchTo(runtime, name);
    const isOther = tableId !== undefined && switched?.tableId !== undefined && switched.tableId !== tableId;
    if (switched !== undefined && !isOther) switches.push({ name, switched });
  }
  return switches;
}

/**
 * Refuses to write into a table that the shop uses since a sync switched to it, unless the operator names that sync: what
 * the shop has deleted there would come back, and what it has changed would be compared with an old source.
 *
 * @param run whose names the tables have; absent for a run that has not begun: those of the deployment
 * @throws SwitchedError; not retried
 */
export async function requireSwitchConfirmed(
  runtime: SwitchRuntime,
  { confirmed, confirm, purpose = 'To do it all the same' }: SwitchScope,
  run: Pick<Run, 'settings'> = { settings: {} },
): Promise<void> {
  for (const { name } of filledTablesOf(runtime, run)) {
    const switched = await findSwitchTo(runtime, name);
    if (switched === undefined || switched.syncId === confirm) continue;
    throw new SwitchedError(
      `${usedSinceText({ name, switched })}, and table ${runtime.config.sourceTable} is as of that time: writing its items again would bring back what the shop has deleted or changed. Nothing was changed.`,
      stepText([purpose, confirmed(commandsOf(runtime.config), switched.syncId)]),
    );
  }
}
