import { migration } from '#migration/index.ts';
import { type MigrationError, SwitchedError } from '../../functions/shared/errors.ts';
import { SYSTEM_CLOCK } from '../../functions/shared/retry.ts';
import { typedInput } from '../../functions/shared/runs/again-input.ts';
import { lockRefusal } from '../../functions/shared/runs/lock-conflict.ts';
import { requireSwitchConfirmed } from '../../functions/shared/runs/switched.ts';
import type { OperatorContext } from './context.ts';

/** What the names of a deployment's tables follow from. */
interface DeployedTables {
  readonly sourceTable: string;
  readonly tablePrefix: string;
}

/**
 * Why BeginRun would refuse a run with this input now: another run or a sync has the lock, or the shop has switched to
 * the tables. Reads the ledger only.
 */
export async function startRefusal(
  context: OperatorContext,
  deployed: DeployedTables,
  input: Readonly<Record<string, unknown>>,
): Promise<MigrationError | undefined> {
  const { ledger, sfn, stage, region, typed = {} } = context;
  const config = { stage, region, typed, ...deployed };
  const scope = { ledger, config, clients: { sfn }, clock: SYSTEM_CLOCK, migration };
  return (await lockRefusal(scope, deployed.sourceTable, input['resume'])) ?? switchRefusal(scope, input);
}

async function switchRefusal(
  scope: Parameters<typeof requireSwitchConfirmed>[0],
  input: Readonly<Record<string, unknown>>,
): Promise<SwitchedError | undefined> {
  const typed = typedInput(input);
  const { confirm } = typed;
  try {
    await requireSwitchConfirmed(scope, {
      confirm: typeof confirm === 'string' ? confirm : undefined,
      confirmed: ({ migrate }, syncId) => migrate({ ...typed, confirm: syncId }),
    });
    return undefined;
  } catch (error) {
    if (error instanceof SwitchedError) return error;
    throw error;
  }
}
