import type { PublishCommandInput } from '@aws-sdk/client-sns';
import type { GetQueueAttributesCommandInput, GetQueueUrlCommandInput } from '@aws-sdk/client-sqs';
import { awsError } from '../errors.ts';
import { type Aws, nextUuid } from '../state.ts';
import { operation, whole } from '../work.ts';

function queueOf({ state }: Aws, name: string): readonly string[] {
  const queue = state.queues.get(name);
  if (queue !== undefined) return queue;
  const message = 'The specified queue does not exist.';
  throw awsError({ service: 'sqs', name: 'QueueDoesNotExist', message });
}

/** The queue of batches that Lambda has given up. */
export const SQS_OPERATIONS = {
  GetQueueUrl: operation('QueueName', (aws, _caller, { QueueName = '' }: GetQueueUrlCommandInput) =>
    whole(QueueName, () => {
      queueOf(aws, QueueName);
      return { QueueUrl: `https://sqs.${aws.region}.amazonaws.com/${aws.accountId}/${QueueName}` };
    }),
  ),
  GetQueueAttributes: operation(
    'QueueUrl AttributeNames',
    (aws, _caller, { QueueUrl = '' }: GetQueueAttributesCommandInput) =>
      whole(QueueUrl, () => {
        const queue = queueOf(aws, QueueUrl.split('/').at(-1) ?? '');
        return {
          Attributes: {
            ApproximateNumberOfMessages: String(queue.length),
            ApproximateNumberOfMessagesNotVisible: '0',
          },
        };
      }),
  ),
};

/** Who am I. */
export const STS_OPERATIONS = {
  GetCallerIdentity: operation('', (aws, caller) =>
    whole(caller.name, () => ({
      Account: aws.accountId,
      Arn: `arn:aws:sts::${aws.accountId}:assumed-role/${caller.name}/${caller.name}`,
      UserId: `AROA:${caller.name}`,
    })),
  ),
};

/** Reports that are published. */
export const SNS_OPERATIONS = {
  Publish: operation(
    'TopicArn Subject Message',
    (aws, _caller, { TopicArn = '', Message = '' }: PublishCommandInput) =>
      whole(TopicArn, () => {
        aws.state.published.push({ topicArn: TopicArn, message: Message });
        return { MessageId: nextUuid(aws) };
      }),
  ),
};
