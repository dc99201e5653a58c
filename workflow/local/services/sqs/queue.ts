import { createHash, randomUUID } from 'node:crypto';

/** A queue as the template declares it. */
export interface QueueSpec {
  readonly name: string;
  readonly arn: string;
  /** How long a message that was received stays hidden. */
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
}

/** A message in a queue. */
export interface QueuedMessage {
  readonly id: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
  /** Epoch milliseconds; hidden before. */
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt: number | undefined;
  /** Of the last receipt; `undefined`: never received. */
  receiptHandle: string | undefined;
}

/** A standard queue in memory. */
export interface Queue {
  readonly spec: QueueSpec;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Everything in it, hidden or not, oldest first. */
  readonly messages: readonly QueuedMessage[];
  send(body: string, delaySeconds?: number): QueuedMessage;
  /** The oldest visible ones, which are hidden from now on. */
  receive(count: number, visibilitySeconds?: number): readonly QueuedMessage[];
  /** A handle of an older receipt, or of a message that is gone, changes nothing. */
  delete(receiptHandle: string): void;
  purge(): void;
}

/** The MD5 by which clients check that a body arrived as it was sent. */
export const bodyMd5 = (body: string): string => createHash('md5').update(body).digest('hex');

/** An empty queue. */
export function createQueue(spec: QueueSpec, now: () => number = Date.now): Queue {
  let messages: QueuedMessage[] = [];
  const dropExpired = (): QueuedMessage[] =>
    (messages = messages.filter(({ sentAt }) => sentAt + spec.retentionSeconds * 1000 > now()));
  return {
    spec,
    createdAt: now(),
    get messages() {
      return dropExpired();
    },
    send(body, delaySeconds = 0) {
      const sentAt = now();
      const message: QueuedMessage = {
        id: randomUUID(),
        body,
        sentAt,
        visibleAt: sentAt + delaySeconds * 1000,
        receiveCount: 0,
        firstReceivedAt: undefined,
        receiptHandle: undefined,
      };
      messages.push(message);
      return message;
    },
    receive(count, visibilitySeconds = spec.visibilitySeconds) {
      const found = dropExpired()
        .filter(({ visibleAt }) => visibleAt <= now())
        .slice(0, count);
      for (const message of found) {
        message.visibleAt = now() + visibilitySeconds * 1000;
        message.receiveCount += 1;
        message.firstReceivedAt ??= now();
        message.receiptHandle = randomUUID();
      }
      return found;
    },
    delete(receiptHandle) {
      messages = messages.filter((message) => message.receiptHandle !== receiptHandle);
    },
    purge() {
      messages = [];
    },
  };
}
