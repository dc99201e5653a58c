import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readDeployment } from '../../../workflow/local/deploy/read-deployment.ts';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { createQueue } from '../../../workflow/local/services/sqs/queue.ts';
import { startTinyAws } from '../../support/embedded.ts';
import { packaged } from '../../support/packaged.ts';
import { rawAws, type RawAws } from '../../support/streams.ts';

let aws: EmbeddedAws;
let raw: RawAws;
let QueueUrl = '';

beforeAll(async () => {
  aws = await startTinyAws();
  raw = rawAws(aws);
  ({ QueueUrl } = await raw.sqs<{ QueueUrl: string }>('GetQueueUrl', {
    QueueName: 'tiny-local-batch-failures',
  }));
});

beforeEach(async () => {
  await raw.sqs('PurgeQueue', { QueueUrl });
});

afterAll(async () => {
  await aws.stop();
});

interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes: Readonly<Record<string, string>>;
}

const send = (MessageBody: string) =>
  raw.sqs<{ MessageId: string; MD5OfMessageBody: string }>('SendMessage', { QueueUrl, MessageBody });
const receive = async (options: object = {}) =>
  (await raw.sqs<{ Messages?: readonly Message[] }>('ReceiveMessage', { QueueUrl, ...options })).Messages ??
  [];
const counts = async () => {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
  const { Attributes } = await raw.sqs<{ Attributes: Readonly<Record<string, string>> }>(
    'GetQueueAttributes',
    {
      QueueUrl,
      AttributeNames: names,
    },
  );
  return names.map((name) => Attributes[name]);
};

describe('a queue of the template', () => {
  it('is found by its name, under a URL of the endpoint, with the settings that the template gives it', async () => {
    expect(QueueUrl).toBe(`${aws.endpoint}/123456789012/tiny-local-batch-failures`);
    const { Attributes } = await raw.sqs<{ Attributes: unknown }>('GetQueueAttributes', {
      QueueUrl,
      AttributeNames: ['All'],
    });
    expect(Attributes).toMatchObject({
      QueueArn: 'arn:aws:sqs:ap-southeast-2:123456789012:tiny-local-batch-failures',
      MessageRetentionPeriod: '1209600',
      VisibilityTimeout: '30',
    });
    expect(await raw.sqs('ListQueues', { QueueNamePrefix: 'tiny-' })).toEqual({ QueueUrls: [QueueUrl] });
  });

  it('hands out what was sent, hides it meanwhile, and forgets it once it is deleted', async () => {
    const body = '{"name":"Größe"}';
    const md5 = createHash('md5').update(body).digest('hex');
    expect(await send(body)).toMatchObject({ MD5OfMessageBody: md5 });
    const [message] = await receive();
    expect(message).toMatchObject({ Body: body, MD5OfBody: md5 });
    expect(message?.Attributes['ApproximateReceiveCount']).toBe('1');
    expect(await receive()).toEqual([]);
    expect(await counts()).toEqual(['0', '1']);
    await raw.sqs('DeleteMessage', { QueueUrl, ReceiptHandle: message?.ReceiptHandle });
    expect(await counts()).toEqual(['0', '0']);
  });

  it('hands a message out again that nobody deleted in time', async () => {
    await send('again');
    const [first] = await receive({ VisibilityTimeout: 0 });
    const [second] = await receive();
    expect(second?.MessageId).toBe(first?.MessageId);
    expect(second?.Attributes['ApproximateReceiveCount']).toBe('2');
  });

  it('waits for a message as long as it is asked to', async () => {
    const waiting = receive({ WaitTimeSeconds: 10 });
    await send('awaited');
    expect((await waiting).map(({ Body }) => Body)).toEqual(['awaited']);
  });

  it('hands out ten messages at once and no more', async () => {
    for (let n = 0; n < 12; n += 1) await send(String(n));
    expect(await receive({ MaxNumberOfMessages: 10 })).toHaveLength(10);
    await expect(receive({ MaxNumberOfMessages: 11 })).rejects.toThrow(
      /InvalidParameterValue.*between 1 and 10/,
    );
  });

  it('forgets a message at the end of its retention', () => {
    let now = 0;
    const spec = { name: 'q', arn: 'arn:aws:sqs:::q', visibilitySeconds: 30, retentionSeconds: 60 };
    const queue = createQueue(spec, () => now);
    queue.send('old');
    now = 61_000;
    expect(queue.receive(1)).toEqual([]);
  });

  it('keeps messages as long as the packaged service says', async () => {
    const { queues } = await readDeployment(await packaged());
    expect(queues).toContainEqual({
      name: 'products-migration-local-unrecovered',
      arn: 'arn:aws:sqs:ap-southeast-2:123456789012:products-migration-local-unrecovered',
      visibilitySeconds: 30,
      retentionSeconds: 1_209_600,
    });
  });

  it('that is not there is named in SQS’s own words', async () => {
    await expect(raw.sqs('GetQueueUrl', { QueueName: 'none' })).rejects.toThrow(/QueueDoesNotExist/);
  });
});
