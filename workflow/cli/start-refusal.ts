import { migration } from '#migration/index.ts';
import { LockHeldError, type MigrationError, SwitchedError } from '../../functions/shared/errors.ts';
import { SYSTEM_CLOCK } from '../../functions/shared/retry.ts';
import { typedInput } from '../../functions/shared/runs/again-input.ts';
import { lockRefusal } from '../../functions/shared/runs/lock-conflict.ts';
import { refuseSharedTargets } from '../../functions/shared/runs/shared-targets.ts';
import { requireSwitchConfirmed, type SwitchRuntime } from '../../functions/shared/runs/switched.ts';
import { targetTablesOf } from '../../functions/shared/tables/run-tables.ts';
import type { OperatorContext } from './context.ts';

/** What the names of a deployment's tables follow from. */
interface DeployedTables {
  readonly sourceTable: string;
  readonly tablePrefix: string;
}

/**
 * Why BeginRun would refuse a run with this input now: another run or a sync has the lock, the shop has switched to
 * the tables, or a run or sync of another source works in them. Reads the ledger, and looks at tables that the shop has switched to.
 */
export async function startRefusal(
  context: OperatorContext,
  deployed: DeployedTables,
  input: Readonly<Record<string, unknown>>,
): Promise<MigrationError | undefined> {
  const { ledger, sfn, dynamo, stage, region, typed = {} } = context;
  const config = { stage, region, typed, ...deployed };
  const scope = { ledger, config, clients: { sfn, tables: dynamo }, clock: SYSTEM_CLOCK, migration };
  return (
    (await lockRefusal(scope, deployed.sourceTable, input['resume'])) ??
    (await refusal(SwitchedError, switchUnconfirmed(scope, input))) ??
    refusal(LockHeldError, targetsShared(scope, input['resume']))
  );
}

/** @param resume run that would go on; anything else is a run that has not begun */
function targetsShared(scope: SwitchRuntime, resume: unknown): Promise<void> {
  const runId = typeof resume === 'string' ? resume : '';
  const names = targetTablesOf(scope, { settings: {} }).map(({ name }) => name);
  return refuseSharedTargets(scope, { run: { runId, sourceTable: scope.config.sourceTable }, names });
}

/** What a look throws of this kind. */
async function refusal<Refused extends MigrationError>(
  kind: new (...args: never[]) => Refused,
  look: Promise<void>,
): Promise<Refused | undefined> {
  try {
    await look;
    return undefined;
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
}

function switchUnconfirmed(scope: SwitchRuntime, input: Readonly<Record<string, unknown>>): Promise<void> {
  const typed = typedInput(input);
  const { confirm } = typed;
  return requireSwitchConfirmed(scope, {
    confirm: typeof confirm === 'string' ? confirm : undefined,
    confirmed: ({ migrate }, syncId) => migrate({ ...typed, confirm: syncId }),
  });
}
