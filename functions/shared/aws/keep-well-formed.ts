import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { HttpRequest } from '@smithy/types';
import { wellFormedJson } from '../text.ts';

const DECODER = new TextDecoder();

/**
 * Lets a client send half a character (a lone surrogate) as U+FFFD. DynamoDB answers such a text with
 * SerializationException, and the ledger must be able to note whatever another service has said of a failure.
 */
export function keepWellFormed(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as HttpRequest;
      const sent = DECODER.decode(request.body as Uint8Array);
      const kept = wellFormedJson(sent);
      if (kept !== sent) request.body = Buffer.from(kept);
      return next(args);
    },
    { step: 'build', name: 'keepWellFormed', priority: 'high' },
  );
  return client;
}
