import { type Command, type Commands, commandsOf, type StagePlace, stepText } from '../commands.ts';
import type { Config } from '../env.ts';
import { SwitchedError } from '../errors.ts';
import type { Run } from '../ledger/run.ts';
import { findSwitched } from '../ledger/sync.ts';
import type { Runtime } from '../runtime.ts';
import { filledTablesOf } from '../tables/run-tables.ts';

/** Who is about to write into tables that the shop may have switched to. */
export interface SwitchScope {
  /** Starts the same work with the confirmation. */
  readonly confirmed: (commands: Commands, confirm: string) => Command;
  /** What the operator typed: the id of the sync that switched. */
  readonly confirm: string | undefined;
}

/** What the look needs. */
export type SwitchRuntime = Pick<Runtime, 'ledger' | 'migration'> & {
  readonly config: StagePlace & Pick<Config, 'sourceTable' | 'tablePrefix'>;
};

/**
 * Refuses to write into a table that the shop uses since a sync switched to it, unless the operator names that sync: what
 * the shop has deleted there would come back, and what it has changed would be compared with an old source.
 *
 * @param run whose names the tables have; absent for a run that has not begun: those of the deployment
 * @throws SwitchedError; not retried
 */
export async function requireSwitchConfirmed(
  runtime: SwitchRuntime,
  { confirmed, confirm }: SwitchScope,
  run: Pick<Run, 'settings'> = { settings: {} },
): Promise<void> {
  for (const { name } of filledTablesOf(runtime, run)) {
    const switched = await findSwitched(runtime.ledger, name);
    if (switched === undefined || switched.syncId === confirm) continue;
    throw new SwitchedError(
      `The shop has used table ${name} since sync ${switched.syncId} switched to it at ${switched.switchedAt}, and table ${runtime.config.sourceTable} is as of that time: writing its items again would bring back what the shop has deleted or changed. Nothing was changed.`,
      stepText(['To do it all the same', confirmed(commandsOf(runtime.config), switched.syncId)]),
    );
  }
}
