import { DescribeTimeToLiveCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import type { Fence } from '../fence.ts';
import { retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';

const patienceMillis = 60_000;

/**
 * Switches time to live on, once: a second change within the hour is a ValidationException.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
 */
export async function enableTimeToLive(
  { clients, clock }: Runtime,
  table: { readonly name: string; readonly attribute: string | undefined; readonly fence: Fence },
): Promise<void> {
  const { name, attribute, fence } = table;
  if (attribute === undefined) return;
  // Asked again before each attempt: where only the answer was lost, the second change would be refused.
  await retry({ clock, deadline: clock.now() + patienceMillis }, async () => {
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
