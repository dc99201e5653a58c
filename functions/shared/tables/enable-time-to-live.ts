import { type DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import type { Fence } from '../ledger/fence.ts';
import { timeToLiveOf } from '../aws/time-to-live.ts';
import { isTransientOr, retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';

const PATIENCE_MILLIS = 60_000;

/** Switches time to live on and repeats that until it is. @throws the SDK's errors after a minute of trying */
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
  await retry({ ...until, isRetryable: mayTakeItLater }, () =>
    switchOnTimeToLive(clients.dynamo, { name, attribute, check: () => fence.check() }),
  );
}

/**
 * Switches time to live on, once, because a second change within the hour is a ValidationException. Time to live that is
 * already on, for any attribute, stays as it is.
 *
 * @param table `check` is awaited before the change
 * @throws the SDK's errors; {@link mayTakeItLater} says which are worth another try
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
 */
export async function switchOnTimeToLive(
  client: DynamoDBClient,
  table: { readonly name: string; readonly attribute: string; readonly check: () => Promise<void> },
): Promise<void> {
  const { name, attribute, check } = table;
  if ((await timeToLiveOf(client, name)) !== undefined) return;
  await check();
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: name,
      TimeToLiveSpecification: { AttributeName: attribute, Enabled: true },
    }),
  );
}

/**
 * DescribeTimeToLive lags behind a change whose answer was lost, and UpdateTimeToLive then refuses the change (a
 * ValidationException). A table whose owner is adding an index is in use. Tags of a young table appear late, and with them
 * the permission, which depends on tags.
 */
export function mayTakeItLater(error: unknown): boolean {
  return isTransientOr(error, 'ValidationException', 'ResourceInUseException', 'AccessDeniedException');
}
