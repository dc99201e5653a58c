import { createHash } from 'node:crypto';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { isNamed } from '../shared/errors.ts';
import { absentOr, EXISTING } from '../shared/ledger/actions.ts';
import { runKey } from '../shared/ledger/ledger-table.ts';
import type { Run } from '../shared/ledger/run.ts';
import { updateIf } from '../shared/ledger/store.ts';
import { executionArn, type MachineName, machineArn } from '../shared/names.ts';
import { executionStatus } from '../shared/runs/holder.ts';
import type { Runtime } from '../shared/runtime.ts';
import { cut } from '../shared/text.ts';

/** What ends a run: a machine, and what it is started with. */
export interface Recovery {
  readonly machine: Extract<MachineName, 'rollback' | 'sync'>;
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * Starts the execution that ends a run whose own execution died, unless an earlier one is still at it. A machine is the
 * only way to do that: it is visible in the console and idempotent by its name.
 *
 * @returns name of the execution; `undefined`: an earlier one still runs
 */
export async function startRecovery(
  runtime: Runtime,
  run: Run,
  { machine, input }: Recovery,
): Promise<string | undefined> {
  const { sfn } = runtime.clients;
  const deployment = { ...runtime.config, accountId: runtime.accountId };
  const previous = run.recoverAttempts ?? 0;
  const last = executionArn(deployment, machine, recoveryName(run.runId, previous));
  if (previous > 0 && (await executionStatus(sfn, last)) === 'RUNNING') return undefined;
  const name = recoveryName(run.runId, await nextAttempt(runtime, run, previous));
  const stateMachineArn = machineArn(deployment, machine);
  try {
    await sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
  } catch (error) {
    if (!isNamed(error, 'ExecutionAlreadyExists')) throw error;
  }
  runtime.logger.warn('A run without an end is recovered', { runId: run.runId, execution: name });
  return name;
}

/** The number of this attempt. Two calls at once get the same number and therefore start only one execution. */
async function nextAttempt(runtime: Runtime, run: Run, previous: number): Promise<number> {
  const attempt = previous + 1;
  await updateIf(runtime.ledger, runKey(run.runId), {
    if: { ...EXISTING, recoverAttempts: absentOr(previous) },
    set: { recoverAttempts: attempt },
  });
  return attempt;
}

/** Step Functions takes names of 80 characters. A long run id is shortened and told apart by its hash. */
export function recoveryName(runId: string, attempt: number): string {
  const name = `recover-${runId}-${attempt}`;
  if (name.length <= 80) return name;
  const digest = createHash('sha256').update(runId).digest('hex').slice(0, 8);
  return `recover-${cut(runId, 50)}-${digest}-${attempt}`;
}
