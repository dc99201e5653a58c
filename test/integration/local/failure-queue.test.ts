import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, describe, it } from 'vitest';
import { failureQueue } from '../../../functions/shared/aws/failure-queue.ts';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { clientSettings, startTinyAws } from '../../support/embedded.ts';

let aws: EmbeddedAws;
let client: SQSClient;
beforeAll(async () => {
  aws = await startTinyAws();
  client = new SQSClient({ ...clientSettings(aws), maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await aws.stop();
});

const NAME = 'tiny-local-batch-failures';
const counted = (name = NAME): Promise<number> => failureQueue(client).count(name);

describe('the queue of failed batches', () => {
  it('is counted with the messages that somebody is reading, and not changed by that', async () => {
    const QueueUrl = `${aws.endpoint}/123456789012/${NAME}`;
    expect(await counted()).toBe(0);
    for (const MessageBody of ['one', 'two', 'three'])
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    expect(await counted()).toBe(3);
    await client.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 60 }));
    expect(await counted()).toBe(3);
    expect(aws.queues.get(NAME)?.messages.map(({ receiveCount }) => receiveCount)).toEqual([1, 0, 0]);
  });

  it('that does not exist is named in a sentence that says what to do', async () => {
    await expect(counted('tiny-local-gone')).rejects.toMatchObject({
      name: 'SyncRefusedError',
      message:
        'Queue tiny-local-gone does not exist, so nobody can tell which changes Lambda has given up. Nothing was changed. A deployment does not bring back a deleted queue. Create it under that name in the same region, with the settings and the policy in workflow/resources/sync.yml. Then run a compare, because its messages are lost.',
    });
  });

  it('that cannot be asked is an error with the name that SQS gives it', async () => {
    aws.faults.add({
      service: 'sqs',
      operation: 'GetQueueAttributes',
      kind: 'error',
      code: 'AccessDenied',
      status: 403,
    });
    await expect(counted()).rejects.toMatchObject({ name: 'AccessDenied' });
    aws.faults.clear();
  });
});
