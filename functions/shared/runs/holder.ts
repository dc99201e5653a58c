import { isNamed } from '../errors.ts';
import { DescribeExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { Lock } from '../ledger/lock.ts';
import type { Clock } from '../retry.ts';

/** What {@link isDead} looks at. */
export interface HolderScope {
  readonly clients: { readonly sfn: SFNClient };
  readonly clock: Clock;
}

/** `undefined` where Step Functions knows no such execution. */
export async function executionStatus(sfn: SFNClient, executionArn: string): Promise<string | undefined> {
  try {
    const { status } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    return status;
  } catch (error) {
    if (isNamed(error, 'ExecutionDoesNotExist', 'InvalidArn')) return undefined;
    throw error;
  }
}

/** Whether the holder of a lock can no longer work: its execution has ended or is unknown, or its time is up. */
export async function isDead(
  scope: HolderScope,
  holder: Pick<Lock, 'executionArn' | 'expiresAt'>,
): Promise<boolean> {
  if (holder.expiresAt !== undefined) return holder.expiresAt < scope.clock.now();
  const status = await executionStatus(scope.clients.sfn, holder.executionArn);
  return status !== 'RUNNING' && status !== 'PENDING_REDRIVE';
}
