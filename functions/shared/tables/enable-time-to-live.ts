import { DescribeTimeToLiveCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import type { Fence } from '../ledger/fence.ts';
import { errorSummary } from '../errors.ts';
import { isTransient, retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';

const patienceMillis = 60_000;

/**
 * DescribeTimeToLive lags behind a change whose answer was lost, and UpdateTimeToLive then refuses the change (a
 * ValidationException). A table whose owner is adding an index is in use.
 */
function isWorthRetrying(error: unknown): boolean {
  const { name } = errorSummary(error);
  return name === 'ValidationException' || name === 'ResourceInUseException' || isTransient(error);
}

/**
 * Switches time to live on, once, because a second change within the hour is a ValidationException. Time to live that is
 * already on, for any attribute, stays as it is.
 *
 * @throws the SDK's errors after a minute of trying
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
 */
export async function enableTimeToLive(
  { clients, clock }: Runtime,
  table: { readonly name: string; readonly attribute: string | undefined; readonly fence: Fence },
): Promise<void> {
  const { name, attribute, fence } = table;
  if (attribute === undefined) return;
  const until = { clock, deadline: clock.now() + patienceMillis, patienceMillis };
  // Checked before each attempt, because a second change would be refused if only the answer was lost.
  await retry({ ...until, isRetryable: isWorthRetrying }, async () => {
    const { TimeToLiveDescription: current } = await clients.dynamo.send(
      new DescribeTimeToLiveCommand({ TableName: name }),
    );
    if (current?.TimeToLiveStatus === 'ENABLED' || current?.TimeToLiveStatus === 'ENABLING') return;
    await fence.check();
    await clients.dynamo.send(
      new UpdateTimeToLiveCommand({
        TableName: name,
        TimeToLiveSpecification: { AttributeName: attribute, Enabled: true },
      }),
    );
  });
}
