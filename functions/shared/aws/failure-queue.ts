import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { isNamed, SyncRefusedError } from '../errors.ts';
import type { Clients } from './clients.ts';

/** The part of SQS that the sync sees: the queue that Lambda tells of every batch of changes that it has given up. */
export interface FailureQueue {
  /**
   * How many messages the queue holds, one for each batch, also those that a reader has received and not deleted. A message
   * stays for 14 days. The number is approximate: it may be a minute old.
   *
   * @throws SyncRefusedError (not retried) where there is no such queue; the SDK's errors
   * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
   */
  count(queueName: string): Promise<number>;
}

/** A runtime that also knows the queue. */
export interface WithFailureQueue {
  readonly failureQueue: FailureQueue;
}

/** {@link FailureQueue} of this sandbox. */
export const sqsFailureQueue = ({ other }: Pick<Clients, 'other'>): FailureQueue =>
  failureQueue(other(SQSClient));

export function failureQueue(client: SQSClient): FailureQueue {
  return {
    async count(queueName) {
      try {
        const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: queueName }));
        const input = { QueueUrl, AttributeNames: [...COUNTED] };
        const { Attributes = {} } = await client.send(new GetQueueAttributesCommand(input));
        return COUNTED.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
      } catch (error) {
        if (!isNamed(error, 'QueueDoesNotExist')) throw error;
        throw new SyncRefusedError(
          `Queue ${queueName} does not exist, so nobody can tell which changes Lambda has given up. Nothing was changed. A deployment does not bring back a deleted queue. Create it under that name in the same region, with the settings and the policy in workflow/resources/sync.yml. Then run a compare, because its messages are lost.`,
        );
      }
    },
  };
}

const COUNTED = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
