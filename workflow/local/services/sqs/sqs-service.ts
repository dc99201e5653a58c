import { setTimeout as sleep } from 'node:timers/promises';
import { ACCOUNT_ID } from '../../account.ts';
import { AwsError, jsonAnswer } from '../../gateway/aws-answers.ts';
import type { Service } from '../../gateway/aws-request.ts';
import { bodyMd5, createQueue, type Queue, type QueuedMessage, type QueueSpec } from './queue.ts';

/** The queues of the deployment and their API. */
export interface Sqs {
  readonly serve: Service;
  /** By name. */
  readonly queues: ReadonlyMap<string, Queue>;
  /** Ends every wait for a message. */
  stop(): void;
}

type Json = Readonly<Record<string, unknown>>;

/** What an operation works with. */
interface Call {
  readonly queue: Queue;
  readonly json: Json;
  readonly stopped: AbortSignal;
}

const MAX_RECEIVED = 10;
const MAX_WAIT_SECONDS = 20;
/** How often a waiting receiver looks. */
const LOOK_MILLIS = 20;
/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const MAX_BODY_BYTES = 1024 * 1024;

const OPERATIONS: Readonly<Record<string, (call: Call) => object | Promise<object>>> = {
  SendMessage: ({ queue, json }) => send(queue, json),
  ReceiveMessage: receive,
  DeleteMessage({ queue, json }) {
    queue.delete(String(json['ReceiptHandle']));
    return {};
  },
  GetQueueAttributes: ({ queue, json }) => ({ Attributes: chosenAttributes(queue, json['AttributeNames']) }),
  PurgeQueue({ queue }) {
    queue.purge();
    return {};
  },
};

/** SQS, over AWS's JSON protocol. @param endpoint the URL that queue URLs begin with */
export function createSqs(specs: readonly QueueSpec[], endpoint: () => string): Sqs {
  const queues = new Map(specs.map((spec) => [spec.name, createQueue(spec)]));
  const stopping = new AbortController();
  const urlOf = (name: string): string => `${endpoint()}/${ACCOUNT_ID}/${name}`;
  return {
    queues,
    stop: () => stopping.abort(),
    async serve({ operation, json = {} }) {
      if (operation === 'ListQueues') {
        const prefix = String(json['QueueNamePrefix'] ?? '');
        return jsonAnswer({
          QueueUrls: [...queues.keys()].filter((name) => name.startsWith(prefix)).map(urlOf),
        });
      }
      const name =
        String(json['QueueName'] ?? json['QueueUrl'])
          .split('/')
          .at(-1) ?? '';
      const queue = queues.get(name);
      if (queue === undefined)
        throw new AwsError(400, 'QueueDoesNotExist', 'The specified queue does not exist.');
      if (operation === 'GetQueueUrl') return jsonAnswer({ QueueUrl: urlOf(name) });
      const serve = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined;
      if (serve === undefined)
        throw new AwsError(400, 'InvalidAction', `The embedded AWS has no operation ${operation} here.`);
      return jsonAnswer(await serve({ queue, json, stopped: stopping.signal }));
    },
  };
}

function send(queue: Queue, { MessageBody, DelaySeconds }: Json): object {
  if (typeof MessageBody !== 'string' || MessageBody === '')
    throw new AwsError(400, 'MissingParameter', 'The request must contain the parameter MessageBody.');
  if (Buffer.byteLength(MessageBody) > MAX_BODY_BYTES)
    throw new AwsError(
      400,
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${MAX_BODY_BYTES} bytes.`,
    );
  const { id, body } = queue.send(MessageBody, Number(DelaySeconds ?? 0));
  return { MessageId: id, MD5OfMessageBody: bodyMd5(body) };
}

async function receive({ queue, json, stopped }: Call): Promise<object> {
  const count = wholeNumber(json, 'MaxNumberOfMessages', { least: 1, most: MAX_RECEIVED }) ?? 1;
  const wait = wholeNumber(json, 'WaitTimeSeconds', { least: 0, most: MAX_WAIT_SECONDS }) ?? 0;
  const visibility = wholeNumber(json, 'VisibilityTimeout', { least: 0, most: 43_200 });
  const deadline = Date.now() + wait * 1000;
  for (;;) {
    const found = queue.receive(count, visibility);
    if (found.length > 0) return { Messages: found.map(messageAnswer) };
    if (Date.now() >= deadline || stopped.aborted) return {};
    await sleep(LOOK_MILLIS, undefined, { signal: stopped, ref: false }).catch(() => undefined);
  }
}

function messageAnswer(message: QueuedMessage): object {
  return {
    MessageId: message.id,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: bodyMd5(message.body),
    Body: message.body,
    Attributes: {
      SentTimestamp: String(message.sentAt),
      ApproximateReceiveCount: String(message.receiveCount),
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    },
  };
}

function attributesOf({ spec, createdAt, messages }: Queue): Readonly<Record<string, string>> {
  const now = Date.now();
  const hidden = messages.filter(({ visibleAt }) => visibleAt > now);
  const delayed = hidden.filter(({ receiveCount }) => receiveCount === 0);
  return {
    QueueArn: spec.arn,
    ApproximateNumberOfMessages: String(messages.length - hidden.length),
    ApproximateNumberOfMessagesNotVisible: String(hidden.length - delayed.length),
    ApproximateNumberOfMessagesDelayed: String(delayed.length),
    CreatedTimestamp: String(Math.floor(createdAt / 1000)),
    LastModifiedTimestamp: String(Math.floor(createdAt / 1000)),
    VisibilityTimeout: String(spec.visibilitySeconds),
    MessageRetentionPeriod: String(spec.retentionSeconds),
    DelaySeconds: '0',
    ReceiveMessageWaitTimeSeconds: '0',
    MaximumMessageSize: String(MAX_BODY_BYTES),
  };
}

function chosenAttributes(queue: Queue, names: unknown): object {
  const asked: readonly unknown[] = Array.isArray(names) ? names : [];
  const all = Object.entries(attributesOf(queue));
  return Object.fromEntries(all.filter(([name]) => asked.includes('All') || asked.includes(name)));
}

interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** @throws AwsError (InvalidParameterValue) */
function wholeNumber(json: Json, name: string, { least, most }: Bounds): number | undefined {
  const value = json[name];
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  throw new AwsError(
    400,
    'InvalidParameterValue',
    `Value ${String(value)} for parameter ${name} is invalid. Reason: Must be between ${least} and ${most}, if provided.`,
  );
}
