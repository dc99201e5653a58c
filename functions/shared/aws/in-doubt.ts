import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';

/**
 * Remembers requests that change something and got no answer. Nobody knows whether they took effect. They still may,
 * because a proxy or a queue can delay a request after its sender has given up.
 */
export interface InDoubt {
  /** Until when such a request may still take effect, in epoch milliseconds. 0: there was none. */
  readonly until: number;
  /** Notes that a request has just ended without an answer. */
  note(): void;
}

/** Nothing in doubt yet. `doubtMillis`: how long a request without an answer may still take effect. */
export function createInDoubt(clock: { now(): number }, doubtMillis: number): InDoubt {
  const inDoubt = {
    until: 0,
    note() {
      inDoubt.until = clock.now() + doubtMillis;
    },
  };
  return inDoubt;
}

const CHANGING = /^(Put|Update|Delete|Create|BatchWrite|TransactWrite|Tag|Untag|Restore|Start|Cancel)/;

/** Whether an operation (`PutItem`, `DeleteTable` ...) changes anything. */
export function isChanging(operation: string): boolean {
  return CHANGING.test(operation);
}

/** Refused before anything was sent. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** Whether an error leaves open what became of the request. Every answer of the service decides it, even a 500. */
export function isUnanswered(error: unknown): boolean {
  const { $metadata, code } = (error ?? {}) as {
    readonly code?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  return $metadata?.httpStatusCode === undefined && !NEVER_SENT.has(code ?? '');
}

/** Watches every attempt of a client, including the SDK's own retries. */
export function watchUnanswered(client: DynamoDBClient | S3Client, inDoubt: InDoubt): void {
  // Both clients have the same kind of stack; TypeScript cannot call a method of their union.
  const { middlewareStack } = client as DynamoDBClient;
  middlewareStack.add(
    (next, context) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        const operation = (context['commandName'] ?? '').replace(/Command$/, '');
        if (isChanging(operation) && isUnanswered(error)) inDoubt.note();
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'watchUnanswered' },
  );
}
