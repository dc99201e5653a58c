import { UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import type { Fence } from '../ledger/fence.ts';
import { timeToLiveOf } from '../aws/time-to-live.ts';
import { isTransientOr, retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';

const PATIENCE_MILLIS = 60_000;

/**
 * Switches time to live on, once, because a second change within the hour is a ValidationException. Time to live that is
 * already on, for any attribute, stays as it is.
 *
 * @throws the SDK's errors after a minute of trying
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
 */
export async function enableTimeToLive(
  { clients, clock }: Runtime,
  table: {
    readonly name: string;
    readonly attribute: string | undefined;
    readonly fence: Pick<Fence, 'check'>;
  },
): Promise<void> {
  const { name, attribute, fence } = table;
  if (attribute === undefined) return;
  const until = { clock, deadline: clock.now() + PATIENCE_MILLIS, patienceMillis: PATIENCE_MILLIS };
  // Checked before each attempt, because a second change would be refused if only the answer was lost.
  await retry({ ...until, isRetryable: isWorthRetrying }, async () => {
    if ((await timeToLiveOf(clients.dynamo, name)) !== undefined) return;
    await fence.check();
    await clients.dynamo.send(
      new UpdateTimeToLiveCommand({
        TableName: name,
        TimeToLiveSpecification: { AttributeName: attribute, Enabled: true },
      }),
    );
  });
}

/**
 * DescribeTimeToLive lags behind a change whose answer was lost, and UpdateTimeToLive then refuses the change (a
 * ValidationException). A table whose owner is adding an index is in use. Tags of a young table appear late, and with them
 * the permission, which depends on tags.
 */
function isWorthRetrying(error: unknown): boolean {
  return isTransientOr(error, 'ValidationException', 'ResourceInUseException', 'AccessDeniedException');
}
