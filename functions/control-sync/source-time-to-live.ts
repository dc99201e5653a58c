import { isNotOffered } from '../shared/aws/not-offered.ts';
import { isNamed } from '../shared/errors.ts';
import { timeToLiveOf } from '../shared/aws/time-to-live.ts';
import type { Plan } from '../shared/state.ts';
import type { SyncRuntime } from './sync-runtime.ts';

/**
 * The plan with the attribute by which the source deletes items now. A plan has it only where items of a migration would
 * outlive it, and it may have been switched on or off since. A compare needs it to tell what may be missing. A source that is
 * gone has none: what reads it says that it is gone.
 *
 * @throws the SDK's errors
 */
export async function withPresentTimeToLive(
  { clients, config }: SyncRuntime,
  { timeToLiveAttribute: _former, ...plan }: Plan,
): Promise<Plan> {
  const attribute = await timeToLiveOf(clients.dynamo, config.sourceTable).catch((error: unknown) => {
    if (isNotOffered(error) || isNamed(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  });
  return attribute === undefined ? plan : { ...plan, timeToLiveAttribute: attribute };
}
