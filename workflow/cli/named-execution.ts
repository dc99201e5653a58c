import { commandsOf, stepText } from '../../functions/shared/commands.ts';
import { isNamed } from '../../functions/shared/errors.ts';
import { executionArn, type MachineName } from '../../functions/shared/names.ts';
import type { OperatorContext } from './context.ts';
import { describeExecution } from './executions.ts';
import { REFUSED } from './exit-codes.ts';
import { OperatorError } from './operator-error.ts';

/** An execution of `sync` that works on an open sync begins no run of its own, nor does a roll back. */
const MACHINES = ['migrate', 'restore', 'sync', 'rollback'] as const satisfies readonly MachineName[];

/**
 * ARN of the execution of this name, whichever machine it is of.
 *
 * @throws OperatorError where Step Functions knows none (any more)
 */
export async function namedExecution(context: OperatorContext, name: string): Promise<string> {
  for (const machine of MACHINES) {
    const arn = executionArn(context, machine, name);
    if (await isThere(context, arn)) return arn;
  }
  throw new OperatorError(
    `Stage ${context.stage} knows no run ${name}.`,
    REFUSED,
    stepText(['List the runs', commandsOf(context).runs()]),
  );
}

function isThere({ sfn }: OperatorContext, arn: string): Promise<boolean> {
  return describeExecution(sfn, arn).then(
    () => true,
    (error: unknown) => {
      if (isNamed(error, 'ExecutionDoesNotExist')) return false;
      throw error;
    },
  );
}
